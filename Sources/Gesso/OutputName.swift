import Files
import Foundation
import Imaging
package import Recipes

/// The path that `-o` comes to: itself, a name in the folder that it names by a `/` at its end, or what
/// its last part makes of `{stem}`, `{seed}`, `{index}`, `{ext}` and `{verb}`.
package struct OutputName {
    /// The picture's own path; nil for a picture from words.
    let input: String?
    let verb: Verb
    let seed: UInt64
    /// That of `--format`.
    let format: String?

    package init(input: String?, verb: Verb, seed: UInt64, format: String?) {
        (self.input, self.verb, self.seed, self.format) = (input, verb, seed, format)
    }

    /// - Throws: `GessoError` for a placeholder that does not exist.
    package func path(_ text: String) throws -> String {
        let (folder, own) = text.folderAndName
        let name = own.isEmpty ? "{stem}.{ext}" : own
        let isTemplate = NameTemplate.placeholders.contains { name.contains("{\($0)}") }
        guard text != "-", !text.isEmpty, isTemplate else { return text }
        let template = try NameTemplate(name, at: "output")
        return folder + template.name(values(index: index(template, folder)))
    }

    private func values(index: Int) -> [String: String] {
        let name = input.map { $0 == "-" ? "picture" : $0 } ?? verb.rawValue
        let own = ImageFormat(written: name.pathEnding) == nil ? nil : name.pathEnding
        return [
            "stem": name.folderAndName.name.withoutPathEnding,
            "seed": "\(seed)", "verb": verb.rawValue, "ext": format ?? own ?? "png",
            "index": String(format: "%04d", index),
        ]
    }

    /// The first number from 1 on whose file is not there yet.
    private func index(_ template: NameTemplate, _ folder: String) -> Int {
        func isFree(_ index: Int) -> Bool {
            let path = folder + template.name(values(index: index))
            return !FileManager.default.fileExists(atPath: FilePath.literal(path))
        }
        guard template.uses("index") else { return 1 }
        return (1...99_999).first(where: isFree) ?? 100_000
    }
}
