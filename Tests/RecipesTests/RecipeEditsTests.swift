import Recipes
import Testing

/// Recipes of several edits, and what can be given for them.
@Suite struct RecipeEditsTests {
    private func preset(_ text: String) throws -> Preset {
        try Preset(Array(text.utf8), path: "r.yaml")
    }

    private func variable(_ name: String, _ value: String) -> Setting {
        Setting(name, value, at: .argument("--var"))
    }

    private func flag(_ key: String, _ value: String) -> Setting {
        Setting(key, value, at: .argument("--" + key))
    }

    private let widened = """
        vars:
          subject:
          mood: warm light
        masks:
          place:
            of: ["rect:1,2,3,4", "-polygon:1,2,3,4,5,6"]
            grow: 2
            feather: 9
        prompt: "{prompt}, {mood}"
        steps: 9
        edits:
          - verb: outpaint
            left: 25%
          - verb: inpaint
            mask: [place, "rect:0,0,8,8"]
            prompt: "{subject}"
            strength: 0.8
          - extends: light-retouch
            steps: 3
        """

    @Test func editsTakeWhatStandsAbove() throws {
        let given = RecipeGiven(
            variables: [variable("subject", "a {lamp}")], settings: [flag("prompt", "a room")])
        let edits = try preset(widened).edits(given)
        #expect(edits.map(\.verb) == [.outpaint, .inpaint, .imageToImage])
        #expect(edits.map(\.recipe.steps) == [9, 9, 3])
        #expect(edits[0].recipe.prompt == "a room, warm light")
        #expect(edits[0].recipe.growth == .sides(left: .percent(25)))
        #expect(edits[1].recipe.prompt == "a {lamp}, warm light")
        #expect(edits[1].recipe.strength == 0.8)
        // The preset's own prompt is put around the one above.
        #expect(edits[2].recipe.prompt.contains("a room"))
        #expect(edits[2].recipe.prompt.contains("warm light"))
        #expect(edits[2].recipe.strength < 0.5)
    }

    @Test func masksByNameHaveTheirShape() throws {
        let edits = try preset(widened).edits(
            RecipeGiven(variables: [variable("subject", "a lamp")]))
        let mask = try #require(edits[1].mask)
        #expect(mask.parts.count == 2)
        guard case .mask(let place) = mask.parts[0].source else {
            Issue.record("no mask by name")
            return
        }
        #expect(place.name == "place")
        #expect(place.grow == 2)
        #expect(place.parts.map(\.subtracts) == [false, true])
        #expect(edits[1].recipe.maskFeather == 9)
        #expect(edits[0].mask == nil)
    }

    @Test func masksAreGivenByName() throws {
        let open = try preset(
            "masks:\n  place:\nprompt: x\nverb: inpaint\nmask: place\n")
        let missing = #expect(throws: RecipeError.self) { try open.edits(RecipeGiven()) }
        #expect(
            missing.map { "\($0)" }
                == "no mask for 'place': r.yaml:5:7: give one of that name")
        let part = MaskPlan.Part(.alpha, subtracts: false, at: .argument("--mask"))
        let edits = try open.edits(RecipeGiven(masks: ["place": [part]]))
        #expect(edits[0].mask?.parts.count == 1)
        let unknown = #expect(throws: RecipeError.self) {
            try open.edits(RecipeGiven(masks: ["plaice": [part]]))
        }
        #expect(
            unknown.map { "\($0)" } == "no mask 'plaice': --mask: did you mean 'place'?")
    }

    @Test func whatIsMissingHasAPlace() throws {
        let error = #expect(throws: RecipeError.self) { try preset(widened).edits(RecipeGiven()) }
        #expect(
            error.map { "\($0)" }
                == "no value for the variable 'subject': r.yaml:16:13: give it one")
        let unknown = #expect(throws: RecipeError.self) {
            try preset(widened).edits(RecipeGiven(variables: [variable("subjct", "x")]))
        }
        #expect(unknown.map { "\($0)" } == "no variable 'subjct': --var: did you mean 'subject'?")
    }

    @Test func seedsFollowEachOther() throws {
        let recipe = try preset(
            """
            prompt: x
            seed: 7
            edits:
              - verb: img2img
              - verb: img2img
                seed: 3
              - verb: img2img
            """)
        #expect(try recipe.edits(RecipeGiven()).map(\.recipe.seed) == [7, 3, 9])
        let flagged = RecipeGiven(settings: [flag("seed", "20")])
        #expect(try recipe.edits(flagged).map(\.recipe.seed) == [20, 21, 22])
        let open = try preset("prompt: x\nedits:\n  - verb: img2img\n  - verb: img2img\n")
        let drawn = try open.edits(RecipeGiven()).compactMap(\.recipe.seed)
        #expect(drawn[1] == drawn[0] + 1)
        #expect(try open.edits(RecipeGiven(), seed: 5).map(\.recipe.seed) == [5, 6])
        // The first edit's own is the first seed, too.
        let own = try preset(
            "prompt: x\nedits:\n  - verb: img2img\n    seed: 3\n  - verb: img2img\n")
        #expect(try own.edits(RecipeGiven()).map(\.recipe.seed) == [3, 4])
    }

    @Test func flagsNeedAnEditThatUsesThem() throws {
        let recipe = try preset("edits:\n  - verb: img2img\n    prompt: x\n")
        let unused = #expect(throws: RecipeError.self) {
            try recipe.edits(RecipeGiven(settings: [flag("left", "20")]))
        }
        #expect(unused.map { "\($0)".hasPrefix("left has no use in img2img: --left") } == true)
        let prompt = #expect(throws: RecipeError.self) {
            try recipe.edits(RecipeGiven(settings: [flag("prompt", "y")]))
        }
        #expect(prompt.map { "\($0)".hasPrefix("no edit has a place for a prompt") } == true)
        let strength = try recipe.edits(RecipeGiven(settings: [flag("strength", "0.3")]))
        #expect(strength[0].recipe.strength == 0.3)
    }

    @Test func aPresetOfEditsIsForNoVerbAlone() throws {
        let recipe = try preset("edits:\n  - verb: img2img\n    prompt: x\n")
        #expect(throws: RecipeError.severalEdits(preset: "r", at: .argument("--preset"))) {
            try Recipe(.imageToImage, presets: [recipe])
        }
    }

    @Test func variablesGoIntoPresetsOfVerbs() throws {
        let one = try preset("vars:\n  a: cat\nprompt: \"{a}, {prompt}\"\n")
        let recipe = try Recipe(
            .imageToImage, presets: [one], settings: [flag("prompt", "{b}")],
            variables: [variable("a", "{c}")])
        #expect(recipe.prompt == "{c}, {b}")
        #expect(try Recipe(.imageToImage, presets: [one]).prompt == "cat")
        #expect(throws: RecipeError.self) {
            try Recipe(
                .imageToImage, settings: [flag("prompt", "x")], variables: [variable("a", "b")])
        }
    }

    @Test func listsMakeAGrid() throws {
        let recipe = try preset(
            """
            vars:
              animal: cat
            prompt: "a {animal}"
            verb: img2img
            for:
              strength: [0.3, 0.5]
              animal:
                - cat
                - a dog, asleep
              steps: 4..8:2
            """)
        #expect(
            recipe.axes.map(\.values) == [
                ["0.3", "0.5"], ["cat", "a dog, asleep"], ["4", "6", "8"],
            ])
        #expect(
            recipe.axes.map(\.subject) == [
                .key("strength"), .variable("animal"), .key("steps"),
            ])
        #expect(recipe.axes[1].text == "animal=cat,\"a dog, asleep\"")
        var given = RecipeGiven(variables: [variable("animal", "dog")])
        given.varied = [flag("strength", "0.3")]
        let edits = try recipe.edits(given)
        #expect(edits[0].recipe.prompt == "a dog")
        #expect(edits[0].recipe.strength == 0.3)
    }

    @Test func aListGivesWayToAnEditsOwnValue() throws {
        let recipe = try preset(
            """
            prompt: x
            edits:
              - verb: img2img
                strength: 0.9
              - verb: img2img
            """)
        var given = RecipeGiven()
        given.varied = [flag("strength", "0.3")]
        #expect(try recipe.edits(given).map(\.recipe.strength) == [0.9, 0.3])
        given.varied = [flag("strength", "0.3"), flag("steps", "5")]
        #expect(try recipe.edits(given).map(\.recipe.steps) == [5, 5])
        let own = try preset("prompt: x\nedits:\n  - verb: img2img\n    strength: 0.9\n")
        #expect(throws: RecipeError.self) { try own.edits(given) }
    }

    @Test func whatExtendsGoesBefore() throws {
        let night = try preset("extends: watercolor\nverb: img2img\nprompt: a mill\nsteps: 5\n")
        let recipe = try Recipe(.imageToImage, presets: [night])
        let base = try Recipe(
            .imageToImage, presets: [PresetShelf(environment: [:]).preset("watercolor")],
            settings: [flag("prompt", "a mill")])
        #expect(recipe.prompt == base.prompt)
        #expect(recipe.steps == 5)
        #expect(recipe.guidanceScale == base.guidanceScale)
        #expect(night.verbs == [.imageToImage])
        #expect(night.bases.map(\.name) == ["watercolor"])
        #expect(!night.summary.isEmpty)
    }

    @Test func doubledBracesOfADefaultAreBraces() throws {
        let preset = try preset(
            """
            vars:
              time: "{{day|night}}"
              kind: "{a|b}"
            prompt: "a {time} {kind} hut {{x}}"
            """)
        #expect(preset.variables.map(\.standard) == ["{day|night}", "{a|b}"])
        #expect(try preset.edits(RecipeGiven())[0].recipe.prompt == "a {day|night} {a|b} hut {x}")
    }
}
