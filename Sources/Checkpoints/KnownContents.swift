/// What a file holds, guessed from its tensors' names, for the error that says it is another model.
enum KnownContents {
    /// The first of these whose names all occur (as the beginning of some tensor's name) is the guess.
    private static let table: [(names: [String], what: String)] = [
        (["lora_"], "a LoRA"),
        (["image_proj.", "ip_adapter."], "an IP-Adapter"),
        (["emb_params"], "a textual inversion embedding"),
        (["clip_l", "clip_g"], "a textual inversion embedding of SDXL"),
        (["text_encoders_0", "text_encoders_1"], "a textual inversion embedding of SDXL"),
        (["string_to_param.*"], "a textual inversion embedding"),
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
        (["input_blocks.", "output_blocks.", "time_embed."], "a UNet in the original layout"),
        (["encoder.down_blocks.", "decoder.up_blocks."], "a VAE"),
        (["encoder.down.", "decoder.up."], "a VAE in the original layout"),
        (["encoder.conv_in.", "encoder.mid"], "the encoder of a VAE alone"),
        (["decoder.conv_in.", "decoder.mid"], "the decoder of a VAE alone"),
        (["text_model.", "vision_model."], "a whole CLIP model"),
        (["text_model.encoder."], "a CLIP text encoder"),
        (["embeddings.token_embedding."], "a CLIP text encoder"),
        (["encoder.block."], "a T5 text encoder"),
        (["model_ema."], "averages of training (EMA) alone"),
    ]

    /// Whether a guess is of the parts that every model has, so that it tells nothing of what is wrong with one.
    static func isUsual(_ guess: String) -> Bool {
        ["a UNet", "a VAE", "a CLIP text encoder"].contains { guess.hasPrefix($0) }
            || guess == "a single-file Stable Diffusion checkpoint"
    }

    /// The kind of a file in words; nil where its names tell nothing.
    static func guess(_ entries: TensorTable) -> String? {
        LoRARole.refusedKind(of: entries) ?? guess(entries.keys) { entries[$0]?.shape }
    }

    /// The same of tensors by their names and shapes.
    static func guess(_ names: [String], shape: (String) -> [Int]?) -> String? {
        if let kind = LoRARole.kind(of: names.prefix(4096)) { return kind }
        if let tiny = TinyAutoencoderFile(names, shape: shape) { return tiny.description }
        // No model has so many tensors that others would come first.
        let names = names.prefix(20_000)
        return table.first { row in
            row.names.allSatisfy { name in names.contains { $0.hasPrefix(name) } }
        }?.what
    }
}
