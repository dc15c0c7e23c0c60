import Recipes
import Testing

/// Factors for the blocks of a LoRA, as sd-webui-lora-block-weight writes them.
@Suite struct BlockWeightsTests {
    /// The places of 26 factors that are 1: the text encoders, 12 blocks in, the middle, 12 blocks out.
    private static let presets: [(String, [Int])] = [
        ("NONE", []), ("INS", [0, 2, 3, 5]), ("IND", [0, 6, 8, 9]),
        ("INALL", [0, 2, 3, 5, 6, 8, 9]), ("MIDD", [0, 6, 8, 9, 13, 17, 18, 19, 20]),
        ("OUTD", [0, 17, 18, 19, 20]), ("OUTS", [0, 21, 22, 23, 24, 25]),
        ("OUTALL", [0, 17, 18, 19, 20, 21, 22, 23, 24, 25]),
        ("ALL", [0, 2, 3, 5, 6, 8, 9, 13, 17, 18, 19, 20, 21, 22, 23, 24, 25]),
    ]

    @Test(arguments: presets)
    func presetsNameBlocks(_ name: String, _ ones: [Int]) throws {
        let weights = try #require(BlockWeights(name))
        #expect(weights.factors == (0..<26).map { ones.contains($0) ? 1 : 0 })
        #expect(weights.description == name)
    }

    /// Lists of each length: their numbers count up from 1.
    @Test(arguments: [
        (
            17,
            [1, 0, 2, 3, 0, 4, 5, 0, 6, 7, 0, 0, 0, 8, 0, 0, 0, 9, 10, 11, 12, 13, 14, 15, 16, 17]
        ),
        (26, Array(1...26)),
        (12, [1, 0, 0, 0, 0, 2, 3, 0, 4, 5, 0, 0, 0, 6, 7, 8, 9, 10, 11, 12, 0, 0, 0, 0, 0, 0]),
        (
            20,
            [
                1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 0,
                0,
                0,
            ]
        ),
    ])
    func listsNameBlocksByTheirLength(_ count: Int, _ factors: [Int]) throws {
        let text = (1...count).map { "\(Double($0) / 4)" }.joined(separator: ",")
        #expect(try #require(BlockWeights(text)).factors == factors.map { Double($0) / 4 })
    }

    @Test(arguments: [
        "", "IN", "ind", "1", "1,1", String(repeating: "1,", count: 17),
        "R" + String(repeating: ",1", count: 16), "99" + String(repeating: ",1", count: 16),
    ])
    func othersAreRefused(_ text: String) { #expect(BlockWeights(text) == nil) }

    /// Tags with what the LoRA is then called.
    @Test(arguments: [
        ("<lora:fur:1:lbw=IND>", "fur:1:lbw=IND"),
        ("<lora:fur:0.5:0.8:lbw=OUTD>", "fur:0.5:0.8:lbw=OUTD"),
        ("<lora:fur:1:1:MIDD>", "fur:1:lbw=MIDD"), ("<lora:fur:1:w=NONE>", "fur:1:lbw=NONE"),
        (
            "<lora:fur:1:1,0,0,0,1,1,1,0,0,0,0,0,0,0,0,0,0>",
            "fur:1:lbw=1,0,0,0,1,1,1,0,0,0,0,0,0,0,0,0,0"
        ),
    ])
    func tagsCarryThem(_ tag: String, _ lora: String) throws {
        var recipe = Recipe(.imageToImage)
        recipe.prompt = "a cat \(tag)"
        let (taken, notes) = recipe.takingLoRATags()
        #expect(taken.loras.map(\.description) == [lora])
        #expect(notes.isEmpty)
        let settings = ["prompt": "x", "lora": lora].map {
            Setting($0.key, $0.value, at: .argument("--set"))
        }
        #expect(try Recipe(.imageToImage, settings: settings).loras == taken.loras)
    }

    private func factors(_ tag: String, seed: UInt64 = 1) -> [Double]? {
        var recipe = Recipe(.textToImage)
        (recipe.prompt, recipe.seed) = ("a cat \(tag)", seed)
        return recipe.takingLoRATags().recipe.loras.first?.blocks?.factors
    }

    private static let twelve = String(repeating: ",1", count: 11)

    @Test func lettersAreDrawnBySeed() throws {
        for (letter, range) in [("R", 0.0...1.0), ("U", -0.5...1.5)] {
            let tag = "<lora:fur:1:lbw=\(letter)\(Self.twelve)>"
            let first = try (0..<50).map { try #require(factors(tag, seed: $0))[0] }
            #expect(first.allSatisfy(range.contains))
            #expect(Set(first).count > 40)
            #expect(
                (first.max() ?? 0) - (first.min() ?? 0) > 0.8
                    * (range.upperBound - range.lowerBound))
            // To three decimals, and the same again.
            #expect(first.allSatisfy { ($0 * 1000).rounded() / 1000 == $0 })
            #expect(try (0..<50).map { try #require(factors(tag, seed: $0))[0] } == first)
        }
        var recipe = Recipe(.textToImage)
        (recipe.prompt, recipe.seed) = ("<lora:a:1:R,R\(Self.twelve.dropFirst(2))>", 3)
        let (taken, notes) = recipe.takingLoRATags()
        let blocks = try #require(taken.loras.first?.blocks)
        // What was drawn is what is kept.
        #expect(!blocks.description.contains("R") && BlockWeights(blocks.description) == blocks)
        #expect(blocks.factors[0] != blocks.factors[5] && notes.isEmpty)
    }

    @Test(arguments: [
        ("<lora:fur:1:lbw=X,1,X:x=0.7>", nil), ("<lora:fur:1:lbw=X@:x=0.7>", 0.7),
        ("<lora:fur:0.5:lbw=X@:0.7>", 0.7), ("<lora:fur:1:lbw=X@>", 1),
        ("<lora:fur:x=0.5:lbw=X+0.2@>", 0.7), ("<lora:fur:1:lbw=X-0.25@:x=0.5>", 0.25),
        ("<lora:fur:1:lbw=X*2@>", nil), ("<lora:fur:1:lbw=Q@>", nil),
    ])
    func anXIsGivenBesideTheList(_ tag: String, _ first: Double?) {
        let tag = tag.replacing("@", with: Self.twelve)
        #expect(factors(tag)?[0] == first)
        var recipe = Recipe(.textToImage)
        recipe.prompt = tag
        let (taken, notes) = recipe.takingLoRATags()
        #expect(taken.loras.map(\.name) == ["fur"])
        #expect(notes.isEmpty == (first != nil), "\(notes)")
    }

    @Test func aKeyRefusesWhatIsNone() {
        #expect(throws: RecipeError.self) {
            try Recipe(
                .imageToImage,
                settings: [
                    Setting("prompt", "x", at: .argument("--set")),
                    Setting("lora", "fur:1:lbw=1,2", at: .argument("--set")),
                ])
        }
    }
}
