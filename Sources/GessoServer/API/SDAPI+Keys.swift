import Foundation
import Gesso

/// Fields whose keys of recipes are looked for when the server is built: one is passed on where its key
/// exists, and refused or named in a warning where it does not.
extension PictureRequestReader {
    /// Whether recipes have a key.
    static func has(_ key: String) -> Bool { Recipe.key(key) != nil }

    /// The fields of a second run at a larger size, and their keys.
    private static let secondRun: [(field: String, key: String)] = [
        ("denoising_strength", "hires_strength"),
        ("hr_prompt", "hires_prompt"), ("hr_negative_prompt", "hires_negative_prompt"),
        ("hr_cfg", "hires_guidance_scale"),
    ]

    /// Reads the second run of `txt2img`.
    mutating func readSecondRun() {
        guard fields.bool("enable_hr") == true else { return }
        guard Self.has("hires_scale") else {
            return fields.complain(
                "enable_hr", "a second pass is not offered; use upscale afterwards")
        }
        let across = fields.integer("hr_resize_x", in: 0...8192) ?? 0
        let down = fields.integer("hr_resize_y", in: 0...8192) ?? 0
        if across > 0, down > 0 {
            settings["hires_size"] = "\(across)x\(down)"
        } else if across > 0 || down > 0, let width = settings["width"].flatMap(Double.init),
            let height = settings["height"].flatMap(Double.init)
        {
            // The side that is left open keeps the shape.
            let scale = across > 0 ? Double(across) / width : Double(down) / height
            settings["hires_scale"] = "\(scale)"
        } else {
            settings["hires_scale"] = "\(fields.double("hr_scale", in: 1...8) ?? 2)"
        }
        settings["hires_steps"] =
            "\(fields.integer("hr_second_pass_steps", in: 0...1000) ?? 0)"
        for (field, key) in Self.secondRun {
            if let text = fields.string(field), !text.isEmpty { settings[key] = text }
        }
        if settings["hires_strength"] == nil { settings["hires_strength"] = "0.75" }
        if let name = fields.string("hr_upscaler"), !name.isEmpty, name != "None" {
            let plain = name.lowercased().replacing("(", with: "").replacing(")", with: "")
                .replacing(" ", with: "-")
            guard Self.upscalers.contains(plain) else {
                return fields.complain("hr_upscaler", "could not find this upscaler")
            }
            settings["hires_upscaler"] = plain
        }
        if let name = fields.string("hr_sampler_name"), !name.isEmpty, name != "Use same sampler" {
            guard let sampler = Samplers.find(name) else {
                return fields.complain("hr_sampler_name", "Sampler not found")
            }
            settings["hires_scheduler"] = sampler.scheduler
        }
        if let name = fields.string("hr_checkpoint_name"), !name.isEmpty,
            name != "Use same checkpoint"
        {
            fields.complain("hr_checkpoint_name", "a second model is not offered")
        }
    }

    /// Reads what varies the noise of a seed.
    mutating func readVariation() {
        if let strength = fields.double("subseed_strength", in: 0...1), strength > 0 {
            if Self.has("variation_strength") {
                settings["variation_strength"] = "\(strength)"
                let seed = fields.integer("subseed") ?? -1
                settings["variation_seed"] =
                    "\(seed >= 0 ? UInt64(seed) : UInt64(UInt32.random(in: .min ... .max)))"
            } else {
                warn("subseed_strength: variations of a seed are not offered")
            }
        }
        let width = fields.integer("seed_resize_from_w") ?? -1
        let height = fields.integer("seed_resize_from_h") ?? -1
        if width > 0, height > 0 {
            if Self.has("seed_resize_from") {
                settings["seed_resize_from"] = "\(width)x\(height)"
            } else {
                warn("seed_resize_from_w: the composition of another size is not kept")
            }
        }
    }

    /// The names of ways to make the first run larger, as they are listed.
    static let upscalers = Recipe.key("hires_upscaler")?.choices ?? []

    /// Puts the words of styles around the prompts, in their order; unknown ones are ignored, as there.
    mutating func readStyles(_ styles: [StyleBook.Style]) {
        let names = (fields["styles"]?.array ?? []).compactMap(\.string)
        let chosen = names.compactMap { name in styles.first { $0.name == name } }
        for (key, words) in [
            ("prompt", chosen.map(\.prompt)), ("negative_prompt", chosen.map(\.negativePrompt)),
        ] {
            let prompt = words.reduce(settings[key] ?? "") { styled($0, $1) }
            if !prompt.isEmpty { settings[key] = prompt }
        }
    }
}

/// A prompt in the place of `{prompt}`, else with the style behind it.
private func styled(_ prompt: String, _ style: String) -> String {
    let limit = 64 << 10
    guard style.utf8.count + prompt.utf8.count < limit else { return prompt }
    if style.contains("{prompt}") {
        // A style with many places must not grow without end.
        let places = style.ranges(of: "{prompt}").count
        guard places * prompt.utf8.count < limit else { return prompt }
        return style.replacing("{prompt}", with: prompt)
    }
    return [prompt, style].filter { !$0.isEmpty }.joined(separator: ", ")
}
