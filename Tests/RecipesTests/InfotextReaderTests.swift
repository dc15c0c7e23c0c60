import Recipes
import Testing

@Suite struct InfotextReaderTests {
    /// As AUTOMATIC1111's web UI 1.9 writes it.
    @Test func aPictureOfA1111IsRead() {
        let read = Infotext(
            """
            a photo of a cat, <lora:fur:0.8>
            on a mat
            Negative prompt: dog,
            blurry
            Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234567890, \
            Size: 512x768, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, \
            Denoising strength: 0.75, Mask blur: 4, Lora hashes: "fur: 0123abcd, b: \\"x\\"", \
            Version: v1.9.4
            """)
        #expect(read.prompt == "a photo of a cat, <lora:fur:0.8>\non a mat")
        #expect(read.negativePrompt == "dog,\nblurry")
        #expect(read.settings.count == 12)
        #expect(read["Sampler"] == "DPM++ 2M")
        #expect(read["Schedule type"] == "Karras")
        #expect(read["Size"] == "512x768")
        #expect(read["Lora hashes"] == "fur: 0123abcd, b: \"x\"")
        #expect(read["Version"] == "v1.9.4")
        #expect(read["Clip skip"] == nil)
    }

    @Test func ourOwnComesBack() throws {
        var recipe = Recipe(.imageToImage)
        recipe.prompt = "a: b, c"
        recipe.negativePrompt = "d"
        let text = recipe.infotext(
            Provenance(
                verb: .imageToImage, model: "a, \"b\": c\\d", scheduler: "euler", seed: .max,
                size: Size(width: 8, height: 9), program: "gesso 1"))
        let read = Infotext(text)
        #expect(read.prompt == "a: b, c")
        #expect(read.negativePrompt == "d")
        #expect(read["Model"] == "a, \"b\": c\\d")
        #expect(read["Seed"] == "18446744073709551615")
    }

    /// Fewer than three settings are none.
    @Test(arguments: ["", "a cat", "a cat\nin: a, hat: on", ":::", "a:", "\"", "Steps: \"1, b"])
    func wordsAloneAreAPrompt(_ text: String) {
        let read = Infotext(text)
        #expect(read.prompt == text)
        #expect(read.settings.isEmpty)
    }

    @Test func anOpenQuoteIsText() {
        let read = Infotext("x\nSteps: 1, Model: \"a b, Seed: 2, Size: 1x1")
        #expect(read["Model"] == "\"a b")
        #expect(read["Seed"] == "2")
    }

    @Test func longTextTakesNoTime() {
        let line = String(repeating: "word ", count: 200_000)
        #expect(Infotext(line).settings.isEmpty)
        #expect(Infotext(String(repeating: "ab:\"", count: 50_000)).settings.count <= 1)
        // Quadratic time would be minutes for these.
        let lines = String(repeating: "ab: x\n", count: 30_000)
        #expect(Infotext("a\nSteps: 1, Seed: 2, " + lines).settings.count == 30_002)
        let within = String(repeating: "x, Steps: 1, b ", count: 20_000)
        #expect(Infotext(within).settings.count > 3)
    }
}
