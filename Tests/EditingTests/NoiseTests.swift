import Editing
import Foundation
import Imaging
import Recipes
import TestSupport
import Testing

/// What of a picture comes from its seed, and what from a second one.
@Suite struct NoiseTests {
    private static let model = Result {
        try Model.load(Fixtures.folder.appending(path: "Parity/models/tiny-f32"))
    }

    private func result(_ settings: [String: String]) throws -> EditResult {
        let usual = [
            "prompt": "a lake", "seed": "3", "guidance_scale": "1", "steps": "4",
            "scheduler": "ddim", "width": "48", "height": "32",
        ]
        let recipe = try Recipe(
            .textToImage,
            settings: usual.merging(settings) { $1 }.map {
                Setting($0, $1, at: .argument("--set"))
            })
        return try Editor(Self.model.get())(.textToImage(recipe, defaultSize: 32))
    }

    private func picture(_ settings: [String: String]) throws -> [UInt16] {
        try result(settings).image.samples
    }

    @Test func eachGeneratorHasItsOwnNoise() throws {
        let torch = try picture(["rng": "torch"])
        #expect(try picture([:]) == torch)
        let card = try picture(["rng": "nv"])
        #expect(card != torch)
        #expect(try picture(["rng": "nv"]) == card)
        // The step rules of AUTOMATIC1111 do not count from noise alone, nor does ddim have its spacing.
        #expect(try picture(["compat": "a1111"]) == card)
        #expect(try picture(["compat": "a1111", "rng": "torch"]) == torch)
    }

    @Test(arguments: ["torch", "nv"])
    func aWholeVariationIsTheOtherSeed(_ rng: String) throws {
        let whole = try picture([
            "rng": rng, "variation_seed": "9", "variation_strength": "1",
        ])
        #expect(try whole == picture(["rng": rng, "seed": "9"]))
        let part = try picture([
            "rng": rng, "variation_seed": "9", "variation_strength": "0.2",
        ])
        #expect(try part != picture(["rng": rng]))
        #expect(part != whole)
        #expect(
            try picture(["rng": rng, "variation_seed": "9", "variation_strength": "0"])
                == picture(["rng": rng]))
    }

    @Test func theSeedOfAVariationIsKept() throws {
        let first = try result(["variation_strength": "0.4"])
        let drawn = try #require(first.recipe.noise.variationSeed)
        let again = try picture(["variation_strength": "0.4", "variation_seed": "\(drawn)"])
        #expect(again == first.image.samples)
    }

    @Test func anotherSeedForTheStepsCountsOnlyWhereTheyDraw() throws {
        #expect(try picture(["seed_delta": "31337"]) == picture([:]))
        let ancestral = ["scheduler": "euler-a"]
        #expect(
            try picture(ancestral.merging(["seed_delta": "31337"]) { $1 }) != picture(ancestral))
    }

    @Test func noiseOfAnotherSizeIsLaidIntoTheMiddle() throws {
        #expect(try picture(["seed_resize_from": "48x32"]) == picture([:]))
        #expect(try picture(["seed_resize_from": "32x32"]) != picture([:]))
        #expect(try picture(["seed_resize_from": "96x64"]) != picture([:]))
    }
}
