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
        ("preset=night,winter", ["night", "winter"]),
    ])
    func valuesAreReadAsA1111DoesAndMore(_ text: String, _ values: [String]) throws {
        #expect(try GridAxis(text, option: "--x").values == values)
    }

    @Test(arguments: [
        ("strength", "'strength' is no axis: --x: "), ("strenght=1,2", "did you mean 'strength'?"),
        ("steps=1..9:0", "is no range"), ("steps=1..900", "is no range"),
        ("steps=9..1", "is no range"), ("steps=1-10 [0]", "is no range"),
        ("steps=1,,2", "empty"), ("steps=", "empty"),
    ])
    func whatIsNoAxisIsRefused(_ text: String, _ message: String) {
        let error = #expect(throws: RecipeError.self) { try GridAxis(text, option: "--x") }
        #expect(error.map { "\($0)".contains(message) } == true)
    }

    @Test func wordsGiveWayToValues() throws {
        let axis = try GridAxis("prompt:cat=cat,dog", option: "--x")
        var recipe = Recipe(.imageToImage)
        recipe.prompt = "a cat on a mat"
        #expect(try axis.replaced("dog", in: recipe).prompt == "a dog on a mat")
        recipe.prompt = "a mat"
        #expect(throws: RecipeError.self) { try axis.replaced("dog", in: recipe) }
    }
}
