import Checkpoints
public import Foundation
import Models

/// What a checkpoint is and good for, by its configurations and the headers of its files alone: no weight
/// is read.
public struct ModelSummary: Sendable {
    /// Name of its family.
    public let family: String
    /// The size of the pictures it was trained on, in pixels a side.
    public let nativeSize: Int
    /// The edits that it is made for, in words.
    public let purpose: String
    /// In what few steps it is made to run; nil where it is not.
    public let distillation: String?
    /// Whether it is a small model used in place of a real checkpoint.
    public let isStandIn: Bool
    /// Bytes of its weights.
    public let bytes: Int

    /// Opens every file that loading the checkpoint would read.
    ///
    /// - Parameter tokenizers: where the tokenizer of a checkpoint without one is looked for.
    /// - Throws: `CheckpointError`, `ModelError` and `EditingError`, as loading it would, for files that are
    ///   missing, cut off or of another format, and for a tokenizer that is nowhere; defects of single
    ///   tensors are found by `ModelInspection`.
    public init(_ url: URL, tokenizers: TokenizerPlaces) throws {
        let source = try modelSource(url)
        let family = try ModelFamily(of: source)
        self.family = family.name
        isStandIn = source.isStandIn
        let backbone = try family.backbone.configuration(of: source)
        let factor = try AutoencoderKL.Configuration(json: source.configuration("vae")).factor
        nativeSize = backbone.nativeSide * factor
        bytes = try family.networks(in: source).reduce(0) {
            try $0 + source.weights($1).byteCount
        }
        for encoder in family.textEncoders where source.contains(encoder) {
            let size = try PromptEncoder.configuration(of: source, encoder).vocabularySize
            _ = try tokenizers.folder(for: source, encoder: encoder, vocabularySize: size)
        }
        distillation =
            Distillation(
                try source.schedulerConfiguration(),
                hasGuidanceEmbedding: backbone.hasGuidanceEmbedding)?.description
        purpose =
            switch backbone.kind {
            case .plain: "all edits"
            case .inpainting: "inpainting and outpainting"
            case .instruction: "instructions"
            }
    }
}
