import Foundation
import Models
import Testing

/// Limits on the files of a tokenizer, each just reached and just passed (Limits.md).
@Suite struct TokenizerLimitTests {
    let tiny: TinyTokenizer

    init() throws {
        tiny = try TinyTokenizer()
    }

    private var isRead: Bool { (try? CLIPTokenizer(folder: tiny.folder)) != nil }

    /// Fills a file up with blanks, or with line ends.
    private func fill(_ name: String, to count: Int, with byte: UInt8 = 0x20) throws {
        let file = tiny.folder.appending(path: name)
        var data = try Data(contentsOf: file)
        data.append(Data(repeating: byte, count: count - data.count))
        try data.write(to: file)
    }

    @Test(arguments: [(0, true), (1, false)])
    func aTokenizerHasSoManyBytes(_ extra: Int, _ fits: Bool) throws {
        try tiny.writeVocabularyAndMerges()
        try fill("vocab.json", to: 16 << 20 + extra)
        #expect(isRead == fits)
        try tiny.writeVocabularyAndMerges()
        try fill("merges.txt", to: 16 << 20 + extra, with: 0x0A)
        #expect(isRead == fits)
        try tiny.writeWhole()
        try fill("tokenizer.json", to: 16 << 20 + extra)
        #expect(isRead == fits)
    }

    @Test(arguments: [(0, true), (1, false)])
    func settingsHaveSoManyBytes(_ extra: Int, _ fits: Bool) throws {
        try tiny.writeVocabularyAndMerges()
        try tiny.write("{}", to: "tokenizer_config.json")
        try fill("tokenizer_config.json", to: 1 << 20 + extra)
        #expect(isRead == fits)
        try tiny.write("{}", to: "tokenizer_config.json")
        try tiny.write("{}", to: "special_tokens_map.json")
        try fill("special_tokens_map.json", to: 1 << 20 + extra)
        #expect(isRead == fits)
        try tiny.write("{}", to: "special_tokens_map.json")
        try tiny.write("{}", to: "added_tokens.json")
        try fill("added_tokens.json", to: 1 << 20 + extra)
        #expect(isRead == fits)
    }

    @Test(arguments: [(512, true), (513, false)])
    func aSpecialTokenHasSoManyBytes(_ count: Int, _ fits: Bool) throws {
        let text = String(repeating: "x", count: count)
        try tiny.writeWhole(added: [["id": 1, "content": text] as [String: Any]])
        #expect(isRead == fits)
    }

    @Test(arguments: [(4096, true), (4097, false)])
    func thereAreSoManySpecialTokens(_ count: Int, _ fits: Bool) throws {
        try tiny.writeWhole(
            added: (0..<count).map { ["id": 1, "content": "<\($0)>"] as [String: Any] })
        #expect(isRead == fits)
        try FileManager.default.removeItem(at: tiny.folder.appending(path: "tokenizer.json"))
        try tiny.writeVocabularyAndMerges()
        let added = Dictionary(uniqueKeysWithValues: (0..<count).map { ("<\($0)>", 900 + $0) })
        try tiny.write(added as Any, to: "added_tokens.json")
        #expect(isRead == fits)
    }
}
