import Checkpoints
import Foundation
import Models
import Testing

@Suite struct CLIPTokenizerTests {
    let tiny: TinyTokenizer

    init() throws {
        tiny = try TinyTokenizer()
    }

    /// The tokens of the prompt itself, as texts.
    private func pieces(_ prompt: String) throws -> [String] {
        let texts = Dictionary(uniqueKeysWithValues: tiny.vocabulary.map { ($0.value, $0.key) })
        let tokens = try CLIPTokenizer(folder: tiny.folder)(prompt)
        return tokens.ids.dropFirst().prefix(tokens.promptCount).map { texts[$0] ?? "?" }
    }

    @Test func bothFormsOfTheFilesSayTheSame() throws {
        let prompts = ["", "lower LOW 42 x's", "日本語 ((((((", "a\u{301} É\u{0}\n\u{202E}x"]
        try tiny.writeVocabularyAndMerges()
        let expected = try prompts.map { try CLIPTokenizer(folder: tiny.folder)($0) }
        for pairs in [true, false] {
            try tiny.writeWhole(pairs: pairs)
            let tokenizer = try CLIPTokenizer(folder: tiny.folder)
            #expect(prompts.map { tokenizer($0) } == expected)
        }
        #expect(expected[0].promptCount == 0)
    }

    @Test func wordsAreSplitAsCLIPSplitsThem() throws {
        try tiny.writeVocabularyAndMerges()
        #expect(try pieces("Lower  LOW\tlowlow") == ["lower</w>", "low</w>", "low", "low</w>"])
        #expect(try pieces("12") == ["1</w>", "2</w>"])
        #expect(try pieces("x's 's") == ["x</w>", "'s</w>", "'s</w>"])
        #expect(try pieces("'sam") == ["'s</w>", "a", "m</w>"])
        #expect(try pieces("!'s") == ["!", "'</w>", "s</w>"])
        #expect(try pieces("aaaaa") == ["aa", "aa", "a</w>"])
        #expect(try pieces("é") == ["Ã", "©</w>"])
        #expect(try pieces("e\u{301}") == ["Ã", "©</w>"])
        #expect(try pieces("\u{1112}\u{1161}\u{11AB}") == ["í", "ķ", "ľ</w>"])
    }

    /// Against the algorithm as it is written down: look for the best pair, merge, look again.
    @Test func mergesComeInTheOrderOfTheirRank() throws {
        try tiny.writeVocabularyAndMerges()
        let ranks = Dictionary(uniqueKeysWithValues: zip(tiny.merges, 0...))
        var random = Xorshift(state: 42)
        for _ in 0..<300 {
            let letters = (0..<Int.random(in: 1...14, using: &random))
                .map { _ in "aelorw".randomElement(using: &random) ?? "a" }
            var expected = letters.map { String($0) }
            expected[expected.count - 1] += "</w>"
            while true {
                let pairs = zip(expected, expected.dropFirst()).map { ranks["\($0) \($1)"] ?? .max }
                guard let best = pairs.min(), best < .max,
                    let index = pairs.firstIndex(of: best)
                else { break }
                expected[index] += expected.remove(at: index + 1)
            }
            #expect(try pieces(String(letters)) == expected)
        }
    }

    @Test func longPromptsAreCutAndTheRestIsTold() throws {
        try tiny.writeVocabularyAndMerges()
        let tokenizer = try CLIPTokenizer(folder: tiny.folder)
        let full = tokenizer(String(repeating: "low ", count: 75))
        #expect(full.promptCount == 75)
        #expect(full.dropped == nil)

        let long = tokenizer(String(repeating: "low ", count: 75) + "Lower, é's  X")
        #expect(long.ids == full.ids)
        #expect(long.ids.count == 77)
        #expect(long.droppedCount == 6)
        #expect(long.dropped == "lower , é 's x")
    }

    @Test(arguments: [
        ("(", 100_000, 25_002), ("low ", 100_000, 100_000), ("a", 100_000, 50_000),
        ("\u{301}", 20_000, 40_000), ("<|endoftext|>", 10_000, 10_000),
    ])
    func hugePromptsAreCounted(_ text: String, count: Int, tokens: Int) throws {
        try tiny.writeVocabularyAndMerges()
        let found = try CLIPTokenizer(folder: tiny.folder)(String(repeating: text, count: count))
        #expect(found.promptCount == 75)
        #expect(found.promptCount + found.droppedCount == tokens)
    }

    @Test func specialTokensInAPromptAreThemselves() throws {
        try tiny.writeVocabularyAndMerges()
        #expect(try pieces("x<|endoftext|>low") == ["x</w>", "<|endoftext|>", "low</w>"])
        let upper = try pieces("<|ENDOFTEXT|>")
        #expect(upper.first == "<")
        #expect(upper.contains("t</w>"))

        tiny.settings = ["eos_token": ["content": "<|endoftext|>", "normalized": true]]
        tiny.settings["pad_token"] = ["content": "<|endoftext|>", "normalized": true]
        tiny.settings["unk_token"] = ["content": "<|endoftext|>", "normalized": true]
        try tiny.writeSettings()
        #expect(try pieces("<|ENDOFTEXT|>") == ["<|endoftext|>"])
    }

    /// What textual inversion trained into a model, in the file of either time.
    @Test(arguments: [false, true])
    func addedTokensAreThemselves(_ isInSettings: Bool) throws {
        try tiny.writeVocabularyAndMerges()
        let id = 1 + (tiny.vocabulary.values.max() ?? 0)
        if isInSettings {
            let added: [String: Any] = ["content": "<My-Cat>", "normalized": true, "lstrip": false]
            let known: [String: Any] = ["content": "!", "rstrip": true]
            tiny.settings["added_tokens_decoder"] = ["\(id)": added, "0": known]
            try tiny.writeSettings()
            try tiny.write("{\"<older>\": 7}", to: "added_tokens.json")
        } else {
            try tiny.write("{\"<My-Cat>\": \(id), \"low</w>\": 7}", to: "added_tokens.json")
        }
        let tokenizer = try CLIPTokenizer(folder: tiny.folder)
        #expect(tokenizer.vocabularySize == id + 1)
        for prompt in ["low <My-Cat> low", "LOW<my-cat>low", "low <MY-CAT>, low"] {
            let tokens = tokenizer(prompt)
            #expect(tokens.ids[2] == id && tokens.promptCount < 5, "\(prompt): \(tokens.ids)")
        }
        #expect(!tokenizer("<older> <my> cat").ids.contains { $0 == id || $0 == 7 })
    }

    @Test func thePaddingIsTheConfigurations() throws {
        try tiny.writeVocabularyAndMerges()
        let end = try #require(tiny.vocabulary["<|endoftext|>"])
        #expect(try CLIPTokenizer(folder: tiny.folder)("x").ids.suffix(75).allSatisfy { $0 == end })

        tiny.settings["pad_token"] = "!"
        tiny.settings["model_max_length"] = 10
        try tiny.writeSettings()
        let tokens = try CLIPTokenizer(folder: tiny.folder)("x")
        let padding = try #require(tiny.vocabulary["!"])
        #expect(tokens.ids.count == 10)
        #expect(tokens.ids[2] == end)
        #expect(tokens.ids.suffix(7).allSatisfy { $0 == padding })
    }
}

/// Marsaglia 2003.
private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
