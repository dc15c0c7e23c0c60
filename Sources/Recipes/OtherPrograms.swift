import Foundation

/// How other programs than those of A1111's text write their settings, as far as these are known from
/// their documentation and pictures.
extension OtherSettings {
    /// Fooocus: JSON under `parameters`, its names as they are or as labels.
    static func fooocus(_ object: [String: Any]) -> OtherSettings {
        // Of a name and a label of the same setting the name counts, which has small letters and so comes later.
        let names = object.sorted { $0.key < $1.key }.map { name, value in
            (name.lowercased().replacing(" ", with: "_"), value)
        }
        var settings = OtherSettings("Fooocus", Dictionary(names, uniquingKeysWith: { $1 }))
        for (key, name) in [
            ("prompt", "prompt"), ("negative_prompt", "negative_prompt"), ("steps", "steps"),
            ("guidance_scale", "guidance_scale"), ("seed", "seed"), ("clip_skip", "clip_skip"),
        ] {
            settings.set(key, from: name)
        }
        let sides = settings.text("resolution").map {
            $0.split { !$0.isNumber }.map(String.init)
        }
        if let sides, sides.count == 2 {
            settings.set("width", sides[0])
            settings.set("height", sides[1])
        }
        settings.setScheduler(settings.text("sampler"), settings.text("scheduler"))
        settings.model = settings.text("base_model").map(fileName)
        settings.setVAE(settings.text("vae"))
        if !settings.has("steps"), let performance = settings.text("performance") {
            settings.set("steps", stepsOfFooocus[performance.lowercased()])
        }
        let loras: [[Any]] = settings.list("loras")
        let listed = loras.compactMap { lora in
            lora.count < 2 ? nil : text(lora[0]).map { ($0, text(lora[1]) ?? "1") }
        }
        var combined: [(String, String)] = []
        for number in 1...8 {
            let value = settings.text("lora_combined_\(number)") ?? settings.text("lora_\(number)")
            guard let value, let colon = value.utf8.lastIndex(of: UInt8(ascii: ":")) else {
                continue
            }
            combined.append(
                (value[..<colon].trimmed, value[value.utf8.index(after: colon)...].trimmed))
        }
        settings.setLoRAs(listed.isEmpty ? combined : listed)
        settings.ignore(
            "metadata_scheme", "version", "base_model_hash", "refiner_model_hash", "created_by",
            "performance", "full_prompt", "full_negative_prompt", "refiner_switch",
            "refiner_swap_method", "user")
        return settings
    }

    /// The steps of what Fooocus calls its performance, which its first versions wrote in their place.
    private static let stepsOfFooocus = [
        "quality": "60", "speed": "30", "extreme speed": "8", "lightning": "4", "hyper-sd": "4",
    ]

    /// SwarmUI: JSON under `parameters` with `sui_image_params`.
    static func swarmUI(_ object: [String: Any]) -> OtherSettings {
        var settings = OtherSettings(
            "SwarmUI", object["sui_image_params"] as? [String: Any] ?? [:])
        for (key, name) in [
            ("prompt", "prompt"), ("negative_prompt", "negativeprompt"), ("steps", "steps"),
            ("guidance_scale", "cfgscale"), ("seed", "seed"), ("width", "width"),
            ("height", "height"), ("strength", "initimagecreativity"),
            ("variation_seed", "variationseed"), ("variation_strength", "variationseedstrength"),
        ] {
            settings.set(key, from: name)
        }
        settings.setScheduler(settings.text("sampler"), settings.text("scheduler"))
        settings.model = settings.text("model").map(fileName)
        settings.setVAE(settings.text("vae"))
        if let layer = settings.text("clipstopatlayer").flatMap({ Int($0) }), layer < 0 {
            settings.set("clip_skip", "\(layer.magnitude)")
        }
        // A list in one text has commas, which names have not.
        let names = list(settings.take("loras")).flatMap(items)
        let weights = list(settings.take("loraweights")).flatMap(items)
        settings.setLoRAs(
            names.enumerated().map {
                ($1, weights.indices.contains($0) ? weights[$0] : "1")
            })
        settings.ignore(
            "swarm_version", "date", "generation_time", "aspectratio", "sidelength", "nopreviews",
            "imageformat", "original_prompt", "used_wildcards", "wildcardseed", "images",
            "personalnote", "automaticvae", "donotsave", "batchsize", "preferreddtype")
        return settings
    }

    /// What is between the commas of a text.
    static func items(_ text: String) -> [String] {
        text.split(separator: ",").map { String($0).trimmed }
    }

    /// InvokeAI: JSON under `invokeai_metadata`.
    static func invokeAI(_ object: [String: Any]) -> OtherSettings {
        var settings = OtherSettings("InvokeAI", object)
        for (key, name) in [
            ("prompt", "positive_prompt"), ("negative_prompt", "negative_prompt"),
            ("steps", "steps"), ("guidance_scale", "cfg_scale"), ("seed", "seed"),
            ("width", "width"), ("height", "height"), ("strength", "strength"),
            ("scheduler", "scheduler"),
        ] {
            settings.set(key, from: name)
        }
        // It counts the layers that are left out.
        if let skipped = settings.text("clip_skip").flatMap({ Int($0) }), skipped > 0 {
            settings.set("clip_skip", "\(skipped.addingReportingOverflow(1).partialValue)")
        }
        func name(_ value: Any?) -> String? {
            let object = value as? [String: Any]
            return (object?["name"] ?? object?["model_name"]).flatMap(text)
        }
        settings.model = name(settings.take("model"))
        settings.setVAE(name(settings.take("vae")))
        let loras: [[String: Any]] = settings.list("loras")
        settings.setLoRAs(
            loras.compactMap { lora in
                name(lora["model"] ?? lora["lora"]).map {
                    ($0, lora["weight"].flatMap(text) ?? "1")
                }
            })
        switch settings.text("generation_mode") {
        case .some(let mode) where mode.hasSuffix("img2img"): settings.verb = .imageToImage
        case .some(let mode) where mode.hasSuffix("inpaint"): settings.verb = .inpaint
        case .some(let mode) where mode.hasSuffix("outpaint"): settings.verb = .outpaint
        case .some(let mode) where mode.hasSuffix("txt2img"): settings.verb = .textToImage
        default: break
        }
        let prompts = settings.found.filter { $0.key.hasSuffix("prompt") }.map(\.value)
        if prompts.contains(where: { $0.contains("++") || $0.contains("--") || $0.contains(")1") })
        {
            settings.remarks.append("InvokeAI's weights behind words have no meaning here")
        }
        settings.changePrompts { escaped(ungrouped($0), "[]") }
        switch settings.text("rand_device") {
        case "cpu": break
        case .some(let device) where device.hasPrefix("cuda"): settings.set("rng", "nv")
        default: settings.remarks.append("its noise is a graphics card's: the same seed differs")
        }
        settings.ignore("app_version", "rand_device", "canvas_v2_metadata", "ref_images")
        return settings
    }

    /// NovelAI: JSON under `Comment`.
    static func novelAI(_ object: [String: Any]) -> OtherSettings {
        var settings = OtherSettings("NovelAI", object)
        for (key, name) in [
            ("prompt", "prompt"), ("negative_prompt", "uc"), ("steps", "steps"),
            ("guidance_scale", "scale"), ("seed", "seed"), ("width", "width"),
            ("height", "height"), ("strength", "strength"),
        ] {
            settings.set(key, from: name)
        }
        // Version 4 may have its prompts in parts alone.
        for (key, name) in [("prompt", "v4_prompt"), ("negative_prompt", "v4_negative_prompt")]
        where !settings.has(key) {
            let caption = (object[name] as? [String: Any])?["caption"] as? [String: Any]
            settings.set(key, caption?["base_caption"] as? String)
        }
        settings.setScheduler(settings.text("sampler"), settings.text("noise_schedule"))
        if object["dynamic_thresholding"] as? Bool != true {
            settings.ignore("dynamic_thresholding_percentile", "dynamic_thresholding_mimic_scale")
        }
        if object["controlnet_model"] as? String == nil { settings.ignore("controlnet_strength") }
        let prompts = settings.found.filter { $0.key.hasSuffix("prompt") }.map(\.value)
        if prompts.contains(where: { $0.contains("{") || $0.contains("::") }) {
            settings.remarks.append("NovelAI's braces and :: around words have no meaning here")
        }
        settings.changePrompts { escaped($0, "()") }
        let captions = ["v4_prompt", "v4_negative_prompt"].contains { name in
            let prompt = object[name] as? [String: Any]
            let caption = prompt?["caption"] as? [String: Any]
            return (caption?["char_captions"] as? [Any] ?? []).contains { own in
                ((own as? [String: Any])?["char_caption"] as? String).map { !$0.isEmpty } ?? false
            }
        }
        if captions { settings.remarks.append("its prompts for single characters are left out") }
        settings.ignore(
            "n_samples", "request_type", "signed_hash", "version", "params_version",
            "legacy", "legacy_v3_extend", "v4_prompt", "v4_negative_prompt", "uncond_scale")
        return settings
    }

    /// Draw Things: JSON in the XMP's user comment.
    static func drawThings(_ object: [String: Any]) -> OtherSettings {
        var settings = OtherSettings("Draw Things", object)
        for (key, name) in [
            ("prompt", "c"), ("negative_prompt", "uc"), ("steps", "steps"),
            ("guidance_scale", "scale"), ("seed", "seed"), ("scheduler", "sampler"),
        ] {
            settings.set(key, from: name)
        }
        let sides = settings.text("size")?.split(separator: "x").map(String.init) ?? []
        if sides.count == 2 {
            settings.set("width", sides[0])
            settings.set("height", sides[1])
        }
        // It writes a strength of 1 for pictures from words.
        let strength = settings.text("strength")
        if let strength, Double(strength) ?? 1 < 1 {
            settings.set("strength", strength)
            settings.verb = .imageToImage
        } else {
            settings.verb = .textToImage
        }
        settings.model = settings.text("model").map(fileName)
        let loras: [[String: Any]] = settings.list("lora")
        settings.setLoRAs(
            loras.compactMap { lora in
                (lora["model"] ?? lora["file"]).flatMap(text).map {
                    ($0, lora["weight"].flatMap(text) ?? "1")
                }
            })
        let more = settings.take("v2") as? [String: Any] ?? [:]
        let skip = more["clipSkip"].flatMap(text).flatMap { Int($0) }
        if let skip, skip > 1 { settings.set("clip_skip", "\(skip)") }
        for name in ["hiresFix", "upscaler", "refinerModel", "controls"] {
            settings.leaveOut(name, more[name])
        }
        settings.ignore("profile", "seed_mode")
        return settings
    }

    mutating func setVAE(_ name: String?) {
        guard let name, !["", "None", "Automatic", "Default (model)"].contains(name) else { return }
        set("vae", Self.fileName(name))
    }
}
