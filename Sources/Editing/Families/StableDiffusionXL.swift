import Checkpoints
import Models
import Tensors

extension ModelFamily {
    /// Stable Diffusion XL (Podell et al. 2023): the UNet attends to CLIP's and OpenCLIP's hidden states
    /// side by side, both from before the last layer, and is conditioned on OpenCLIP's embedding of the
    /// whole prompt and on the picture's size.
    static let stableDiffusionXL = {
        var family = ModelFamily(
            name: "Stable Diffusion XL", backbone: .unet,
            textEncoders: ["text_encoder", "text_encoder_2"],
            objection: StableDiffusionXLTexts.objection,
            textSide: { try StableDiffusionXLTexts($0, $1, $2) })
        // Height and width of the picture as trained on, top left corner of the crop, height and width.
        family.sizes = { facts in
            let size = [Float(facts.height), Float(facts.width)]
            return size + [0, 0] + size
        }
        family.correctsSchedulers = false
        family.latentColors = .stableDiffusionXL
        return family
    }()
}

/// The text side of Stable Diffusion XL.
private struct StableDiffusionXLTexts: TextSide {
    private let first: PromptEncoder
    private let second: PromptEncoder
    private let zeroesEmptyPrompt: Bool

    @Sendable static func objection(to source: any ModelSource) throws -> String? {
        guard source.contains("text_encoder_2") else {
            return try PromptEncoder.objection(to: source, backbone: .unet)
                ?? "it has one text encoder"
        }
        guard source.contains("text_encoder") else {
            return "it has no text encoder of CLIP's own"
        }
        guard source.contains("unet") else { return "it has no UNet" }
        let unet = try BackboneArchitecture.unet.configuration(of: source)
        guard unet.kind != .instruction else {
            return "its UNet is shown a whole picture, as those that follow instructions"
        }
        let first = try PromptEncoder.configuration(of: source)
        let second = try PromptEncoder.configuration(of: source, "text_encoder_2")
        return unet.objection(toContextWidth: first.hiddenSize + second.hiddenSize)
            ?? unet.objection(toPooledWidth: second.projectionSize, sizes: 6)
    }

    init(
        _ source: any ModelSource, _ tokenizers: TokenizerPlaces, _ embeddings: [TextualInversion]
    ) throws {
        first = try PromptEncoder(source, tokenizers, embeddings, states: .penultimate)
        second = try PromptEncoder(
            source, tokenizers, embeddings, encoder: "text_encoder_2", states: .penultimate)
        zeroesEmptyPrompt = source.zeroesEmptyPrompt
    }

    func encoded(_ prompt: String, _ reading: PromptReading) throws -> EncodedPrompt {
        let one = try first.encoded(prompt, reading)
        let two = try second.encoded(prompt, reading)
        // An embedding may have more vectors for one of them, and so come to more chunks.
        let lengths = [one, two].map { $0.hiddenStates.shape[1] }
        let length = min(lengths[0], lengths[1])
        let states = [one, two].map { $0.hiddenStates.sliced(axis: 1, 0..<length) }
        return EncodedPrompt(
            hiddenStates: .concatenated(states, axis: 2),
            pooled: two.pooled,
            dropped: one.dropped ?? two.dropped
                ?? (lengths[0] == lengths[1]
                    ? nil : "what is beyond \(length) tokens for one of its text encoders"))
    }

    /// Zeros where nothing was given, if the model was trained so (`force_zeros_for_empty_prompt`).
    func encoded(negative prompt: String, _ reading: PromptReading) throws -> EncodedPrompt {
        let encoded = try encoded(prompt, reading)
        guard prompt.isEmpty, zeroesEmptyPrompt else { return encoded }
        return EncodedPrompt(
            hiddenStates: Tensor(zeros: encoded.hiddenStates.shape),
            pooled: encoded.pooled.map { Tensor(zeros: $0.shape) }, isZeroed: true, dropped: nil)
    }
}
