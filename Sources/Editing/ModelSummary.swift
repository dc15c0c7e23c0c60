import Checkpoints
public import Foundation
import Models
public import Recipes

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
    /// The guidance scale that it is made to run with; nil where it is any.
    public let guidanceScale: Double?
    private let kind: Conditioning.Kind
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
        let distilled = Distillation(
            try source.schedulerConfiguration(),
            hasGuidanceEmbedding: backbone.hasGuidanceEmbedding)
        (distillation, guidanceScale) = (distilled?.description, distilled?.guidanceScale)
        kind = backbone.kind
        purpose =
            switch backbone.kind {
            case .plain: "all edits"
            case .inpainting: "inpainting and outpainting"
            case .instruction: "instructions"
            }
    }

    /// Why an edit is refused with it, in the words of the edit itself; nil where it is not.
    ///
    /// - Parameter name: what the checkpoint is called in it.
    public func refusal(of verb: Verb, by name: String) -> String? {
        switch (kind, verb) {
        case (.inpainting, .inpaint), (.inpainting, .outpaint), (.instruction, .instruct): nil
        case (.inpainting, _): "\(EditingError.inpaintingOnly(model: name))"
        case (.instruction, _): "\(EditingError.instructionsOnly(model: name))"
        case (.plain, .instruct): "\(EditingError.noInstructions(model: name))"
        case (.plain, _): nil
        }
    }
}
