import Checkpoints

/// Stable Diffusion 1.x: CLIP's own text encoder, whose final hidden states the UNet attends to
/// (Rombach et al. 2022).
struct StableDiffusion1: ModelFamily {
    static let name = "Stable Diffusion 1.x"

    private let encoder: PromptEncoder

    static func objection(to source: any ModelSource) throws -> String? {
        try PromptEncoder.objection(to: source)
            ?? (PromptEncoder.isOpenCLIP(source)
                ? "its text encoder is OpenCLIP's, as in Stable Diffusion 2" : nil)
    }

    init(
        _ source: any ModelSource, _ tokenizers: TokenizerPlaces, _ embeddings: [TextualInversion]
    ) throws {
        encoder = try PromptEncoder(source, tokenizers, embeddings)
    }

    func conditioning(for prompt: String, _ reading: PromptReading) throws -> Conditioning {
        try encoder(prompt, reading)
    }
}
