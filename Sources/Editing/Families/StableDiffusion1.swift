import Checkpoints
import Models

extension ModelFamily {
    /// Stable Diffusion 1.x: CLIP's own text encoder, whose final hidden states the UNet attends to
    /// (Rombach et al. 2022).
    static let stableDiffusion1 = ModelFamily(
        name: "Stable Diffusion 1.x", backbone: .unet, textEncoders: ["text_encoder"],
        objection: { source in
            try PromptEncoder.objection(to: source, backbone: .unet)
                ?? (PromptEncoder.isOpenCLIP(source)
                    ? "its text encoder is OpenCLIP's, as in Stable Diffusion 2" : nil)
        },
        textSide: { try PromptEncoder($0, $1, $2) })
}
