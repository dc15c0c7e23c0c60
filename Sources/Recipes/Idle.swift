import Sampling

extension Recipe {
    /// What was asked for and has no effect beside the rest, a sentence for each reason.
    ///
    /// A setting counts as asked for when it is not the verb's default.
    ///
    /// - Parameter isScaled: whether the model works at another size than the picture's; nil where that
    ///   is not known.
    public func idleSettings(of verb: Verb, isScaled: Bool? = nil) -> [String] {
        let usual = Recipe(verb)
        func isAsked(_ name: String) -> Bool {
            guard let key = Recipe.key(name), key.verbs.contains(verb) else { return false }
            return key.value(in: self) != key.value(in: usual)
        }
        return idleness(in: verb, isScaled).compactMap { reason, names in
            let asked = names.filter(isAsked)
            guard !asked.isEmpty else { return nil }
            let have = asked.count == 1 ? "has" : "have"
            return "\(reason): \(asked.joined(separator: ", ")) \(have) no effect"
        }
    }

    private typealias Reason = (holds: Bool, reason: String, names: [String])

    /// Reasons that hold, with the keys that are idle for each.
    private func idleness(
        in verb: Verb, _ isScaled: Bool?
    ) -> [(reason: String, names: [String])] {
        let reasons =
            ofShape(in: verb)
            + (steps > 0 ? ofTheRun(in: verb, isScaled) : [(true, "steps is 0", Self.ofTheModel)])
        return reasons.filter(\.holds).map { ($0.reason, $0.names) }
    }

    /// Of masks and canvases, with or without a model.
    private func ofShape(in verb: Verb) -> [Reason] {
        let isHard = verb == .inpaint && maskMode == .hard
        return [
            (isHard && maskBlur > 0, "mask_blur is in its place", ["mask_feather"]),
            (
                isHard && maskBlur == 0 && blend != .feather && steps > 0,
                "blend is \(blend.rawValue)",
                ["mask_feather"]
            ),
            (fill != .patch, "fill is \(fill)", ["avoid"]),
            (growsBySides, "there is no aspect or size", ["gravity"]),
        ]
    }

    /// Of what the model does.
    private func ofTheRun(in verb: Verb, _ isScaled: Bool?) -> [Reason] {
        let mode = "mask_mode is \(maskMode.rawValue)"
        let isWhole = verb == .inpaint && region == .whole && isScaled != true
        let hasTiles = detail == .tiles || detail == .auto && !repaintsAll(verb)
        return [
            (maskMode != .soft, mode, Self.ofSoftInpainting),
            (maskMode != .hard, mode, ["mask_threshold", "mask_latent"]),
            (
                maskMode == .hard && compatibility.bilinearModes.contains(.hard),
                "compat is comfy", ["mask_latent"]
            ),
            (isWhole, "region is whole", ["mask_padding", "region_size"]),
            (!perComponent, "per_component is off", ["component_prompts"]),
            (controls.isEmpty, "there is no control", ["control_mode"]),
            (canvasPasses == .one, "canvas_passes is one", ["region_size", "work_size"]),
            (
                region == .mask && regionShape == nil,
                "region is mask and work_size no WIDTHxHEIGHT", ["work_size"]
            ),
            (regionShape != nil, "work_size is in its place", ["region_size"]),
            (isScaled == false, "the model works at the picture's own size", Self.ofDetail),
            (isScaled == true && !hasTiles, "there are no tiles", ["detail_strength"]),
            (!isGuided, "there is no guidance", Self.ofGuidance),
            (!hires.isOn, "hires_scale is 1", Self.ofSecondRun),
            (hires.size != nil, "there is a hires_size", ["hires_scale"]),
            (noise.variationStrength == 0, "variation_strength is 0", ["variation_seed"]),
        ]
    }

    private func repaintsAll(_ verb: Verb) -> Bool { verb == .imageToImage || verb == .instruct }

    private var growsBySides: Bool {
        if case .sides = growth { true } else { false }
    }

    private static let ofGuidance = [
        "negative_prompt", "guidance_start", "guidance_end", "image_guidance_scale",
    ]
    private static let ofDetail = ["detail", "detail_strength"]
    private static let ofSoftInpainting = [
        "soft_bias", "soft_preservation", "soft_contrast", "soft_influence", "soft_threshold",
        "soft_difference",
    ]
    private static let ofSecondRun = [
        "hires_upscaler", "hires_steps", "hires_strength", "hires_scheduler", "hires_prompt",
        "hires_negative_prompt", "hires_guidance_scale",
    ]
    /// All that only a model has a use for, but the seed, which is drawn.
    private static let ofTheModel =
        [
            "prompt", "negative_prompt", "prompt_syntax", "clip_skip", "lora", "embedding", "vae",
            "unet", "strength", "strength_mode", "guidance_scale", "scheduler", "sigmas",
            "timestep_spacing", "eta", "compat", "guidance_start", "guidance_end", "deep_cache",
            "token_merging", "reuse", "vae_tiling", "precision", "region", "mask_padding",
            "region_size",
            "per_component", "component_prompts", "match_color", "blend", "mask_latent",
            "overlap", "canvas_passes", "work_size", "watermark", "rng", "variation_seed",
            "variation_strength", "seed_resize_from", "seed_delta", "hires_scale", "hires_size",
        ] + ofDetail + ofSoftInpainting + ofSecondRun
}
