import Checkpoints
import Models
import Tensors

/// Stable Diffusion 1.x: one CLIP text encoder, whose final hidden states the UNet attends to
/// (Rombach et al. 2022).
struct StableDiffusion1: ModelFamily {
    static let name = "Stable Diffusion 1.x"

    private let tokenizer: CLIPTokenizer
    private let textEncoder: CLIPTextEncoder

    static func objection(to folder: ModelFolder) throws -> String? {
        if folder.contains("text_encoder_2") {
            return "it has two text encoders, as Stable Diffusion XL does"
        }
        let unet = try UNet2DCondition.Configuration(json: folder.configuration("unet"))
        guard unet.inChannels == 4 else {
            return "its UNet takes \(unet.inChannels) channels, not 4"
        }
        let text = try CLIPTextEncoder.Configuration(json: folder.configuration("text_encoder"))
        let widths = unet.levels.filter { $0.downHasAttention || $0.upHasAttention }
            .map(\.contextChannels)
        if let width = widths.first(where: { $0 != text.hiddenSize }) {
            return "its UNet wants text embeddings of width \(width), its text encoder makes "
                + "\(text.hiddenSize)"
        }
        return nil
    }

    init(_ folder: ModelFolder) throws {
        tokenizer = try CLIPTokenizer(folder: folder.url(of: "tokenizer"))
        textEncoder = try CLIPTextEncoder(folder)
    }

    func conditioning(for prompt: String) throws -> Conditioning {
        let tokens = tokenizer(prompt)
        return Conditioning(hiddenStates: try textEncoder(tokens.ids), dropped: tokens.dropped)
    }
}
