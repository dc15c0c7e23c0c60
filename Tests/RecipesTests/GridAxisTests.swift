import Sampling
import Testing

import Recipes

@Suite struct GridAxisTests {
    @Test(arguments: [
        ("strength=0.2..0.8:0.2", ["0.2", "0.4", "0.6", "0.8"]),
        ("strength=0.1..0.45:0.1", ["0.1", "0.2", "0.3", "0.4"]),
        ("steps=4..6", ["4", "5", "6"]), ("steps=1-5 (+2)", ["1", "3", "5"]),
        ("steps=1-10 [5]", ["1", "3", "5", "7", "10"]), ("seed=1-3", ["1", "2", "3"]),
        ("steps=9..1:-4", ["9", "5", "1"]), ("steps=10-4 (-3)", ["10", "7", "4"]),
        ("steps=2,8-9", ["2", "8", "9"]), ("scheduler=ddim, euler-a", ["ddim", "euler-a"]),
        ("guidance-scale=0-1 [3]", ["0", "0.5", "1"]), ("mask_grow=-4..4:4", ["-4", "0", "4"]),
        ("prompt:cat=cat,\"a dog, asleep\"", ["cat", "a dog, asleep"]),
        ("prompt:hut=a \"b\" c,d", ["a \"b\" c", "d"]),
        ("prompt=\"a \"\"q\"\" word, x\",b", ["a \"q\" word, x", "b"]),
        ("prompt=a, \"b\"\"\",\"c\" d", ["a", "b\"", "c d"]),
        ("prompt:big=big,\"\"", ["big", ""]), ("negative_prompt=\" \",blurry", ["", "blurry"]),
        ("lora=a:0.5,\"\"", ["a:0.5", ""]), ("preset=night,winter", ["night", "winter"]),
        ("model=a.safetensors,b/c", ["a.safetensors", "b/c"]),
        ("control:weight=0..1:0.5", ["0", "0.5", "1"]),
    ])
    func valuesAreReadAsA1111DoesAndMore(_ text: String, _ values: [String]) throws {
        #expect(try GridAxis(text, option: "--x").values == values)
    }

    @Test(arguments: [
        ("strength", "'strength' is no axis: --x: "), ("strenght=1,2", "did you mean 'strength'?"),
        ("steps=1..9:0", "is no range"), ("steps=1..900", "is no range"),
        ("steps=9..1", "is no range"), ("steps=1-10 [0]", "is no range"),
        ("steps=1,,2", "empty"), ("steps=", "empty"), ("prompt:a=a,,b", "empty"),
        ("prompt=\"unclosed,b", "a quote of prompt is not closed: --x: "),
        ("prompt=a,\"b\"\"", "is not closed"),
        ("steps=1,\"\"", "empty"), ("preset=night,\"\"", "empty"),
        (
            "control:wieght=1",
            "a control has no 'wieght': --x: give control: and one of weight, start"
        ),
        ("modle=a", "did you mean 'model'?"), ("sampler=ddim", "did you mean 'scheduler'?"),
        ("cfg=5,7", "did you mean 'guidance_scale'?"),
    ])
    func whatIsNoAxisIsRefused(_ text: String, _ message: String) {
        let error = #expect(throws: RecipeError.self) { try GridAxis(text, option: "--x") }
        #expect(error.map { "\($0)".contains(message) } == true)
    }

    @Test func partsOfControlsChange() throws {
        var recipe = Recipe(.imageToImage)
        recipe.controls = ["a=canny:0.5@0-0.8", "b"].compactMap { ControlChoice($0) }
        func changed(_ axis: String) throws -> [String] {
            let axis = try GridAxis(axis, option: "--x")
            return try axis.replaced(axis.values[0], in: recipe).controls.map(\.description)
        }
        #expect(try changed("control:weight=2") == ["a=canny:2@0-0.8", "b:2"])
        #expect(try changed("control:end=0.4") == ["a=canny:0.5@0-0.4", "b:1@0-0.4"])
        #expect(try changed("control:kind=scribble") == ["a=scribble:0.5@0-0.8", "b=scribble:1"])
        #expect(try changed("control:mode=prompt") == ["a=canny:0.5:prompt@0-0.8", "b:1:prompt"])
        for axis in ["weight=11", "weight=x", "start=0.9", "mode=x", "kind=a;b"] {
            #expect(throws: RecipeError.self) { try changed("control:" + axis) }
        }
        recipe.controls = []
        #expect(throws: RecipeError.self) { try changed("control:weight=2") }
    }

    @Test func wordsGiveWayToValues() throws {
        let axis = try GridAxis("prompt:cat=cat,dog", option: "--x")
        var recipe = Recipe(.imageToImage)
        recipe.prompt = "a cat on a mat"
        #expect(try axis.replaced("dog", in: recipe).prompt == "a dog on a mat")
        #expect(try axis.replaced("", in: recipe).prompt == "a  on a mat")
        #expect(axis.label("") == "\"\"")
        recipe.prompt = "a mat"
        #expect(throws: RecipeError.self) { try axis.replaced("dog", in: recipe) }
    }

    /// As AUTOMATIC1111 fixes those of its grids.
    @Test(arguments: ["seed", "variation_seed"])
    func seedsLeftToChanceAreDrawnOnce(_ key: String) throws {
        let axis = try GridAxis("\(key)=7,-1,random,-1", option: "--x")
        #expect(axis.values[0] == "7" && axis.hasDrawnSeeds)
        #expect(Set(axis.values).count == 4)
        #expect(axis.values.allSatisfy { UInt64($0) != nil })
        #expect(axis.text == "\(key)=7,-1,random,-1")
        #expect(axis.setting(axis.values[1])?.value == axis.values[1])
        #expect(try !GridAxis("\(key)=7,8", option: "--x").hasDrawnSeeds)
        let recipe = try Preset(
            Array("for:\n  \(key): [1, -1, random]\n".utf8), path: "r.yaml")
        #expect(recipe.axes[0].values[0] == "1" && Set(recipe.axes[0].values).count == 3)
        #expect(recipe.axes[0].text == "\(key)=1,-1,random")
    }

    @Test func quotesOfARecipesListAreDoubled() throws {
        let recipe = try Preset(
            Array("for:\n  prompt: ['a \"b\" c', 'd, e']\n".utf8), path: "r.yaml")
        #expect(recipe.axes[0].values == ["a \"b\" c", "d, e"])
        let again = try GridAxis(recipe.axes[0].text, option: "--x")
        #expect(again.values == recipe.axes[0].values)
    }

    /// New words were not drawn from what the old ones were.
    @Test func wordsInTheirPlaceWereNotDrawn() throws {
        var recipe = Recipe(.imageToImage)
        (recipe.prompt, recipe.wildcardPrompt) = ("a cat", "a {cat|dog}")
        let axis = try GridAxis("prompt:cat=cat,cow", option: "--x")
        #expect(try axis.replaced("cat", in: recipe).wildcardPrompt == "a {cat|dog}")
        #expect(try axis.replaced("cow", in: recipe).wildcardPrompt == nil)
    }

    /// Whether a text is a range is found out in time that does not grow with the square of its length.
    @Test(arguments: [".", "1", "1-"])
    func aLongTextIsNoRange(_ sign: String) throws {
        let text = String(repeating: sign, count: 60_000) + "x"
        #expect(try GridAxis("strength=" + text, option: "--x").values == [text])
    }

    @Test func anAxisHasSoManyValues() throws {
        func axis(_ count: Int) throws -> GridAxis {
            try GridAxis(
                "seed=" + Array(repeating: "1", count: count).joined(separator: ","), option: "--x")
        }
        #expect(try axis(GridAxis.mostValues).values.count == GridAxis.mostValues)
        for count in [GridAxis.mostValues + 1, 1_000_000] {
            let error = #expect(throws: RecipeError.self) { try axis(count) }
            #expect(error.map { "\($0)".hasPrefix("seed has an empty or too many values") } == true)
        }
    }
}
