import Recipes
import Sampling
import Testing

@Suite struct InfotextTests {
    private func provenance(_ verb: Verb, model: String = "sd15") -> Provenance {
        Provenance(
            verb: verb, model: model, scheduler: "euler-a", seed: 42,
            size: Size(width: 640, height: 512), program: "gesso 1.2.3")
    }

    @Test func settingsStandInA1111sOrder() {
        var recipe = Recipe(.imageToImage)
        recipe.prompt = "a cat\non a mat"
        recipe.negativePrompt = "dog"
        recipe.sigmas = .karras
        recipe.guidanceScale = 8
        #expect(
            recipe.infotext(provenance(.imageToImage)) == """
                a cat
                on a mat
                Negative prompt: dog
                Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 8, Seed: 42, \
                Size: 640x512, Model: sd15, Denoising strength: 0.75, RNG: CPU, Edit: img2img, \
                Version: gesso 1.2.3
                """)
    }

    @Test func whatDoesNotApplyIsLeftOut() {
        var recipe = Recipe(.textToImage)
        recipe.prompt = "a cat"
        #expect(
            recipe.infotext(provenance(.textToImage)) == """
                a cat
                Steps: 20, Sampler: Euler a, CFG scale: 7.5, Seed: 42, Size: 640x512, \
                Model: sd15, RNG: CPU, Edit: txt2img, Version: gesso 1.2.3
                """)
    }

    @Test func noWatermarkIsClaimedWhereNoModelRan() {
        var recipe = Recipe(.inpaint)
        (recipe.fill, recipe.watermark) = (.edge, "mine")
        #expect(recipe.infotext(provenance(.inpaint)).contains("watermark: mine"))
        recipe.steps = 0
        #expect(!recipe.infotext(provenance(.inpaint)).contains("watermark"))
    }

    @Test func masksAreDescribed() {
        var recipe = Recipe(.inpaint)
        recipe.invertMask = true
        let text = recipe.infotext(provenance(.inpaint))
        #expect(
            text.contains(
                "Denoising strength: 1, RNG: CPU, Mask mode: Inpaint not masked, Mask blur: 0,"))
        #expect(
            !Recipe(.outpaint).infotext(provenance(.outpaint)).contains("Mask blur"))
    }

    @Test func valuesThatWouldBreakTheLineAreQuoted() {
        let text = Recipe(.inpaint).infotext(provenance(.inpaint, model: "a, \"b\": c\\\n"))
        #expect(text.contains(#"Model: "a, \"b\": c\\\n", Denoising"#))
    }

    @Test func controlCharactersBecomeBlanks() {
        var recipe = Recipe(.textToImage)
        recipe.prompt = "a\0b\u{1B}c\u{85}d 貓"
        #expect(recipe.infotext(provenance(.textToImage)).hasPrefix("a b c d 貓\n"))
    }
}
