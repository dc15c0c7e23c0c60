import Checkpoints
import Foundation
import Models
import Tensors

/// One tokenizer and one text encoder: the text side of Stable Diffusion 1 and 2, whose UNet attends to
/// the final hidden states, and one half of Stable Diffusion XL's.
struct PromptEncoder: Sendable {
    private let tokenizer: CLIPTokenizer
    private let textEncoder: CLIPTextEncoder
    private let states: States

    /// Which hidden states the UNet attends to.
    enum States {
        /// The last, normalized.
        case final
        /// Those before the last layer, as they are.
        case penultimate
    }

    /// Why a checkpoint has no such text side, or not a UNet for it; nil when it has.
    static func objection(to source: any ModelSource) throws -> String? {
        if source.contains("text_encoder_2") {
            return StableDiffusionXL.refinerObjection(to: source)
                ?? "it has two text encoders, as Stable Diffusion XL does"
        }
        let unet = try UNet2DCondition.Configuration(json: source.configuration("unet"))
        guard [4, 9].contains(unet.inChannels) else {
            return "its UNet takes \(unet.inChannels) channels, not 4, nor the 9 of inpainting"
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

    static func configuration(
        of source: any ModelSource, _ encoder: String = "text_encoder"
    ) throws -> CLIPTextEncoder.Configuration {
        try CLIPTextEncoder.Configuration(json: source.configuration(encoder))
    }

    /// - Parameter encoder: `text_encoder` or `text_encoder_2`.
    init(
        _ source: any ModelSource, _ tokenizers: TokenizerPlaces,
        encoder: String = "text_encoder", states: States = .final
    ) throws {
        let size = try Self.configuration(of: source, encoder).vocabularySize
        tokenizer = try tokenizers.tokenizer(for: source, encoder: encoder, vocabularySize: size)
        textEncoder = try CLIPTextEncoder(source, component: encoder)
        self.states = states
    }

    func callAsFunction(_ prompt: String) throws -> Conditioning {
        let tokens = tokenizer(prompt)
        switch states {
        case .final:
            return Conditioning(
                hiddenStates: try textEncoder(tokens.ids), dropped: tokens.dropped)
        case .penultimate:
            let answer = try textEncoder.penultimate(tokens.ids)
            return Conditioning(
                hiddenStates: answer.hiddenStates, pooled: answer.pooled, dropped: tokens.dropped)
        }
    }
}
