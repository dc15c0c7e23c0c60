import Foundation
import Gesso

extension PictureRequestReader {
    /// Puts the words of styles around the prompts, in their order, and around those that a second run has
    /// of its own; unknown ones are ignored, as there.
    mutating func readStyles(_ styles: [StyleBook.Style]) {
        let names = (fields["styles"]?.array ?? []).compactMap(\.string)
        let chosen = names.compactMap { name in styles.first { $0.name == name } }
        let (prompts, negatives) = (chosen.map(\.prompt), chosen.map(\.negativePrompt))
        for (key, words) in [
            ("prompt", prompts), ("negative_prompt", negatives), ("hires_prompt", prompts),
            ("hires_negative_prompt", negatives),
        ] where !key.hasPrefix("hires_") || settings[key] != nil {
            let prompt = words.reduce(settings[key] ?? "") { styled($0, $1) }
            if !prompt.isEmpty { settings[key] = prompt }
        }
    }
}

extension PictureRequestReader {
    /// The fields by which a request sets a key itself.
    private static let fieldsOfKeys: [String: [String]] = [
        "prompt": ["prompt"], "negative_prompt": ["negative_prompt"], "steps": ["steps"],
        "guidance_scale": ["cfg_scale"], "seed": ["seed"], "width": ["width"],
        "height": ["height"], "scheduler": ["sampler_name", "sampler_index"],
        "sigmas": ["scheduler", "sampler_name", "sampler_index"],
        "strength": ["denoising_strength"], "variation_seed": ["subseed"],
        "variation_strength": ["subseed_strength"], "eta": ["eta"],
        "seed_resize_from": ["seed_resize_from_w", "seed_resize_from_h"],
        "mask_blur": ["mask_blur", "mask_blur_x", "mask_blur_y"], "fill": ["inpainting_fill"],
        "region": ["inpaint_full_res"], "mask_padding": ["inpaint_full_res_padding"],
        "invert_mask": ["inpainting_mask_invert"], "mask_mode": ["mask_round"],
        "control": ["alwayson_scripts"],
    ]

    /// The field that a complaint is about, by the setting that it sets.
    static func field(of field: String?) -> String? {
        guard let field, field.hasPrefix("settings.") else { return field }
        let key = String(field.dropFirst("settings.".count))
        return fieldsOfKeys[key]?.first ?? key
    }

    /// Takes from the text of a picture what the request does not set itself.
    mutating func readInfotext(_ library: Library?) {
        guard let text = fields.string("infotext"), !text.isEmpty else { return }
        let written = PictureSettings(Infotext(text), of: "infotext")
        let stored = library?.available(written) ?? written
        for setting in stored.settings {
            let isOfSecond = setting.key.hasPrefix("hires_")
            let isSet =
                isOfSecond
                ? fields["enable_hr"] != nil
                : Self.fieldsOfKeys[setting.key, default: []].contains { fields[$0] != nil }
            let isUsed = Recipe.key(setting.key)?.verbs.contains { $0.rawValue == verb } ?? false
            guard !isSet, isUsed else { continue }
            settings[setting.key] = setting.value
            echo(setting)
            if isOfSecond { settings["compat"] = "a1111" }
        }
        for note in stored.notes(for: []) { warn(note) }
        guard let library, fields["override_settings"]?.object?["sd_model_checkpoint"] == nil
        else { return }
        let model = library.checkpoint(of: stored, insteadOf: nil)
        if let name = model.name { choose(name) }
        if let note = model.note { warn(note) }
    }
}

extension PictureRequestReader {
    /// Puts a setting of the text into the fields that the answer repeats.
    private mutating func echo(_ setting: Setting) {
        let (key, value) = (setting.key, setting.value)
        guard let field = Self.fieldsOfKeys[key]?.first else { return }
        switch key {
        case "prompt", "negative_prompt": repeats(field, .string(value))
        case "scheduler":
            let found = Samplers.find(value)
            let name = Samplers.listed.first { $0.scheduler == found?.scheduler }?.name
            repeats(field, .string(name ?? value))
            if let spacing = found?.spacing { echo(spacing: spacing) }
        case "sigmas": echo(spacing: value)
        case "seed_resize_from":
            for (field, side) in zip(
                Self.fieldsOfKeys[key] ?? [], value.split(separator: "x").compactMap { Int64($0) })
            {
                repeats(field, .integer(side))
            }
        default:
            if let number = Int64(value) {
                repeats(field, .integer(number))
            } else if let number = Double(value) {
                repeats(field, .number(number))
            }
        }
    }

    private mutating func echo(spacing: String) {
        let label = Samplers.spacings.first { $0.word == spacing }?.label
        repeats("scheduler", .string(label ?? spacing))
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
