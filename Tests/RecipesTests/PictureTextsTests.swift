import Foundation
import Recipes
import Testing

/// A file of `Fixtures/Recipes/Settings`: the texts of a picture, by keyword, and its XMP; beside it
/// stands what they come to.
private struct PictureTexts: Sendable, CustomTestStringConvertible, Decodable {
    let texts: [String: String]
    let xmp: String?
    var testDescription = ""
    var expected = ""

    private enum CodingKeys: CodingKey { case texts, xmp }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/Recipes/Settings")

    static let all: [PictureTexts] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".json") }.sorted().compactMap { file in
            let url = folder.appending(path: file)
            guard let data = try? Data(contentsOf: url),
                var texts = try? JSONDecoder().decode(Self.self, from: data)
            else { return nil }
            texts.testDescription = String(file.dropLast(".json".count))
            let expected = url.deletingPathExtension().appendingPathExtension("expected")
            texts.expected = (try? String(contentsOf: expected, encoding: .utf8)) ?? "none"
            return texts
        }
    }()

    /// What is read, a line each.
    func found() -> String {
        do {
            let texts = texts.map { (keyword: $0.key, value: $0.value) }
            guard let settings = try PictureSettings(texts: texts, xmp: xmp, of: "a.png") else {
                return "no settings\n"
            }
            var lines = ["program: \(settings.program)", "verb: \(settings.verb.rawValue)"]
            lines += settings.model.map { ["model: \($0)"] } ?? []
            lines += settings.settings.map { "\($0.key) = \($0.value.debugDescription)" }
            lines += settings.notes(for: [settings.verb]).map { "note: \($0)" }
            do {
                _ = try Recipe(settings.verb, presets: [Preset(settings)])
            } catch {
                lines.append("refused: \(error)")
            }
            return lines.map { $0 + "\n" }.joined()
        } catch {
            return "refused: \(error)\n"
        }
    }
}

@Suite struct PictureTextsTests {
    @Test func theCorpusIsThere() { #expect(PictureTexts.all.count > 40) }

    /// With `GESSO_RECORD` in the environment the results are written instead.
    @Test(arguments: PictureTexts.all)
    fileprivate func textsComeToTheirSettings(_ texts: PictureTexts) throws {
        let found = texts.found()
        if ProcessInfo.processInfo.environment["GESSO_RECORD"] != nil {
            let file = PictureTexts.folder.appending(path: texts.testDescription + ".expected")
            try Data(found.utf8).write(to: file)
        } else {
            #expect(found == texts.expected)
        }
    }
}
