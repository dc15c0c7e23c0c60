import Foundation
import Recipes

/// All keys of recipes with what they take, as `gesso preset keys --json` prints it.
package struct KeysDocument: PlainDocument {
    private let schema = "gesso.keys/1"
    private let keys: [Entry]

    private struct Entry: Encodable {
        let name: String
        let help: String
        let takes: String
        let choices: [String]
        let verbs: [String]
    }

    package init() {
        keys = Recipe.keys.map {
            Entry(
                name: $0.name, help: $0.help, takes: $0.expected, choices: $0.choices,
                verbs: $0.verbs.map(\.rawValue))
        }
    }

    package var lines: [String] {
        let width = 1 + (keys.map(\.name.count).max() ?? 0)
        return keys.flatMap { key in
            [
                key.name.padding(toLength: width, withPad: " ", startingAt: 0) + key.help,
                String(repeating: " ", count: width) + key.takes,
            ]
        }
    }
}
