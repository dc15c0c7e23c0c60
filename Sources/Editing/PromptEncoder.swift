import Checkpoints
import Foundation
import Models
import Tensors

/// One tokenizer and one text encoder whose final hidden states the UNet attends to: the text side of
/// Stable Diffusion 1 and 2.
struct PromptEncoder: Sendable {
    private let tokenizer: CLIPTokenizer
    private let textEncoder: CLIPTextEncoder

    /// Why a checkpoint has no such text side, or not a UNet for it; nil when it has.
    static func objection(to source: any ModelSource) throws -> String? {
        if source.contains("text_encoder_2") {
            return "it has two text encoders, as Stable Diffusion XL does"
        }
        let unet = try UNet2DCondition.Configuration(json: source.configuration("unet"))
        guard [4, 8, 9].contains(unet.inChannels) else {
            return "its UNet takes \(unet.inChannels) channels, not 4, nor the 9 of inpainting or "
                + "the 8 of instructions"
        }
        let text = try configuration(of: source)
        let widths = unet.levels.filter { $0.downHasAttention || $0.upHasAttention }
            .map(\.contextChannels)
        if let width = widths.first(where: { $0 != text.hiddenSize }) {
            return "its UNet wants text embeddings of width \(width), its text encoder makes "
                + "\(text.hiddenSize)"
        }
        return nil
    }

    /// Whether the text encoder is OpenCLIP's, not CLIP's own: the two are told by their activation.
    static func isOpenCLIP(_ source: any ModelSource) throws -> Bool {
        try configuration(of: source).isOpenCLIP
    }

    private static func configuration(
        of source: any ModelSource
    ) throws -> CLIPTextEncoder.Configuration {
        try CLIPTextEncoder.Configuration(json: source.configuration("text_encoder"))
    }

    init(_ source: any ModelSource, _ tokenizers: TokenizerPlaces) throws {
        let size = try Self.configuration(of: source).vocabularySize
        tokenizer = try tokenizers.tokenizer(for: source, vocabularySize: size)
        textEncoder = try CLIPTextEncoder(source)
    }

    func callAsFunction(_ prompt: String) throws -> Conditioning {
        let tokens = tokenizer(prompt)
        return Conditioning(hiddenStates: try textEncoder(tokens.ids), dropped: tokens.dropped)
    }
}
