import Recipes
import Sampling
import Testing

/// Settings of others' pictures, under the names of recipes.
@Suite struct PictureSettingsTests {
    private func settings(_ text: String) -> PictureSettings {
        PictureSettings(Infotext(text), of: "old.png")
    }

    private func preset(_ text: String) -> Preset { Preset(settings(text)) }

    @Test func settingsOfA1111BecomeOurs() throws {
        let text = """
            a house, (red:1.2)
            Negative prompt: people
            Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 12, \
            Size: 512x768, Model: v1-5, Denoising strength: 0.4, Mask blur: 8, \
            Masked content: fill, Mask mode: Inpaint not masked, Version: v1.10
            """
        let recipe = try Recipe(.inpaint, presets: [preset(text)])
        #expect(recipe.prompt == "a house, (red:1.2)")
        #expect(recipe.negativePrompt == "people")
        #expect(recipe.steps == 30)
        #expect(recipe.scheduler == .dpmppMultistep)
        #expect(recipe.sigmas == .karras)
        #expect(recipe.guidanceScale == 6.5)
        #expect(recipe.seed == 12)
        #expect(recipe.strength == 0.4)
        #expect(recipe.maskBlur == 8)
        #expect(recipe.fill == .blur)
        #expect(recipe.invertMask)
        let words = try Recipe(.textToImage, presets: [preset(text)])
        #expect(words.width == 512)
        #expect(words.height == 768)
    }

    @Test func anUnknownSamplerIsNotReplaced() {
        let text = "x\nSteps: 30, Sampler: DPM fast, CFG scale: 6, Seed: 1"
        let error = #expect(throws: RecipeError.self) {
            try Recipe(.imageToImage, presets: [preset(text)])
        }
        #expect(error.map { "\($0)".hasPrefix("scheduler is 'DPM fast': old.png: ") } == true)
    }

    /// Anyone may have written a picture's text: it names no file elsewhere.
    @Test(arguments: [
        ("ema.safetensors", "ema.safetensors"), ("/etc/x.safetensors", "x.safetensors"),
        ("..\\..\\x.pt", "x.pt"), ("None", nil), ("/", nil), ("a/..", nil),
    ])
    func aVAEIsAName(_ written: String, _ name: String?) {
        let read = settings("x\n\(line), VAE: \(written)")
        #expect(read.settings.first { $0.key == "vae" }?.value == name)
    }

    /// A seed is kept as a comment, which another line would be no part of.
    @Test func aPresetHasNoLinesOfASeed() throws {
        let seed = "\"1\\nnegative_prompt: people\""
        let text = "x\nSteps: 4, Sampler: Euler, CFG scale: 7, Seed: \(seed)"
        let section = RecipeWriter.Section(settings(text))
        let file = RecipeWriter.text("d", [section])
        #expect(!file.contains("people") && !file.contains("# seed"), "\(file)")
        #expect(section.leftOut == ["seed '1\nnegative_prompt: people'"])
    }

    private let line = "Steps: 4, Sampler: DPM++ 2M, CFG scale: 7, Seed: 1234, Size: 64x64"

    @Test(arguments: [
        ("Automatic", "DPM++ 2M", SigmaSpacing.karras), ("Automatic", "Euler", .default),
        ("Uniform", "DPM++ 2M", .uniform), ("Exponential", "DPM++ 2M", .exponential),
    ])
    func theScheduleTypeGoesWithTheSampler(
        _ type: String, _ sampler: String, _ sigmas: SigmaSpacing
    ) throws {
        let text = "x\nSteps: 4, Sampler: \(sampler), Schedule type: \(type), CFG scale: 7"
        #expect(try Recipe(.imageToImage, presets: [preset(text)]).sigmas == sigmas)
    }

    @Test func anUnknownScheduleTypeIsRefused() {
        let text = "x\nSteps: 4, Sampler: Euler, Schedule type: Turbo Loops, CFG scale: 7"
        let error = #expect(throws: RecipeError.self) {
            try Recipe(.imageToImage, presets: [preset(text)])
        }
        #expect(error.map { "\($0)".hasPrefix("scheduler is 'Euler Turbo Loops'") } == true)
    }

    @Test func whatHasNoCounterpartIsNoted() {
        let text = "x\n\(line), Face restoration: CodeFormer, ADetailer model: face.pt, ENSD: 0"
        let read = settings(text)
        #expect(read.leftOut.map(\.name) == ["Face restoration", "ADetailer model"])
        #expect(
            read.notes(for: [.imageToImage]) == [
                "old.png: no counterpart here, left out: Face restoration, ADetailer model"
            ])
    }

    @Test func everythingIsNamedInLinesOfABoundedLength() {
        let few = (1...6).map { "Pad \($0): 1" } + ["Tiling: True"]
        let read = settings(
            "x\n\(line), \(few.joined(separator: ", ")), Refiner: a, Refiner switch at: 1")
        #expect(
            read.notes(for: [.imageToImage]) == [
                "old.png: no counterpart here, left out: Pad (6 settings), Tiling, Refiner, "
                    + "Refiner switch at"
            ])
        let names = (1...40).map { "Name\($0)x" }
        let many = settings("x\n\(line), " + names.map { "\($0): 1" }.joined(separator: ", "))
            .notes(for: [])
        #expect(many.count > 1 && many.allSatisfy { $0.count < 240 })
        for name in names { #expect(many.contains { $0.contains(name) }) }
        let endless = settings(
            "x\n\(line), " + (1...900).map { "N\($0)x: 1" }.joined(separator: ", "))
        #expect(endless.notes(for: []).count == 9)
    }

    @Test("The second run of a picture from words does not enlarge a picture that is restyled")
    func secondRun() throws {
        let text = "x\n\(line), Denoising strength: 0.6, Hires upscale: 2, Hires upscaler: Latent"
        #expect(try Recipe(.textToImage, presets: [preset(text)]).hires.isOn)
        #expect(try !Recipe(.imageToImage, presets: [preset(text)]).hires.isOn)
        #expect(settings(text).notes(for: [.textToImage]) == [])
        let notes = settings(text).notes(for: [.imageToImage])
        #expect(notes.count == 1 && notes.allSatisfy { $0.contains("hires_scale") })
    }

    @Test func whatTheVerbDoesNotUseIsNoted() {
        let notes = settings("x\n\(line), Mask blur: 8, Inpaint area: Only masked")
            .notes(for: [.imageToImage])
        #expect(notes == ["old.png: no use in img2img, left out: mask_blur, region"])
    }

    /// Anyone may have written the picture.
    @Test(arguments: ["/etc/x", "../x", "a/b", "a\\\\b"])
    func aPictureNamesNoPath(_ path: String) {
        let read = settings("x\n\(line), Gesso vae: \(path)")
        #expect(read.leftOut.map(\.name) == ["Gesso vae"])
    }

    @Test(arguments: [
        ("Edit: upscale", Verb.upscale), ("Mask blur: 4", .inpaint),
        ("Denoising strength: 0.5", .imageToImage), ("Image CFG scale: 1.5", .instruct),
        ("Clip skip: 2", .textToImage),
    ])
    func theVerbIsTold(_ setting: String, _ verb: Verb) {
        #expect(settings("x\n\(line), \(setting)").verb == verb)
    }
}
