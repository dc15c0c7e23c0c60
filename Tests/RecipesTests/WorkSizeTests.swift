import Recipes
import Testing

/// At which size the model works.
@Suite struct WorkSizeTests {
    private func recipe(_ settings: [String: String], _ verb: Verb = .inpaint) throws -> Recipe {
        try Recipe(verb, settings: settings.map { Setting($0, $1, at: .argument("--set")) })
    }

    @Test(arguments: ["auto", "full", "64", "4096", "768x512"])
    func aSizeIsTheSameAfterWriting(_ text: String) throws {
        let recipe = try recipe(["work_size": text])
        let key = try #require(Recipe.key("work_size"))
        #expect(key.value(in: recipe).map { "\($0)" } == text)
    }

    @Test(arguments: ["", "0", "63", "4097", "512x", "x512", "512x63", "5000x512", "Auto", "-512"])
    func otherTextsAreRefused(_ text: String) {
        #expect(throws: RecipeError.self) { try recipe(["work_size": text]) }
    }

    @Test func aLargePictureIsWorkedOnAtTheModelsSize() throws {
        let most = 384 * 256
        let auto = try recipe([:])
        #expect(auto.workArea(onPixels: most, side: 256, native: 256) == nil)
        let area = try #require(auto.workArea(onPixels: most + 1, side: 256, native: 256))
        #expect(area.size == Size(width: 256, height: 256) && area.isOfAnyShape)
    }

    @Test(arguments: [
        ["work_size": "full"], ["region": "mask"], ["compat": "a1111"], ["compat": "diffusers"],
        ["compat": "comfy"],
    ])
    func otherRulesAreKept(_ settings: [String: String]) throws {
        #expect(
            try recipe(settings).workArea(onPixels: 12_000_000, side: 512, native: 512) == nil)
    }

    @Test func aSizeThatIsGivenHoldsForEveryPicture() throws {
        let side = try recipe(["work_size": "320", "compat": "a1111"])
        #expect(side.workArea(onPixels: 100, side: 512, native: 512)?.size.width == 320)
        let size = try recipe(["work_size": "320x200"])
        let area = try #require(size.workArea(onPixels: 100, side: 512, native: 512))
        #expect(area.size == Size(width: 320, height: 200) && !area.isOfAnyShape)
    }

    @Test func whatHasNoEffectAtASizeIsSaid() throws {
        let settings = ["mask_padding": "9", "detail": "off", "prompt": "x"]
        let recipe = try recipe(settings)
        #expect(
            recipe.idleSettings(of: .inpaint, isScaled: false) == [
                "region is whole: mask_padding has no effect",
                "the model works at the picture's own size: detail has no effect",
            ])
        #expect(recipe.idleSettings(of: .inpaint, isScaled: true).isEmpty)
    }
}
