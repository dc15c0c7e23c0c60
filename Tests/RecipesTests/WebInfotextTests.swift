import Recipes
import Sampling
import Testing

/// Texts as AUTOMATIC1111 and its extensions write them come back as settings, and these as the same text.
@Suite struct WebInfotextTests {
    private static let unit =
        "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 0.8, "
        + "Resize Mode: Crop and Resize, Processor Res: 512, Threshold A: 50.0, Threshold B: 150.0, "
        + "Guidance Start: 0.0, Guidance End: 0.75, Pixel Perfect: True, "
    private static let tile =
        "Module: tile_resample, Model: control_v11f1e_sd15_tile [a371b31b], Weight: 1.0, "
        + "Resize Mode: Crop and Resize, Processor Res: 512, Threshold A: 1.0, Threshold B: 0.5, "
        + "Guidance Start: 0.0, Guidance End: 1.0, Pixel Perfect: True, "

    /// What is between a usual beginning and the version.
    static let texts: [(what: String, prompt: String, settings: String)] = [
        ("a checkpoint's hash", "a lake", "Clip skip: 2"),
        (
            "hires", "a lake",
            "Denoising strength: 0.45, Hires upscale: 1.5, Hires steps: 12, Hires upscaler: Latent"
        ),
        (
            "hires to a size", "a lake",
            "Denoising strength: 0.7, Hires resize: 1024x1536, Hires upscaler: Latent (nearest-exact)"
        ),
        (
            "hires of its own", "a lake",
            "Denoising strength: 0.3, Hires upscale: 2, Hires upscaler: Lanczos, "
                + "Hires sampler: DPM++ 2M, Hires schedule type: Karras, "
                + "Hires prompt: \"a sea, waves\", Hires negative prompt: fog, Hires CFG Scale: 5"
        ),
        ("a variation", "a lake", "Variation seed: 99, Variation seed strength: 0.3"),
        (
            "a resized seed", "a lake",
            "Variation seed: 7, Variation seed strength: 0.1, Seed resize from: 512x512"
        ),
        ("ENSD", "a lake", "ENSD: 31337"), ("numbers of the processor", "a lake", "RNG: CPU"),
        ("a ControlNet", "a lake", "ControlNet 0: \"\(unit)Control Mode: Balanced\""),
        (
            "a ControlNet that counts for more", "a lake",
            "ControlNet 0: \"\(unit)Control Mode: ControlNet is more important\""
        ),
        (
            "a ControlNet of the second run", "a lake",
            "Denoising strength: 0.5, Hires upscale: 2, Hires upscaler: Latent, "
                + "ControlNet 0: \"\(unit)Control Mode: Balanced, Hr Option: High res only\""
        ),
        (
            "two ControlNets", "a lake",
            "ControlNet 0: \"\(unit)Control Mode: My prompt is more important\", "
                + "ControlNet 1: \"\(tile)Control Mode: Balanced\""
        ),
        (
            "wildcards", "a red cat",
            "Wildcard prompt: \"a {red|blue} cat\", Wildcard negative prompt: __bad__"
        ),
        (
            "blocks of a LoRA", "a lake <lora:fur:0.8:lbw=IND>",
            "Lora hashes: \"fur: 0123456789ab\""
        ),
        (
            "two LoRAs",
            "a lake <lora:fur:0.6:0.8:lbw=1,0,0,0,1,1,1,0,0,0,0,0,0,0,0,0,0> <lora:ink:1>",
            "Lora hashes: \"fur: 0123456789ab, ink: 112233445566\""
        ),
        (
            "embeddings", "a lake, my-style",
            "TI hashes: \"my-style: c74b4e810b03, easynegative: 0123456789ab\""
        ),
        ("tokens merged", "a lake", "Token merging ratio: 0.5"),
        (
            "a mask", "a lake",
            "Denoising strength: 0.6, Mask blur: 8, Inpaint area: Only masked, Masked area padding: 48"
        ),
        (
            "soft inpainting", "a lake",
            "Denoising strength: 1, Mask blur: 4, Soft inpainting enabled: True, "
                + "Soft inpainting schedule bias: 1, Soft inpainting preservation strength: 0.5, "
                + "Soft inpainting transition contrast boost: 4, Soft inpainting mask influence: 0, "
                + "Soft inpainting difference threshold: 0.5, Soft inpainting difference contrast: 2"
        ),
    ]

    /// What is known of the picture beside its recipe, from the text as the library has it from files.
    private func provenance(_ text: Infotext, _ recipe: Recipe, _ verb: Verb) -> Provenance {
        let hashes = Dictionary(
            (text["Lora hashes"] ?? "").split(separator: ", ").map { pair in
                let parts = pair.split(separator: ": ").map(String.init)
                return (parts[0], parts[1])
            }
        ) { first, _ in first }
        let loras = recipe.loras.map {
            Provenance.AddOn(
                key: "lora", name: $0.name, hash: hashes[$0.name] ?? "", strength: $0.strength,
                textStrength: $0.textStrength, blocks: $0.blocks)
        }
        let embeddings = (text["TI hashes"] ?? "").split(separator: ", ").map { pair in
            let parts = pair.split(separator: ": ").map(String.init)
            return Provenance.AddOn(key: "embedding", name: parts[0], hash: parts[1])
        }
        let known = ["control_v11p_sd15_canny": "d14c016b", "control_v11f1e_sd15_tile": "a371b31b"]
        let controls = recipe.controls.map {
            Provenance.AddOn(
                key: "control", name: $0.network, hash: known[$0.network] ?? "", asked: $0.network)
        }
        return Provenance(
            verb: verb, model: text["Model"] ?? "none",
            scheduler: recipe.scheduler?.rawValue ?? "", seed: recipe.seed ?? 0,
            size: Size(width: 512, height: 768), program: "gesso 1", modelHash: text["Model hash"],
            addOns: loras + embeddings + controls)
    }

    @Test(arguments: texts)
    func comesBackAsTheSameText(_ what: String, _ prompt: String, _ settings: String) throws {
        let text = Infotext(
            """
            \(prompt)
            Negative prompt: blurry, low quality
            Steps: 30, Sampler: Euler a, Schedule type: Automatic, CFG scale: 6.5, Seed: 1234, \
            Size: 512x768, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, \(settings), \
            Version: v1.9.4
            """)
        let picture = PictureSettings(text, of: "a.png")
        #expect(picture.leftOut.isEmpty)
        let verb = picture.verb
        let recipe = try Recipe(verb, presets: [Preset(picture)]).takingLoRATags().recipe
        let written = Infotext(recipe.infotext(provenance(text, recipe, verb)))
        #expect(written.prompt == text.prompt)
        #expect(written.negativePrompt == text.negativePrompt)
        for entry in text.settings where entry.name != "Version" {
            // The schedule type is left open as A1111 does it where it is automatic.
            if entry.name == "Schedule type", entry.value == "Automatic" { continue }
            #expect(written[entry.name] == entry.value, "\(entry.name)")
        }
        // Nothing is needed beside what A1111 has names for, but what says who drew the numbers.
        let own = Set(written.settings.map(\.name)).subtracting(text.settings.map(\.name))
        #expect(
            own.subtracting(["RNG", "Edit", "Mask blur", "Masked content", "Gesso mask feather"])
                .isEmpty, "\(own)")
        let again = PictureSettings(written, of: "b.png")
        #expect(
            try Recipe(verb, presets: [Preset(again)]).takingLoRATags().recipe == recipe)
    }

    /// Units of the ControlNet extension with what they come to; nil for what has no counterpart.
    @Test(arguments: [
        (
            "preprocessor: canny, model: net_a [12345678], weight: 1, starting/ending: (0.1, 0.9), "
                + "resize mode: Crop and Resize, pixel perfect: False, control mode: Balanced, "
                + "preprocessor params: (512, 60, 120)", "net_a=canny(60,120):1@0.1-0.9"
        ),
        ("Module: inpaint_only, Model: net, Weight: 1.0", "net=surroundings:1"),
        ("Module: canny, Model: net [x] [0a1b2c3d], Weight: 1.0", "net [x]=canny:1"),
        ("Module: canny, Model: net [], Note: (a, b), Weight:2: 0.5", "net []=canny:1"),
        ("Module: none, Model: some_tile, Weight: 1.0", "some_tile:1"),
        (
            "Module: canny, Model: net, Weight: 1.0, Control Mode: ControlMode.BALANCED, "
                + "Hr Option: HiResFixOption.LOW_RES_ONLY", "net=canny:1:first"
        ),
        ("Module: canny, Model: net, Weight: 1.0, Hr Option: HiResFixOption.SOMETIMES", nil),
        ("Module: none, Model: depth_net, Weight: 1.0", nil),
        ("Module: openpose_full, Model: net, Weight: 1.0", nil),
        ("Module: canny, Model: None, Weight: 1.0", nil),
        ("Module: canny, Model: net, Weight: 1.0, Hr Option: Low res only", "net=canny:1:first"),
        ("Module: canny, Model: net, Weight: 1.0, Hr Option: Sometimes", nil),
    ])
    func unitsAreReadOrNamed(_ unit: String, _ control: String?) {
        let picture = PictureSettings(
            Infotext(
                "x\nSteps: 1, Sampler: Euler, CFG scale: 7, Seed: 1, ControlNet 0: \"\(unit)\""),
            of: "a.png")
        #expect(picture.settings.first { $0.key == "control" }?.value == control)
        #expect(picture.leftOut.map(\.name) == (control == nil ? ["ControlNet 0"] : []))
    }

    @Test(arguments: [
        ("a my-style lake", true), ("My-Style", true), ("(my-style:1.2), x", true),
        ("embedding:my-style", true), ("a my-styled lake", false), ("amy-style", false),
        ("my style", false), ("my-style2", false), ("", false),
    ])
    func promptsNameEmbeddingsByWholeWords(_ prompt: String, _ isNamed: Bool) {
        var recipe = Recipe(.textToImage)
        recipe.prompt = prompt
        #expect(recipe.names(embedding: "my-style") == isNamed)
        recipe.prompt = "x"
        recipe.negativePrompt = prompt
        #expect(recipe.names(embedding: "my-style") == isNamed)
    }

    @Test func wordsWithinLongerOnesAreNotHeld() {
        var recipe = Recipe(.textToImage)
        recipe.prompt = #"By bad artist -neg, neg\(v2\), a lake"#
        recipe.negativePrompt = "Neg"
        let words = PromptWords(recipe)
        let held = words.held(
            of: ["By bad artist -neg", "bad", "neg(v2)", "neg", "NEG", "lak", "v2", ""])
        #expect(held == ["By bad artist -neg", "neg(v2)", "neg", "NEG"])
        recipe.prompt = String(repeating: "a ", count: 30_001)
        #expect(PromptWords(recipe).held(of: ["a", "a a"]) == ["a", "a a"])
    }

    @Test func aPromptThatIsGivenWasDrawnFromNothing() throws {
        let picture = PictureSettings(
            Infotext(
                "a red cat\nSteps: 1, Sampler: Euler, CFG scale: 7, Seed: 1\nTemplate: a {red|blue} cat"
            ),
            of: "a.png")
        let preset = Preset(picture)
        #expect(
            try Recipe(.textToImage, presets: [preset]).wildcardPrompt == "a {red|blue} cat")
        let given = try Recipe(
            .textToImage, presets: [preset],
            settings: [Setting("prompt", "a dog", at: .argument("--prompt"))])
        #expect(given.wildcardPrompt == nil)
        // Nor from what another seed, a preset or a style makes of it.
        func direct(_ key: String, _ value: String) -> Setting {
            Setting(key, value, at: .argument("--" + key))
        }
        for (seed, isKept) in [("1", true), ("2", false), ("random", false)] {
            let seeded = try Recipe(
                .textToImage, presets: [preset], settings: [direct("seed", seed)])
            #expect((seeded.wildcardPrompt != nil) == isKept, "\(seed)")
            #expect(seeded.prompt == "a red cat")
        }
        for prompt in ["fixed", "\"photo of {prompt}\""] {
            let other = try Preset(Array("prompt: \(prompt)\n".utf8), path: "p3.yaml")
            let over = try Recipe(.textToImage, presets: [preset, other])
            #expect(over.wildcardPrompt == nil, "\(over.prompt)")
        }
        let book = try StyleBook(Array("name,prompt\nOil,oil\n".utf8), path: "styles.csv")
        let styled = try Recipe(
            .textToImage, presets: [preset], settings: [direct("style", "Oil")]
        ).takingStyles { () throws(RecipeError) in book }
        #expect(styled.prompt == "a red cat, oil" && styled.wildcardPrompt == nil)
    }
}
