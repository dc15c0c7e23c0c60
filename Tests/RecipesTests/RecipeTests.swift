import Recipes
import Sampling
import Testing

private func direct(_ settings: KeyValuePairs<String, String>) -> [Setting] {
    settings.map { Setting($0, $1, at: .argument("--" + $0)) }
}

private func preset(_ text: String, name: String = "test") throws -> Preset {
    try Preset(Array(text.utf8), path: name)
}

@Suite struct RecipeTests {
    @Test func eachVerbHasItsDefaults() throws {
        let prompt = direct(["prompt": "x"])
        #expect(try Recipe(.imageToImage, settings: prompt).strength == 0.75)
        #expect(try Recipe(.inpaint, settings: prompt).strength == 1)
        #expect(try Recipe(.outpaint, settings: prompt).strength == 0.9)
        let recipe = try Recipe(.textToImage, settings: prompt)
        #expect(recipe.steps == 20)
        #expect(recipe.guidanceScale == 7.5)
        #expect(recipe.scheduler == nil)
        #expect(recipe.seed == nil)
        #expect(recipe.width == nil)
    }

    @Test func laterLayersWin() throws {
        let first = try preset("prompt: a\nsteps: 10\nstrength: 0.1\nguidance_scale: 1")
        let second = try preset("steps: 11\nstrength: 0.2")
        let recipe = try Recipe(
            .imageToImage, presets: [first, second], settings: direct(["strength": "0.3"]))
        #expect(recipe.guidanceScale == 1)
        #expect(recipe.steps == 11)
        #expect(recipe.strength == 0.3)
        #expect(recipe.prompt == "a")
    }

    /// Wherever the two are set.
    @Test(arguments: [("deep_cache", "2", "1"), ("token_merging", "0.5", "0")])
    func reuseNeedsAllLayersAndPixels(_ other: String, _ value: String, _ neutral: String) throws {
        let error = #expect(throws: RecipeError.self) {
            try Recipe(
                .inpaint, presets: [preset("prompt: a\n\(other): \(value)")],
                settings: direct(["reuse": "4"]))
        }
        #expect(
            error?.description
                == "reuse and \(other) cannot work together: --reuse: keep one, since reuse needs all of "
                + "the UNet's layers at all of its pixels")
        for (reuse, value) in [("4", neutral), ("1", value)] {
            let recipe = try Recipe(
                .outpaint,
                settings: [
                    Setting("prompt", "a", at: .argument("--prompt")),
                    Setting("reuse", reuse, at: .argument("--set")),
                    Setting(other, value, at: .argument("--set")),
                ])
            #expect("\(recipe.reuse)" == reuse)
        }
    }

    @Test func aPromptIsNeeded() throws {
        #expect(try Recipe(.upscale, settings: direct(["strength": "0"])).prompt == "")
        #expect(throws: RecipeError.missing(key: "prompt", verb: .inpaint)) {
            try Recipe(.inpaint, settings: direct(["steps": "3"]))
        }
    }

    @Test func theGivenPromptTakesThePlaceholder() throws {
        let style = try preset(
            "prompt: \"{prompt}, watercolor\"\nnegative_prompt: \"{prompt}, photo\"")
        let given = try Recipe(
            .imageToImage, presets: [style],
            settings: direct(["prompt": "a {prompt} cat", "negative_prompt": "dog"]))
        #expect(given.prompt == "a {prompt} cat, watercolor")
        #expect(given.negativePrompt == "dog, photo")
        let alone = try Recipe(.imageToImage, presets: [style])
        #expect(alone.prompt == "watercolor")
        #expect(alone.negativePrompt == "photo")
    }

    @Test func presetsStackTheirPrompts() throws {
        let plain = try preset("prompt: a cat")
        let style = try preset("prompt: \"{prompt}, watercolor\"")
        let night = try preset("prompt: \"night, {prompt}\"")
        func prompt(_ presets: [Preset], _ given: String? = nil) throws -> String {
            let settings = given.map { direct(["prompt": $0]) } ?? []
            return try Recipe(.imageToImage, presets: presets, settings: settings).prompt
        }
        #expect(try prompt([plain, style, night]) == "night, a cat, watercolor")
        #expect(try prompt([style, night], "a dog") == "night, a dog, watercolor")
        #expect(try prompt([style, plain]) == "a cat")
        #expect(try prompt([plain, style], "a dog") == "a dog, watercolor")
        #expect(try prompt([plain], "a dog") == "a dog")
        #expect(try prompt([style], "") == "watercolor")
    }

    @Test func aPresetIsOnlyForItsVerbs() throws {
        let outpaint = try preset("verb: outpaint\nprompt: x\nleft: 10", name: "wide")
        #expect(
            throws: RecipeError.wrongVerb(preset: "wide", verb: .inpaint, madeFor: [.outpaint])
        ) {
            try Recipe(.inpaint, presets: [outpaint])
        }
    }

    @Test func aPresetForManyVerbsMayHoldKeysOfSome() throws {
        let many = try preset("prompt: x\nmask_feather: 9\nwidth: 640")
        #expect(try Recipe(.inpaint, presets: [many]).maskFeather == 9)
        #expect(try Recipe(.inpaint, presets: [many]).width == nil)
        #expect(try Recipe(.textToImage, presets: [many]).width == 640)
    }

    @Test func argumentsAreHeldToTheVerb() {
        #expect(
            throws: RecipeError.unused(
                key: "width", at: .argument("--width"), by: [.imageToImage], usedBy: [.textToImage])
        ) {
            try Recipe(.imageToImage, settings: direct(["prompt": "x", "width": "512"]))
        }
    }

    @Test func anAssignmentIsSplitAtItsFirstEquals() throws {
        let setting = try Setting(assignment: "guidance-scale=a=b")
        #expect(setting.key == "guidance_scale")
        #expect(setting.value == "a=b")
        #expect(throws: RecipeError.self) { try Setting(assignment: "steps") }
    }

    @Test func aFlagAndSetOfOneKeyDisagree() {
        #expect(
            throws: RecipeError.repeated(
                key: "steps", at: .argument("--set"), first: .argument("--steps"))
        ) {
            try Recipe(
                .inpaint,
                settings: direct(["prompt": "x", "steps": "3"]) + [Setting(assignment: "steps=4")])
        }
    }

    @Test func aSchedulerNameMaySpreadTheSigmas() throws {
        let older = try Recipe(
            .inpaint,
            settings: direct(["sigmas": "default", "prompt": "", "scheduler": "DPM++ 2M Karras"]))
        #expect(older.scheduler == .dpmppMultistep)
        #expect(older.sigmas == .default)
        let style = try preset("scheduler: DPM++ 2M Karras\nprompt: x")
        #expect(try Recipe(.inpaint, presets: [style]).sigmas == .karras)
    }

    @Test func compatChoosesTheMaskUnlessItIsChosen() throws {
        let prompt = direct(["prompt": "x"])
        func mask(_ settings: [Setting]) throws -> MaskLatent {
            try Recipe(.inpaint, settings: prompt + settings).maskLatent
        }
        #expect(try mask([]) == .max)
        #expect(try mask(direct(["compat": "a1111"])) == .max)
        #expect(try mask(direct(["compat": "diffusers"])) == .nearest)
        #expect(try mask(direct(["compat": "diffusers", "mask_latent": "max"])) == .max)
    }

    @Test func aSeedIsDrawnOnlyIfNoneIsGiven() {
        var recipe = Recipe(.inpaint)
        let drawn = Set((0..<8).compactMap { _ in recipe.drawingSeed().seed })
        #expect(drawn.count > 1)
        #expect(drawn.allSatisfy { $0 <= UInt64(UInt32.max) })
        recipe.seed = 7
        #expect(recipe.drawingSeed().seed == 7)
    }

    @Test func keysAreWellFormed() {
        #expect(Set(Recipe.keys.map(\.name)).count == Recipe.keys.count)
        for key in Recipe.keys {
            #expect(key.name.allSatisfy { $0 == "_" || ($0.isLetter && $0.isLowercase) })
            #expect(!key.verbs.isEmpty)
            #expect(key.help.count < 60, "the help of \(key.name) is more than a line")
        }
    }
}

@Suite struct GrowthTests {
    private func sides(_ settings: KeyValuePairs<String, String>, _ width: Int, _ height: Int)
        throws -> [Int]
    {
        var all = direct(["prompt": "x"])
        all += direct(settings)
        let sides = try Recipe(.outpaint, settings: all).sides(width: width, height: height)
        return [sides.left, sides.right, sides.top, sides.bottom]
    }

    @Test func sidesArePixelsOrShares() throws {
        #expect(try sides(["left": "10", "top": "50%"], 200, 100) == [10, 0, 50, 0])
        #expect(try sides(["right": "12.5%", "bottom": "0"], 200, 100) == [0, 25, 0, 0])
    }

    @Test func aShapeExtendsOneWay() throws {
        #expect(try sides(["aspect": "16:9"], 512, 512) == [199, 199, 0, 0])
        #expect(try sides(["aspect": "9:16"], 512, 512) == [0, 0, 199, 199])
        #expect(try sides(["aspect": "1:1"], 101, 100) == [0, 0, 0, 1])
    }

    @Test func aSizeMustHoldThePicture() throws {
        #expect(try sides(["size": "103x100"], 100, 90) == [1, 2, 5, 5])
        #expect(throws: RecipeError.self) { try sides(["size": "99x200"], 100, 100) }
    }

    @Test func nothingToExtendIsAnError() {
        #expect(throws: RecipeError.self) { try sides([:], 100, 100) }
        #expect(throws: RecipeError.self) { try sides(["left": "0"], 100, 100) }
        #expect(throws: RecipeError.self) { try sides(["left": "1%"], 16, 16) }
        #expect(throws: RecipeError.self) { try sides(["aspect": "1:1"], 64, 64) }
        #expect(throws: RecipeError.self) { try sides(["size": "64x64"], 64, 64) }
    }

    @Test func theCanvasIsBounded() throws {
        #expect(try sides(["left": "500"], 65_000, 10) == [500, 0, 0, 0])
        #expect(throws: RecipeError.self) { try sides(["left": "501"], 65_000, 10) }
        #expect(throws: RecipeError.self) { try sides(["aspect": "1:10000"], 100, 100) }
    }

    @Test func aFormGivenLaterForgetsTheOthers() throws {
        let wide = try Preset(Array("prompt: x\nleft: 25%".utf8), path: "wide")
        func growth(_ settings: KeyValuePairs<String, String>) throws -> Growth {
            try Recipe(.outpaint, presets: [wide], settings: direct(settings)).growth
        }
        #expect(try growth(["right": "3"]) == .sides(left: .percent(25), right: .pixels(3)))
        #expect(try growth(["size": "64x64"]) == .size(Size(width: 64, height: 64)))
    }
}
