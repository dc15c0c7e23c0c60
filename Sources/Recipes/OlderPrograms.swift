import Foundation

/// Programs that write each setting as a text of its own, or wrote otherwise once.
extension OtherSettings {
    /// Easy Diffusion: each setting a text of its own, or a member of an object.
    static func easyDiffusion(_ texts: [String: Any]) -> OtherSettings {
        var settings = OtherSettings("Easy Diffusion", texts)
        for (key, name) in [
            ("prompt", "prompt"), ("negative_prompt", "negative_prompt"),
            ("steps", "num_inference_steps"), ("guidance_scale", "guidance_scale"),
            ("seed", "seed"), ("width", "width"), ("height", "height"),
            ("scheduler", "sampler_name"), ("strength", "prompt_strength"),
        ] {
            settings.set(key, from: name)
        }
        settings.model = settings.text("use_stable_diffusion_model").map(fileName)
        settings.setVAE(settings.text("use_vae_model"))
        if ["True", "true", "1"].contains(settings.text("clip_skip")) {
            settings.set("clip_skip", "2")
        }
        let weights = list(settings.take("lora_alpha"))
        settings.setLoRAs(
            list(settings.take("use_lora_model")).enumerated().map {
                ($1, weights.indices.contains($0) ? weights[$0] : "1")
            })
        settings.ignore(
            "output_format", "output_quality", "vram_usage_level",
            "block_nsfw", "metadata_output_format", "stream_image_progress", "session_id",
            "num_outputs", "clip_skip")
        return settings
    }

    /// Texts of a list, which may be written as a list of Python or JSON, or be the only one.
    static func list(_ value: Any?) -> [String] {
        if let values = value as? [Any] { return values.compactMap(text) }
        guard let written = value.flatMap(text)?.trimmed else { return [] }
        guard written.hasPrefix("["), written.hasSuffix("]") else { return [written] }
        return written.dropFirst().dropLast().split(separator: ",").map {
            let item = String($0).trimmed
            let isQuoted = item.count > 1 && "'\"".contains(item.prefix(1))
            return isQuoted ? String(item.dropFirst().dropLast()) : item
        }
    }

    /// The text that Easy Diffusion saves beside a picture, a label and a value on each line; nil for others.
    static func labelledByEasyDiffusion(_ text: String) -> OtherSettings? {
        let labels = [
            "Prompt": "prompt", "Negative Prompt": "negative_prompt", "Seed": "seed",
            "Stable Diffusion model": "use_stable_diffusion_model", "VAE model": "use_vae_model",
            "Steps": "num_inference_steps", "Guidance Scale": "guidance_scale",
            "Prompt Strength": "prompt_strength", "Sampler": "sampler_name", "Width": "width",
            "Height": "height", "LoRA model": "use_lora_model", "LoRA": "use_lora_model",
            "LoRA Strength": "lora_alpha", "Clip Skip": "clip_skip",
            "ControlNet model": "use_controlnet_model",
            "ControlNet Filter": "control_filter_to_apply", "ControlNet Strength": "control_alpha",
            "Embedding models": "use_embeddings_model", "Seamless Tiling": "tiling",
            "Use Face Correction": "use_face_correction", "Use Upscaling": "use_upscale",
            "Upscale By": "upscale_amount", "Latent Upscaler Steps": "latent_upscaler_steps",
            "Hypernetwork model": "use_hypernetwork_model",
            "Hypernetwork Strength": "hypernetwork_strength",
        ]
        guard text.hasPrefix("Prompt: ") else { return nil }
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.contains(where: { $0.hasPrefix("Guidance Scale: ") }) else { return nil }
        var (values, last) = ([String: String](), "prompt")
        for line in lines {
            let parts = line.split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false
            ).map(String.init)
            if parts.count == 2, let name = labels[parts[0]] {
                last = name
                values[name] = parts[1].trimmed
            } else if last.hasSuffix("prompt") {
                values[last, default: ""] += "\n" + line
            } else if parts.count == 2, values[parts[0]] == nil {
                // Of another version: it is named as left out.
                values[parts[0]] = parts[1].trimmed
            }
        }
        var settings: [String: Any] = values
        // Several LoRAs are on one line.
        for name in ["use_lora_model", "lora_alpha"] {
            if let written = values[name] { settings[name] = list(written).flatMap(items) }
        }
        return easyDiffusion(settings)
    }

    /// InvokeAI 2: JSON under `sd-metadata`, or the same with its command under `Dream`; nil for others.
    static func invokeAI2(_ object: [String: Any]) -> OtherSettings? {
        guard let image = object["image"] as? [String: Any], image["prompt"] != nil else {
            return nil
        }
        var settings = OtherSettings("InvokeAI", image)
        let prompt = settings.take("prompt")
        // A list has parts of a prompt with their weights.
        let parts = (prompt as? [[String: Any]])?.compactMap { $0["prompt"] as? String }
        if parts?.count ?? 0 > 1 {
            settings.remarks.append("the weights of its prompt's parts have no meaning here")
        }
        settings.setPrompts(prompt.flatMap(text) ?? parts?.joined(separator: ", ") ?? "")
        for (key, name) in [
            ("steps", "steps"), ("guidance_scale", "cfg_scale"), ("seed", "seed"),
            ("width", "width"), ("height", "height"), ("strength", "strength"),
            ("scheduler", "sampler"),
        ] {
            settings.set(key, from: name)
        }
        settings.model = (object["model_weights"] ?? object["model"]).flatMap(text)
        let type = settings.text("type")
        settings.verb = type == "img2img" ? .imageToImage : type == "txt2img" ? .textToImage : nil
        settings.ignore("hires_fix", "threshold", "perlin", "orig_hash", "init_mask")
        return settings
    }

    /// InvokeAI's command of its first versions: the prompt in quotes, then options of a letter; nil for others.
    static func dream(_ command: String) -> OtherSettings? {
        guard command.hasPrefix("\""), let end = command.utf8.lastIndex(of: UInt8(ascii: "\"")),
            end > command.startIndex
        else { return nil }
        var options: [String: Any] = [:]
        let rest = command.utf8[command.utf8.index(after: end)...]
        let words = rest.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
        for (index, word) in words.enumerated() where word.hasPrefix("-") && word.count > 1 {
            // A letter may have its value right behind it.
            let (name, own) = (String(word.prefix(2)), String(word.dropFirst(2)))
            let next = words.indices.contains(index + 1) ? words[index + 1] : ""
            options[name] = own.isEmpty ? next : own
        }
        guard options["-s"] != nil || options["-S"] != nil else { return nil }
        var settings = OtherSettings("InvokeAI", options)
        settings.setPrompts(String(command[..<end].dropFirst()))
        for (key, name) in [
            ("steps", "-s"), ("guidance_scale", "-C"), ("seed", "-S"), ("width", "-W"),
            ("height", "-H"), ("strength", "-f"), ("scheduler", "-A"),
        ] {
            settings.set(key, from: name)
        }
        settings.ignore("-I", "-G", "-U", "-n", "-o", "-F")
        return settings
    }

    /// Sets both prompts from one in which the words to avoid are in square brackets.
    private mutating func setPrompts(_ text: String) {
        var (wanted, avoided, isAvoided) = ("", [String](), false)
        for part in text.split(omittingEmptySubsequences: false, whereSeparator: "[]".contains) {
            if isAvoided { avoided.append(String(part)) } else { wanted += part }
            isAvoided.toggle()
        }
        set("prompt", wanted.replacing("  ", with: " ").trimmed)
        if !avoided.isEmpty { set("negative_prompt", avoided.joined(separator: ", ")) }
    }
}
