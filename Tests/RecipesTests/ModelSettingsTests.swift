import Recipes
import Testing

@Suite("Settings that a model brings")
struct ModelSettingsTests {
    private let watercolor: Preset

    init() throws {
        watercolor = try PresetShelf(environment: [:]).preset("watercolor")
    }

    private func setting(_ key: String, _ value: String) -> Setting {
        Setting(key, value, at: .argument("--" + key))
    }

    @Test("they precede defaults and what shipped presets say of the run")
    func order() throws {
        let own = ["guidance_scale": "3", "steps": "12", "strength": "0.5", "width": "64"]
        let plain = try Recipe(.imageToImage, settings: [setting("prompt", "x")])
        let (recipe, replaced) = try plain.completed(by: own, for: .imageToImage, of: "m")
        #expect(replaced.isEmpty)
        #expect((recipe.guidanceScale, recipe.steps, recipe.strength) == (3, 12, 0.5))
        #expect(recipe.width == nil)
        let styled = try Recipe(
            .imageToImage, presets: [watercolor], settings: [setting("prompt", "x")])
        #expect((styled.guidanceScale, styled.steps) == (8, 30))
        let (completed, taken) = try styled.completed(by: own, for: .imageToImage, of: "m")
        #expect(taken == ["guidance_scale 3", "steps 12", "strength 0.5"])
        #expect((completed.guidanceScale, completed.steps, completed.strength) == (3, 12, 0.5))
        let raised = try styled.completed(by: ["strength": "0.9"], for: .imageToImage, of: "m")
        #expect(raised.recipe.strength == 0.6)
    }

    @Test("what somebody chose is kept, also where it is the preset's own value")
    func chosen() throws {
        let own = ["guidance_scale": "3", "steps": "12", "strength": "0.5"]
        let settings = [
            setting("prompt", "x"), setting("guidance_scale", "8"), setting("steps", "30"),
            setting("strength", "0.6"),
        ]
        let recipe = try Recipe(.imageToImage, presets: [watercolor], settings: settings)
        #expect(try recipe.completed(by: own, for: .imageToImage, of: "m").recipe == recipe)
    }

    @Test(
        "what is no setting of a run is an error",
        arguments: [["prompt": "x"], ["steps": "many"], ["guidance_scale": "-1"], ["stepps": "3"]])
    func errors(_ own: [String: String]) throws {
        let recipe = try Recipe(.imageToImage, settings: [setting("prompt", "x")])
        #expect(throws: RecipeError.self) {
            try recipe.completed(by: own, for: .imageToImage, of: "m")
        }
    }
}
