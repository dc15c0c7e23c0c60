import Foundation
import Models
import TestSupport
import Testing

@Suite("CLIP's vocabulary, which comes with Gesso")
struct CLIPVocabularyTests {
    private static let folder = Fixtures.folder.appending(path: "Models/clip-tokenizer")

    private struct Record: Decodable {
        let prompt: String
        let ids: [Int]
    }

    @Test("the merges alone give the tokens of transformers")
    func tokens() throws {
        let records = try JSONDecoder().decode(
            [Record].self,
            from: Data(
                contentsOf: Fixtures.folder.appending(path: "Prompts/clip-tokens.json")))
        #expect(records.count == 13)
        let tokenizer = try CLIPTokenizer(folder: Self.folder)
        #expect(tokenizer.vocabularySize == 49408)
        for record in records {
            let tokens = tokenizer(record.prompt)
            #expect(Array(tokens.ids.prefix(record.ids.count)) == record.ids, "\(record.prompt)")
            #expect(tokens.ids.dropFirst(record.ids.count).allSatisfy { $0 == 49407 })
        }
    }

    @Test("the numbers that other programs ask for follow from the merges")
    func numbers() throws {
        let data = try #require(try CLIPTokenizer.vocabulary(missingIn: Self.folder))
        let numbers = try JSONDecoder().decode([String: Int].self, from: data)
        #expect(numbers["!"] == 0)
        #expect(numbers["Ń</w>"] == 511)
        #expect(numbers["<|endoftext|>"] == 49407)
        guard let published = Fixtures.shared("clip-tokenizer/vocab.json") else { return }
        let whole = try JSONDecoder().decode(
            [String: Int].self, from: Data(contentsOf: published))
        #expect(numbers == whole)
    }
}
