import Foundation
package import Recipes

/// All keys of recipes with what they take, as `gesso preset keys --json` prints it.
package struct KeysDocument: PlainDocument {
    private let schema = "gesso.keys/1"
    private let keys: [Entry]

    private struct Entry: Encodable {
        let name: String
        let help: String
        let takes: String
        let `default`: String?
        let choices: [String]
        let verbs: [String]
    }

    package init() {
        keys = Recipe.keys.map {
            Entry(
                name: $0.name, help: $0.help, takes: $0.expected,
                default: $0.standardText, choices: $0.choices, verbs: $0.verbs.map(\.rawValue))
        }
    }

    package var lines: [String] {
        let width = 1 + (keys.map(\.name.count).max() ?? 0)
        let margin = String(repeating: " ", count: width)
        return keys.flatMap { key -> [String] in
            let standard = key.default.map { " (default: \($0))" } ?? ""
            return [
                key.name.padding(toLength: width, withPad: " ", startingAt: 0) + key.help,
                "\(margin)\(key.takes)\(standard)",
            ]
        }
    }
}

extension Key {
    /// The default, with its verb in front where verbs differ in it; nil where it is empty or left to the model.
    package var standardText: String? {
        let standards = verbs.compactMap { verb in
            value(in: Recipe(verb)).flatMap { $0 == .flag(false) ? nil : (verb, "\($0)") }
        }
        guard let first = standards.first?.1, first != "default", !first.isEmpty else { return nil }
        if standards.allSatisfy({ $0.1 == first }) { return first }
        return standards.map { "\($0.0.rawValue) \($0.1)" }.joined(separator: ", ")
    }
}
