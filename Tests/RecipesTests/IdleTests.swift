import Recipes
import Testing

/// What is asked for and has no effect is said, and nothing else.
@Suite struct IdleTests {
    private func idle(_ verb: Verb, _ settings: [String: String]) throws -> [String] {
        let all = ["prompt": "x"].merging(settings) { $1 }
        return try Recipe(
            verb, settings: all.map { Setting($0, $1, at: .argument("--set")) }
        ).idleSettings(of: verb)
    }

    @Test func defaultsAreNeverIdle() throws {
        for verb in Verb.allCases { #expect(try idle(verb, [:]).isEmpty, "\(verb)") }
    }

    @Test(
        arguments: [
            (["soft_bias": "2"], "mask_mode is hard: soft_bias has no effect"),
            (
                ["mask_mode": "soft", "mask_threshold": "9", "mask_latent": "nearest"],
                "mask_mode is soft: mask_threshold, mask_latent have no effect"
            ),
            (
                ["compat": "comfy", "mask_latent": "max"],
                "compat is comfy: mask_latent has no effect"
            ),
            (
                ["mask_blur": "3", "mask_feather": "9"],
                "mask_blur is in its place: mask_feather has no effect"
            ),
            (["blend": "none", "mask_feather": "9"], "blend is none: mask_feather has no effect"),
            (
                ["blend": "none", "mask_feather": "9", "steps": "0", "fill": "edge", "prompt": ""],
                "steps is 0: blend has no effect"
            ),
            (["mask_padding": "9"], "region is whole: mask_padding has no effect"),
            (["component_prompts": "a"], "per_component is off: component_prompts has no effect"),
            (
                ["guidance_scale": "1", "negative_prompt": "a"],
                "there is no guidance: negative_prompt has no effect"
            ),
            (
                ["steps": "0", "fill": "patch", "blend": "poisson", "watermark": "a"],
                "steps is 0: prompt, blend, watermark have no effect"
            ),
        ] as [([String: String], String)])
    func whatIsIdleIsSaid(_ settings: [String: String], _ said: String) throws {
        #expect(try idle(.inpaint, settings) == [said])
    }

    @Test func aRegionHasOneSize() throws {
        #expect(
            try idle(.inpaint, ["region": "mask", "work_size": "128x64", "region_size": "128"])
                == ["work_size is in its place: region_size has no effect"])
        #expect(
            try idle(.inpaint, ["region": "mask", "work_size": "128"])
                == ["region is mask and work_size no WIDTHxHEIGHT: work_size has no effect"])
    }

    @Test(arguments: [
        ["mask_mode": "soft", "soft_bias": "2", "mask_feather": "9", "mask_blur": "2"],
        ["region": "mask", "mask_padding": "9", "region_size": "128"],
        ["region": "mask", "mask_padding": "9", "work_size": "128x64"],
        ["per_component": "true", "component_prompts": "a"],
        ["guidance_scale": "2", "negative_prompt": "a"],
        ["steps": "0", "fill": "patch", "prompt": "", "mask_feather": "9", "mask_mode": "soft"],
    ])
    func whatHasAnEffectIsNotSaid(_ settings: [String: String]) throws {
        #expect(try idle(.inpaint, settings).isEmpty)
    }

    @Test func shippedPresetsHaveNothingIdle() throws {
        for preset in try PresetShelf.shipped() where !preset.hasEdits {
            let prompt = Setting("prompt", "x", at: .argument("--prompt"))
            for verb in preset.verbs {
                let settings = preset.name == "heal-spots" ? [] : [prompt]
                let recipe = try Recipe(verb, presets: [preset], settings: settings)
                #expect(recipe.idleSettings(of: verb).isEmpty, "\(preset.name) \(verb)")
            }
        }
    }

    @Test func aCanvasHasIdleSettingsToo() throws {
        let sides = ["left": "8", "gravity": "top"]
        #expect(
            try idle(.outpaint, sides) == ["there is no aspect or size: gravity has no effect"])
        #expect(try idle(.outpaint, ["aspect": "2:1", "gravity": "top"]).isEmpty)
        let once = ["left": "8", "canvas_passes": "one", "region_size": "64"]
        #expect(try idle(.outpaint, once) == ["canvas_passes is one: region_size has no effect"])
        let stepless = ["left": "8", "steps": "0", "prompt": "", "overlap": "16"]
        #expect(try idle(.outpaint, stepless) == ["steps is 0: overlap has no effect"])
    }
}
