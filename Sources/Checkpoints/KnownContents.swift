/// What a file holds, guessed from its tensors' names, for the error that says it is another model.
enum KnownContents {
    /// The first of these whose names all occur (as the beginning of some tensor's name) is the guess.
    private static let table: [(names: [String], what: String)] = [
        (["lora_"], "a LoRA"),
        (["emb_params"], "a textual inversion embedding"),
        (["clip_l", "clip_g"], "a textual inversion embedding of SDXL"),
        (["conditioner.embedders.1."], "a single-file SDXL checkpoint"),
        (["model.diffusion_model.double_blocks."], "a single-file Flux checkpoint"),
        (["model.diffusion_model.joint_blocks."], "a single-file SD 3 checkpoint"),
        (["cond_stage_model.model."], "a single-file Stable Diffusion 2 checkpoint"),
        (["model.diffusion_model."], "a single-file Stable Diffusion checkpoint"),
        (["double_blocks."], "a Flux transformer"),
        (["joint_blocks."], "an SD 3 transformer"),
        (["transformer_blocks."], "a diffusion transformer"),
        (["controlnet_cond_embedding."], "a ControlNet"),
        (["add_embedding.", "down_blocks."], "an SDXL UNet"),
        (["time_embedding.", "down_blocks."], "a UNet"),
        (["encoder.down_blocks.", "decoder.up_blocks."], "a VAE"),
        (["encoder.down.", "decoder.up."], "a VAE in the original layout"),
        (["text_model.", "vision_model."], "a whole CLIP model"),
        (["text_model.encoder."], "a CLIP text encoder"),
        (["embeddings.token_embedding."], "a CLIP text encoder"),
        (["encoder.block."], "a T5 text encoder"),
    ]

    static func guess(_ entries: [String: Safetensors.Entry]) -> String? {
        if entries.keys.contains(where: { $0.contains(".lora_") || $0.contains("_lora.") }) {
            return "a LoRA"
        }
        return table.first { row in
            row.names.allSatisfy { name in entries.keys.contains { $0.hasPrefix(name) } }
        }?.what
    }
}
