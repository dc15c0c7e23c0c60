import Foundation
import Recipes
import TestSupport
import Testing

/// A file of `Fixtures/Recipes` and what is beside it in the file of the same name that ends in
/// `.expected`.
struct RecipeCase: Sendable, CustomTestStringConvertible {
    let name: String
    let path: String
    let bytes: [UInt8]
    let expected: String

    var testDescription: String { name }

    static func all(in folder: String) -> [RecipeCase] {
        let root = Fixtures.folder.appending(path: "Recipes/" + folder)
        let files = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.sorted().map { file in
            let url = root.appending(path: file)
            let expected = url.deletingPathExtension().appendingPathExtension("expected")
            return RecipeCase(
                name: file, path: url.path,
                bytes: (try? Array(Data(contentsOf: url))) ?? [],
                expected: (try? String(contentsOf: expected, encoding: .utf8)) ?? "no .expected")
        }
    }
}

@Suite struct RecipeFileTests {
    @Test func theCorpusIsThere() {
        #expect(RecipeCase.all(in: "Good").count > 10)
        #expect(RecipeCase.all(in: "Bad").count > 50)
    }

    @Test(arguments: RecipeCase.all(in: "Good"))
    func goodFilesSetWhatTheySay(_ file: RecipeCase) throws {
        let preset = try Preset(file.bytes, path: file.path)
        let verb = try #require(preset.verbs.first)
        var plain = Recipe(verb)
        plain.prompt = "none"
        let recipe = try Recipe(
            verb, presets: [preset],
            settings: preset.settings.contains { $0.key == "prompt" }
                ? [] : [Setting("prompt", "none", at: .argument("--prompt"))])
        let changed = Recipe.keys.filter { $0.value(in: recipe) != $0.value(in: plain) }
        let shown = changed.compactMap { key in
            key.value(in: recipe).map { "\(key.name) = \(visible("\($0)"))\n" }
        }
        #expect(shown.joined() == file.expected)
    }

    @Test(arguments: RecipeCase.all(in: "Bad"))
    func badFilesAreRefusedAtThePlace(_ file: RecipeCase) {
        let error = #expect(throws: RecipeError.self) { try Preset(file.bytes, path: file.path) }
        let folder = file.path.dropLast(file.name.count)
        #expect(error.map { "\($0)\n".replacing(folder, with: "") } == file.expected)
    }

    @Test(arguments: ["[", "{", "- ", "? ", "a: ", "&a [", "\"a\": [", "|", "!", "prompt: [", ": "])
    func hugeNestsAreRefused(_ piece: String) {
        let text = String(repeating: piece, count: 200_000 / piece.count)
        #expect(throws: RecipeError.self) { try Preset(Array(text.utf8), path: "nest") }
        let below = "prompt:\n " + text
        #expect(throws: RecipeError.self) { try Preset(Array(below.utf8), path: "nest") }
    }

    @Test func bracketsInTextAreText() throws {
        let text = String(repeating: "[", count: 60_000)
        let preset = try Preset(Array("prompt: \"\(text)\"".utf8), path: "brackets")
        #expect(preset.settings.first?.value == text)
    }

    @Test func theSizeIsCapped() {
        let text = "prompt: \"" + String(repeating: "a", count: 256 * 1024) + "\""
        #expect(throws: RecipeError.tooLong(path: "long", limit: 256 * 1024)) {
            try Preset(Array(text.utf8), path: "long")
        }
    }

    private func visible(_ text: String) -> String {
        text.replacing("\n", with: "\\n").replacing("\0", with: "\\0")
    }
}
