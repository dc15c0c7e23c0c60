import Checkpoints
import Models

extension ModelFamily {
    /// Stable Diffusion 2.x: OpenCLIP's text encoder without its last layer, and as a rule a UNet that
    /// predicts velocity, as the scheduler's configuration states.
    static let stableDiffusion2 = ModelFamily(
        name: "Stable Diffusion 2.x", backbone: .unet, textEncoders: ["text_encoder"],
        objection: { source in
            try PromptEncoder.objection(to: source, backbone: .unet)
                ?? (PromptEncoder.isOpenCLIP(source) ? nil : "its text encoder is CLIP's own")
        },
        textSide: { try PromptEncoder($0, $1, $2) })
}
