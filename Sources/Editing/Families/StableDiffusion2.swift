import Checkpoints

/// Stable Diffusion 2.x: OpenCLIP's text encoder without its last layer, and as a rule a UNet that
/// predicts velocity, which the scheduler's configuration says.
struct StableDiffusion2: ModelFamily {
    static let name = "Stable Diffusion 2.x"

    private let encoder: PromptEncoder

    static func objection(to source: any ModelSource) throws -> String? {
        try PromptEncoder.objection(to: source)
            ?? (PromptEncoder.isOpenCLIP(source) ? nil : "its text encoder is CLIP's own")
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
