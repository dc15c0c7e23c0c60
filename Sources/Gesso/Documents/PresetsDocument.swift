import Foundation
package import Recipes

/// The presets that can be named, as `gesso preset list --json` prints it.
package struct PresetsDocument: PlainDocument {
    private let schema = "gesso.presets/1"
    private let presets: [Entry]

    private struct Entry: Encodable {
        let name: String
        let group: String
        let verbs: [String]
        let description: String
    }

    package init(_ presets: [(name: String, Preset)]) {
        self.presets = presets.map { name, preset in
            Entry(
                name: name, group: preset.group.rawValue, verbs: preset.verbs.map(\.rawValue),
                description: preset.summary)
        }
    }

    /// By groups, the names of one width.
    package var lines: [String] {
        let width = presets.map(\.name.count).max() ?? 0
        return PresetGroup.allCases.flatMap { group -> [String] in
            let members = presets.filter { $0.group == group.rawValue }
            guard !members.isEmpty else { return [] }
            return [group.rawValue + ":"]
                + members.map { preset in
                    let gap = String(repeating: " ", count: width - preset.name.count)
                    return "  \(preset.name)\(gap)  \(preset.description)"
                }
        }
    }
}
