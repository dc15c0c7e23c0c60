import Checkpoints
import Models
import Tensors

/// Stable Diffusion XL (Podell et al. 2023): the UNet attends to CLIP's and OpenCLIP's hidden states
/// side by side, both from before the last layer, and is told OpenCLIP's embedding of the whole prompt
/// and the picture's size.
struct StableDiffusionXL: ModelFamily {
    static let name = "Stable Diffusion XL"
    static let mendsSchedulers = false
    static let latentColors = LatentColors.stableDiffusionXL

    private let first: PromptEncoder
    private let second: PromptEncoder
    private let zeroesEmptyPrompt: Bool

    static func objection(to source: any ModelSource) throws -> String? {
        guard source.contains("text_encoder_2") else {
            return try PromptEncoder.objection(to: source) ?? "it has one text encoder"
        }
        if let objection = refinerObjection(to: source) { return objection }
        guard source.contains("unet") else { return "it has no UNet" }
        let unet = try UNet2DCondition.Configuration(json: source.configuration("unet"))
        guard [4, 9].contains(unet.inChannels) else {
            return "its UNet takes \(unet.inChannels) channels, not 4, nor the 9 of inpainting"
        }
        let first = try PromptEncoder.configuration(of: source)
        let second = try PromptEncoder.configuration(of: source, "text_encoder_2")
        let made = first.hiddenSize + second.hiddenSize
        let widths = unet.levels.filter { $0.downHasAttention || $0.upHasAttention }
            .map(\.contextChannels)
        if let width = widths.first(where: { $0 != made }) {
            return "its UNet wants text embeddings of width \(width), its text encoders make "
                + "\(made)"
        }
        guard let added = unet.added else { return "its UNet is not told the picture's size" }
        guard added.pooledChannels == second.projectionSize else {
            return "its UNet wants a prompt's embedding of width \(added.pooledChannels), its text "
                + "encoder makes \(second.projectionSize)"
        }
        return nil
    }

    /// Why the refiner, which has the second text encoder only, is of no use; nil for others.
    static func refinerObjection(to source: any ModelSource) -> String? {
        guard source.contains("text_encoder_2"), !source.contains("text_encoder") else {
            return nil
        }
        return "it is the refiner of Stable Diffusion XL, which only finishes another model's "
            + "pictures; use the base checkpoint, which edits without it"
    }

    init(
        _ source: any ModelSource, _ tokenizers: TokenizerPlaces, _ embeddings: [TextualInversion]
    ) throws {
        first = try PromptEncoder(source, tokenizers, embeddings, states: .penultimate)
        second = try PromptEncoder(
            source, tokenizers, embeddings, encoder: "text_encoder_2", states: .penultimate)
        zeroesEmptyPrompt = source.zeroesEmptyPrompt
    }

    func conditioning(for prompt: String, _ reading: PromptReading) throws -> Conditioning {
        let (one, two) = (try first(prompt, reading), try second(prompt, reading))
        return Conditioning(
            hiddenStates: .concatenated([one.hiddenStates, two.hiddenStates], axis: 2),
            pooled: two.pooled, dropped: one.dropped)
    }

    /// Zeros where nothing was given, if the model was trained so (`force_zeros_for_empty_prompt`).
    func conditioning(away prompt: String, _ reading: PromptReading) throws -> Conditioning {
        let encoded = try conditioning(for: prompt, reading)
        guard prompt.isEmpty, zeroesEmptyPrompt else { return encoded }
        return Conditioning(
            hiddenStates: Tensor(zeros: encoded.hiddenStates.shape),
            pooled: encoded.pooled.map { Tensor(zeros: $0.shape) }, isZeroed: true, dropped: nil)
    }
}
