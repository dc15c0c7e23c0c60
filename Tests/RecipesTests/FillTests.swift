import Recipes
import Testing

@Suite struct FillTests {
    private func recipe(_ verb: Verb, _ settings: KeyValuePairs<String, String>) throws -> Recipe {
        try Recipe(verb, settings: settings.map { Setting($0, $1, at: .argument("--" + $0)) })
    }

    @Test func eachVerbHasItsDefault() throws {
        #expect(try recipe(.inpaint, ["prompt": "x"]).fill == .original)
        #expect(try recipe(.outpaint, ["prompt": "x"]).fill == .edge)
    }

    @Test(arguments: [
        "original", "blur", "edge", "patch", "noise", "nothing", "color:#00ff7f",
    ])
    func namesAreReadBack(name: String) throws {
        let read = try recipe(.inpaint, ["prompt": "x", "fill": name])
        #expect(read.fill.description == name)
        #expect(Recipe.key("fill")?.value(in: read) == .text(name))
    }

    @Test(arguments: ["", "Blur", "color", "color:", "color:#fff", "color:red", "color:#00ff7g"])
    func otherNamesAreRefused(name: String) {
        #expect(throws: RecipeError.self) {
            try recipe(.inpaint, ["prompt": "x", "fill": name])
        }
    }

    @Test func withoutStepsThereMustBeAFill() throws {
        for fill in ["blur", "edge", "patch", "color:#102030"] {
            #expect(try recipe(.inpaint, ["steps": "0", "fill": fill]).prompt.isEmpty)
        }
        #expect(try recipe(.outpaint, ["steps": "0", "left": "9"]).fill == .edge)
        for fill in ["original", "noise", "nothing"] {
            #expect(throws: RecipeError.self) {
                try recipe(.inpaint, ["prompt": "x", "steps": "0", "fill": fill])
            }
        }
        #expect(throws: RecipeError.self) {
            try recipe(.imageToImage, ["prompt": "x", "steps": "0"])
        }
    }

    @Test func masksMayShrink() throws {
        let recipe = try recipe(.inpaint, ["prompt": "x", "mask_grow": "-3"])
        #expect(recipe.maskGrow == -3)
        #expect(Recipe.key("mask_grow")?.value(in: recipe)?.description == "-3")
    }

    @Test func theFillIsOnRecord() throws {
        func text(_ verb: Verb, _ fill: Fill?) -> String {
            var recipe = Recipe(verb)
            recipe.fill = fill ?? recipe.fill
            return recipe.infotext(
                Provenance(
                    verb: verb, model: "m", scheduler: "ddim", seed: 1,
                    size: Size(width: 8, height: 8), program: "gesso"))
        }
        #expect(text(.inpaint, .blur).contains("Masked content: fill, Edit: inpaint"))
        #expect(text(.inpaint, .noise).contains("Masked content: latent noise,"))
        #expect(text(.outpaint, .nothing).contains("Masked content: latent nothing,"))
        #expect(text(.inpaint, .patch).contains("Gesso fill: patch,"))
        for verb in Verb.allCases {
            #expect(!text(verb, nil).contains("fill"))
            #expect(!text(verb, nil).contains("Masked content:"))
        }
    }
}
