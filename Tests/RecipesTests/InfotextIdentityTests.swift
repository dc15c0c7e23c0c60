import Recipes
import Sampling
import Testing

/// Writing the settings of a picture and reading them gives the same values, for every key.
@Suite struct InfotextIdentityTests {
    /// `style` is put around the prompts before anything is written.
    private static let keys = Recipe.keys.filter { $0.name != "style" }

    private static func values(_ key: Key) -> [String] {
        switch key.name {
        case "prompt", "negative_prompt", "component_prompts", "watermark":
            return [
                "a: b, \"c\" \\ d", "Negative prompt: x\nSteps: 1, Sampler: a, CFG scale: 2",
                " a\tb\n\n  c\u{1}", "貓 e\u{301}\u{2028}x", "\"quoted\"", "a <lora:fur:0.5> b",
                "<lora:fur:0.5> a hut", "<lora:fur:0.5>\na hut", "a <lora:fur:0.5>hut ",
            ]
        case "lora":
            return [
                "fur:1:lbw=OUTD", "fur:0.5:0.25:lbw=1,1,1,1,1,1,0.5,0,0,0,0,0,0,0,0,0,0", "fur:0.5",
                "fur:0.5;b c:-1", "a,b:0.5;c(d)", "a>b:0.5",
            ]
        case "wildcard_prompt", "wildcard_negative_prompt": return ["a {b|c}, __d__"]
        case "control":
            return [
                "edges:1", "edges=canny:0.5", "a b=my map.png:2@0.25-0.75;tile:1",
                "a=canny(50,150):1:control;b=scribble:2:guess", "a=blur(2.5):1:prompt",
            ]
        case "embedding": return ["a b", "one;two, three"]
        case "vae", "unet", "inpaint_base", "inpaint_delta": return ["other", "other v2, pruned"]
        case "fill": return ["blur", "edge", "patch", "noise", "nothing", "color:#112233"]
        case "avoid": return ["x", "rect:8,8,12,10;men.png", "color:#00ff00~20;alpha"]
        case "left", "right", "top", "bottom": return ["8", "12.5%"]
        case "aspect": return ["16:9"]
        case "size": return ["640x512"]
        case "work_size": return ["full", "768", "640x512"]
        case "steps": return ["1", "33", "1000"]
        case "scheduler": return SchedulerName.allCases.map(\.rawValue)
        case "hires_scheduler": return ["euler", "dpmpp-2m karras", "dpmpp-2s-ancestral beta"]
        case "hires_size", "seed_resize_from": return ["640x512"]
        default: return values(of: key.form)
        }
    }

    private static func values(of form: Key.Form) -> [String] {
        switch form {
        case .text: ["x"]
        case .flag: ["true", "false"]
        case .number(let range):
            ["\(range.lowerBound)", "\(range.upperBound)", "0.6"]
                .filter { $0 != "0.6" || range.lowerBound == 0 }
        case .whole(let range): ["\(range.lowerBound)", "\(range.upperBound)"]
        case .seed: ["0", "\(UInt64.max)"]
        case .choice(let words): words
        case .orDefault(let form): values(of: form)
        }
    }

    static let cases = Verb.allCases.flatMap { verb in
        keys.filter { $0.verbs.contains(verb) }.flatMap { key in
            values(key).map { (verb, key.name, $0) }
        }
    }

    /// The picture that a recipe makes, as the tool knows it.
    private func provenance(_ recipe: Recipe, _ verb: Verb) -> Provenance {
        let loras = recipe.loras.map {
            Provenance.AddOn(
                key: "lora", name: $0.name, hash: "0123456789ab", strength: $0.strength,
                textStrength: $0.textStrength, blocks: $0.blocks)
        }
        return Provenance(
            verb: verb, model: "a: model, pruned",
            scheduler: recipe.scheduler?.rawValue ?? "ddim", seed: recipe.seed ?? 42,
            size: Size(width: recipe.width ?? 640, height: recipe.height ?? 512),
            program: "gesso 1", addOns: loras)
    }

    @Test(arguments: cases)
    func aTextGivesBackWhatItWasWrittenOf(_ verb: Verb, _ name: String, _ value: String) throws {
        let origin = Origin.argument("--set")
        var given = [Setting(name, value, at: origin)]
        if name != "prompt" { given.append(Setting("prompt", "a lake", at: origin)) }
        let written = try Recipe(verb, settings: given).takingLoRATags().recipe
        let text = written.infotext(provenance(written, verb))
        let picture = PictureSettings(Infotext(text), of: "a.png")
        #expect(picture.verb == verb)
        #expect(picture.leftOut.isEmpty)
        let read = try Recipe(verb, presets: [Preset(picture)]).takingLoRATags().recipe
        let file = RecipeWriter.text("x", [RecipeWriter.Section(picture)])
        let preset = try Preset(Array(file.utf8), path: "a.yaml")
        let again = try Recipe(verb, presets: [preset]).takingLoRATags().recipe
        for key in Self.keys where key.verbs.contains(verb) {
            guard let value = key.value(in: written) else { continue }
            // A choice that changes nothing is left out, and a preset's seed is a comment.
            guard key.name != "mask_latent", key.name != "rng" else { continue }
            #expect(key.value(in: read) == value, "\(text)")
            guard key.name != "seed" else { continue }
            #expect(key.value(in: again) == value, "\(file)")
        }
        #expect(read.maskLatent == written.maskLatent)
        #expect(again.maskLatent == written.maskLatent)
        #expect(read.generator == written.generator)
        #expect(again.generator == written.generator)
    }

    /// Readers take a mark of the order of bytes off the text.
    @Test func aPromptMayBeginWithAMark() throws {
        var recipe = Recipe(.textToImage)
        recipe.prompt = "\u{FEFF}a hut"
        let text = recipe.infotext(provenance(recipe, .textToImage))
        let picture = try #require(
            try PictureSettings(texts: [(keyword: "parameters", value: text)], of: "a.png"))
        #expect(Array(picture.prompt.utf8) == Array(recipe.prompt.utf8))
    }

    @Test func filesAreNamedWithoutTheirFolders() throws {
        var recipe = Recipe(.imageToImage)
        recipe.prompt = "x"
        recipe.unet = "/home/someone/secret/unet.safetensors"
        let text = recipe.infotext(provenance(recipe, .imageToImage))
        #expect(text.contains("Gesso unet: unet"))
        #expect(!text.contains("secret"))
    }
}
