import Checkpoints
import Foundation
import Models
import Testing

@Suite struct BadTokenizerTests {
    let tiny: TinyTokenizer

    init() throws {
        tiny = try TinyTokenizer()
    }

    private func expectRefusal(
        _ reason: String, _ location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: ModelError.self, sourceLocation: location) {
            try CLIPTokenizer(folder: tiny.folder)
        }
        #expect(error?.kind == .corruptData, sourceLocation: location)
        #expect(
            error?.description.hasSuffix(reason) == true, "\(error?.description ?? "")",
            sourceLocation: location)
    }

    @Test func missingFiles() throws {
        let none = #expect(throws: CheckpointError.self) { try CLIPTokenizer(folder: tiny.folder) }
        #expect(none?.kind == .cannotRead)
        #expect(
            none?.description.hasSuffix(
                "holds no tokenizer.json or vocab.json; give one with --tokenizer") == true)

        try tiny.writeVocabularyAndMerges()
        try FileManager.default.removeItem(at: tiny.folder.appending(path: "merges.txt"))
        let merges = #expect(throws: CheckpointError.self) {
            try CLIPTokenizer(folder: tiny.folder)
        }
        #expect(merges?.kind == .cannotRead)
        #expect(merges?.description.hasSuffix("merges.txt: no such file") == true)
    }

    @Test(
        arguments: [
            ("", "not valid JSON: expected a value at byte 0"),
            ("[]", "its vocabulary is no object"),
            ("{\"a\": \"b\"}", "a token's number is out of range"),
            ("{\"a\": 1.5}", "a token's number is out of range"),
            ("version https", "not valid JSON: expected a value at byte 7"),
            (
                String(repeating: "[", count: 70),
                "not valid JSON: nested deeper than 64 at byte 64"
            ),
        ])
    func brokenVocabularies(_ json: String, _ reason: String) throws {
        try tiny.writeVocabularyAndMerges()
        try tiny.write(json, to: "vocab.json")
        expectRefusal(reason)
    }

    @Test func vocabulariesThatWereNotFetched() throws {
        try tiny.writeVocabularyAndMerges()
        try tiny.write("version https://git-lfs", to: "vocab.json")
        let error = #expect(throws: CheckpointError.self) { try CLIPTokenizer(folder: tiny.folder) }
        #expect(error?.kind == .corruptData)
        #expect(error?.description.contains("vocab.json: is a git-LFS pointer") == true)
    }

    @Test("an added token needs a text, and there are not too many")
    func addedTokens() throws {
        try tiny.writeWhole(added: [["id": 1, "content": ""]])
        expectRefusal("a special token has no text")
        try tiny.writeWhole(added: [["id": 1]])
        expectRefusal("an added token has no text or no number")
        try tiny.writeWhole(
            added: (0...4096).map { ["id": 1, "content": "<\($0)>"] })
        expectRefusal("it has more than 4096 added tokens")
        try tiny.writeVocabularyAndMerges()
        try FileManager.default.removeItem(at: tiny.folder.appending(path: "tokenizer.json"))
        tiny.vocabulary[""] = 1
        try tiny.writeVocabularyAndMerges()
        try tiny.write("{\"pad_token\": \"\"}", to: "tokenizer_config.json")
        expectRefusal("a special token has no text")
    }

    @Test("so does one in a file of its own")
    func addedTokensBeside() throws {
        try tiny.writeVocabularyAndMerges()
        try tiny.write("{\"<x>\": \"y\"}", to: "added_tokens.json")
        expectRefusal("an added token has no text or no number")
        try tiny.write("{", to: "added_tokens.json")
        expectRefusal("not valid JSON: expected '\"' at byte 1")
        try tiny.write("{}", to: "added_tokens.json")
        tiny.settings["added_tokens_decoder"] = ["x": ["content": "<x>"]]
        try tiny.writeSettings()
        expectRefusal("an added token has no text or no number")
        let stripping: [String: Any] = ["content": "<x>", "single_word": true]
        tiny.settings["added_tokens_decoder"] = ["9999": stripping]
        try tiny.writeSettings()
        let error = #expect(throws: ModelError.self) { try CLIPTokenizer(folder: tiny.folder) }
        #expect(
            error?.description.contains("with lstrip, rstrip or single_word") == true,
            "\(error?.description ?? "")")
    }

    @Test(arguments: ["low", "l o w", " o", "l  o"])
    func brokenMerges(_ line: String) throws {
        tiny.merges.append(line)
        try tiny.writeVocabularyAndMerges()
        expectRefusal("merge 12 is not two texts")
    }

    @Test func mergesOfNothing() throws {
        tiny.merges.append("q q")
        try tiny.writeVocabularyAndMerges()
        expectRefusal("merge 12 needs a token it does not have")
    }

    @Test func missingSpecialTokens() throws {
        tiny.vocabulary["<|startoftext|>"] = nil
        try tiny.writeVocabularyAndMerges()
        expectRefusal("it has no token <|startoftext|>")
    }

    @Test(arguments: [-1, 1 << 40])
    func numbersOutOfRange(_ number: Int) throws {
        tiny.vocabulary["low</w>"] = number
        try tiny.writeVocabularyAndMerges()
        expectRefusal("a token's number is out of range")
    }

    @Test func otherKindsOfTokenizers() throws {
        try tiny.writeWhole(model: ["type": "WordPiece"])
        expectRefusal("its model is not byte-pair encoding with </w>")
        try tiny.writeWhole(model: ["end_of_word_suffix": ""])
        expectRefusal("its model is not byte-pair encoding with </w>")
        try tiny.writeWhole(model: ["merges": [["a", "b", "c"]]])
        expectRefusal("merge 1 is not two texts")

        try tiny.writeWhole(added: [["id": 3, "content": "<x>", "lstrip": true]])
        let error = #expect(throws: ModelError.self) { try CLIPTokenizer(folder: tiny.folder) }
        #expect(error?.kind == .modelMismatch)
        #expect(error?.description.contains("added token <x>") == true)
    }

    @Test func brokenSettings() throws {
        try tiny.writeVocabularyAndMerges()
        try tiny.write("{\"pad_token\": 1}", to: "tokenizer_config.json")
        expectRefusal(
            "tokenizer_config.json: not a CLIP tokenizer: its pad_token is no text")
    }
}
