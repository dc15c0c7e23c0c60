/// What a file holds, guessed from its tensors' names, for the error that says it is another model.
enum KnownContents {
    /// The first of these whose names all occur (as the beginning of some tensor's name) is the guess.
    private static let table: [(names: [String], what: String)] = [
        (["lora_"], "a LoRA"),
        (["control_model.input_hint_block."], "a ControlNet in the original layout"),
        (["input_hint_block.", "zero_convs."], "a ControlNet in the original layout"),
        (["lllite_unet"], "a ControlNet-LLLite"), (["adapter.body."], "a T2I-Adapter"),
        (["image_proj.", "ip_adapter."], "an IP-Adapter"),
        (["768.0."], "a hypernetwork"), (["1024.0."], "a hypernetwork"),
        (["320.0."], "a hypernetwork"),
        (["unet.", "vae."], "the parts of a pipeline under diffusers' names"),
        (["emb_params"], "a textual inversion embedding"),
        (["clip_l", "clip_g"], "a textual inversion embedding of SDXL"),
        (["text_encoders_0", "text_encoders_1"], "a textual inversion embedding of SDXL"),
        (["string_to_param.*"], "a textual inversion embedding"),
        (["conditioner.embedders.1."], "a single-file SDXL checkpoint"),
        (["model.diffusion_model.double_blocks."], "a single-file Flux checkpoint"),
        (["model.diffusion_model.joint_blocks."], "a single-file SD 3 checkpoint"),
        (["cond_stage_model.model."], "a single-file Stable Diffusion 2 checkpoint"),
        (["model.diffusion_model.input_blocks."], "a single-file Stable Diffusion checkpoint"),
        (["model.diffusion_model.out."], "a single-file Stable Diffusion checkpoint"),
        (["model.diffusion_model.layers."], "a checkpoint of Lumina, Z-Image or the like"),
        (["double_blocks.", "controlnet_blocks."], "a ControlNet for Flux"),
        (["double_blocks."], "a Flux transformer"),
        (["joint_blocks."], "an SD 3 transformer"),
        (["blocks.", "patch_embedding."], "a Wan transformer or one built like it"),
        (["clip_txt_mapper."], "a part of Stable Cascade"),
        (["transformer_blocks."], "a diffusion transformer"),
        (["task_embedding"], "a union ControlNet"),
        (["controlnet_cond_embedding."], "a ControlNet"),
        (["down_blocks.0.motion_modules."], "a motion module of AnimateDiff"),
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
        (["vision_model."], "a CLIP vision encoder"),
        (["model.embed_tokens.", "model.layers."], "a language model"),
        (["image_encoder.", "mask_decoder."], "a network that selects (Segment Anything)"),
        (["conv_first.", "body.0.rdb1."], "a network that enlarges (ESRGAN)"),
        (["model.0.", "model.1.sub."], "a network that enlarges (ESRGAN)"),
        (["model_ema."], "averages of training (EMA) alone"),
        (["model.diffusion_model."], "a single-file checkpoint of another kind of model"),
    ]

    /// Whether a guess is of the parts that every model has, so that it tells nothing of what is wrong with one.
    static func isUsual(_ guess: String) -> Bool {
        [
            "a UNet", "an SDXL UNet", "a VAE", "a CLIP text encoder", "a ControlNet",
            "a single-file Stable Diffusion", "a single-file SDXL",
        ].contains { guess.hasPrefix($0) }
    }

    /// The options that take files of some kinds.
    private static let options = [
        "a UNet": "unet", "an SDXL UNet": "unet", "a UNet in the original layout": "unet",
        "a checkpoint without its text encoder": "unet", "a VAE": "vae",
        "a VAE in the original layout": "vae", "a LoRA": "lora", "a LoHa": "lora",
        "a LoKr": "lora", "a GLoRA": "lora", "an OFT": "lora",
        "a LoRA in the layout of 2022": "lora", "a full difference of weights": "lora",
        "a textual inversion embedding": "embedding",
        "a textual inversion embedding of SDXL": "embedding", "a ControlNet": "control",
        "a ControlNet in the original layout": "control",
    ]

    /// What to do with a file of a guessed kind that is no whole model; empty where no option takes it.
    static func advice(for guess: String?) -> String {
        let kind = guess?.replacing(LoRARole.withMagnitudes, with: "")
        let option = kind.flatMap { options[$0] }
        return option.map { ": give it with --\($0)" } ?? ""
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
        // diffusers keeps the vectors of each word under the word.
        let areWords = names.allSatisfy { $0.hasPrefix("<") && $0.hasSuffix(">") }
        if areWords, names.allSatisfy({ shape($0).map { (1...2).contains($0.count) } ?? false }),
            !names.isEmpty
        {
            return "a textual inversion embedding"
        }
        return table.first { row in
            row.names.allSatisfy { name in names.contains { $0.hasPrefix(name) } }
        }?.what
    }
}
