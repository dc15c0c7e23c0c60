import Recipes
import Sampling
import Testing

/// The second run over a picture made larger, and what the noise grows from.
@Suite struct HiresTests {
    private func recipe(_ settings: [String: String]) throws -> Recipe {
        let origin = Origin.argument("--set")
        return try Recipe(
            .textToImage,
            settings: settings.merging(["prompt": "a lake"]) { own, _ in own }
                .sorted { $0.key < $1.key }
                .map { Setting($0.key, $0.value, at: origin) })
    }

    @Test(arguments: [
        (["hires_scale": "2"], Size(width: 1024, height: 1536), Size(width: 1024, height: 1536)),
        (["hires_scale": "1.3"], Size(width: 664, height: 992), Size(width: 664, height: 992)),
        (["hires_size": "768x768"], Size(width: 768, height: 1152), Size(width: 768, height: 768)),
        (
            ["hires_size": "512x1024"], Size(width: 682, height: 1024),
            Size(width: 512, height: 1024)
        ),
    ])
    func sizes(_ settings: [String: String], _ full: Size, _ kept: Size) throws {
        let hires = try recipe(settings).hires
        #expect(hires.isOn)
        let sizes = hires.sizes(over: Size(width: 512, height: 768))
        #expect(sizes.full == full)
        #expect(sizes.kept == kept)
    }

    @Test func theSecondRunHasSettingsOfItsOwn() throws {
        let recipe = try recipe([
            "hires_scale": "2", "hires_steps": "9", "hires_strength": "0.4",
            "hires_prompt": "a sea",
            "hires_scheduler": "DPM++ 2M Karras", "hires_guidance_scale": "5",
            "scheduler": "ddim", "eta": "0.5", "negative_prompt": "fog",
        ])
        let second = recipe.ofSecondRun
        #expect(!second.hires.isOn)
        #expect(second.steps == 9)
        #expect(second.strength == 0.4)
        #expect(second.prompt == "a sea")
        #expect(second.negativePrompt == "fog")
        #expect(second.scheduler == .dpmppMultistep)
        #expect(second.sigmas == .karras)
        #expect(second.eta == 0)
        #expect(second.guidanceScale == 5)
    }

    @Test func withoutSettingsItIsAsTheFirst() throws {
        let recipe = try recipe([
            "hires_scale": "2", "scheduler": "dpmpp-2m", "sigmas": "karras", "steps": "30",
            "compat": "a1111",
        ])
        let second = recipe.ofSecondRun
        #expect(second.steps == 30)
        #expect(second.prompt == "a lake")
        #expect(second.scheduler == .dpmppMultistep)
        #expect(second.sigmas == .karras)
        // A1111 makes as many steps as are asked for.
        #expect(second.stepRule == .a1111Exact)
    }

    @Test func itsPromptsTakeStylesAndDrawWords() throws {
        let book = try StyleBook(
            Array("name,prompt,negative_prompt\nOil,oil painting of {prompt},photo\n".utf8),
            path: "styles.csv")
        let recipe = try recipe([
            "hires_scale": "2", "hires_prompt": "a {sea|sea}", "hires_negative_prompt": "fog",
            "style": "Oil",
        ]).takingStyles { () throws(RecipeError) in book }
        let second = recipe.drawingWildcards(from: []).recipe.ofSecondRun
        #expect(second.prompt == "oil painting of a sea")
        #expect(second.negativePrompt == "fog, photo")
        let plain = try self.recipe(["hires_scale": "2", "style": "Oil"])
            .takingStyles { () throws(RecipeError) in book }
        #expect(plain.hires.prompt.isEmpty)
        #expect(plain.ofSecondRun.prompt == "oil painting of a lake")
    }

    @Test func whatHasNoEffectIsNamed() throws {
        #expect(
            try recipe(["hires_steps": "9", "variation_seed": "4"]).idleSettings(of: .textToImage)
                == [
                    "hires_scale is 1: hires_steps has no effect",
                    "variation_strength is 0: variation_seed has no effect",
                ])
        #expect(
            try recipe(["hires_scale": "2", "hires_size": "64x64"])
                .idleSettings(of: .textToImage)
                == ["there is a hires_size: hires_scale has no effect"])
    }

    @Test func compatImpliesTheGenerator() throws {
        #expect(try recipe(["compat": "a1111"]).generator == .nv)
        #expect(try recipe(["compat": "a1111-exact"]).generator == .nv)
        #expect(try recipe(["compat": "a1111", "rng": "torch"]).generator == .torch)
        #expect(try recipe(["compat": "comfy"]).generator == .torch)
        #expect(try recipe(["rng": "nv"]).generator == .nv)
        #expect(try recipe([:]).generator == .torch)
    }

    @Test func theSeedOfAVariationIsDrawnWhereThereIsOne() throws {
        #expect(try recipe([:]).drawingSeed().recipe.noise.variationSeed == nil)
        let drawn = try recipe(["variation_strength": "0.2"]).drawingSeed().recipe
        #expect(drawn.noise.variationSeed != nil)
        let settings = try recipe([
            "seed_resize_from": "512x768", "seed_delta": "-3", "variation_seed": "7",
        ]).noiseSettings(factor: 8)
        #expect(settings.resizedFrom == NoiseSize(height: 96, width: 64))
        #expect(settings.seedDelta == UInt64.max - 2)
        #expect(settings.variationSeed == 7)
    }
}
