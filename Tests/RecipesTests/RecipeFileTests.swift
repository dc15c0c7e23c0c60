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

    /// Whatever folder is the current one. What is not there is left to the shelf.
    @Test func filesLeadFromTheRecipesFolder() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gesso-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appending(path: "l"), withIntermediateDirectories: true)
        for name in ["own.safetensors", "map.png"] {
            try Data([1]).write(to: folder.appending(path: "l/" + name))
        }
        let text = """
            verb: inpaint
            masks:
              m: l/k.png
            mask: m
            prompt: x
            vars:
              name: own
            fill: patch
            avoid: l/k.png;rect:1,1,2,2
            lora: l/{name}.safetensors:0.5;style;other/ink:0.2
            embedding: l/own.safetensors
            vae: l/own.safetensors
            control: canny=l/map.png:0.5;tile
            """
        let path = folder.path(percentEncoded: false) + "/r.yaml"
        let preset = try Preset(Array(text.utf8), path: path)
        let edit = try preset.edits(RecipeGiven())[0]
        let root = folder.path(percentEncoded: false) + "/l/"
        #expect(edit.mask?.pictures == [root + "k.png"])
        #expect(edit.recipe.avoid.first == .picture(root + "k.png"))
        #expect(edit.recipe.avoid.count == 2)
        #expect(edit.recipe.loras.map(\.name) == [root + "own.safetensors", "style", "other/ink"])
        #expect(edit.recipe.embeddings == [root + "own.safetensors"])
        #expect(edit.recipe.vae == root + "own.safetensors")
        #expect(edit.recipe.controls.map(\.reads) == [root + "map.png", nil])
        #expect(edit.recipe.controls.map(\.network) == ["canny", "tile"])
        // A link leads a mask out of the folder.
        try FileManager.default.createSymbolicLink(
            atPath: root + "k.png", withDestinationPath: "/dev/null")
        #expect(throws: RecipeError.self) { try Preset(Array(text.utf8), path: path) }
    }

    private func visible(_ text: String) -> String {
        text.replacing("\n", with: "\\n").replacing("\0", with: "\\0")
    }
}
