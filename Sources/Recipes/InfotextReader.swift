import Foundation

/// What A1111's infotext says, taken apart as A1111 does it: the prompt, the negative prompt, and
/// the settings of the last line.
public struct Infotext: Sendable, Equatable {
    /// What the picture should show.
    public let prompt: String
    /// What it should not show; empty if that is not said.
    public let negativePrompt: String
    /// The settings in their order, under A1111's names; quotes are taken off.
    public let settings: [Entry]
    /// The whole of it.
    let text: String

    /// One setting.
    public struct Entry: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// Its value, as text.
        public let value: String
    }

    /// Reads a text. The last line holds the settings if there are three or more in it, else it
    /// belongs to the prompts.
    public init(_ text: String) {
        self.text = text
        var lines = text.trimmed.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let found = lines.last.map { Self.entries(of: $0) } ?? []
        settings = found.count >= 3 ? found : []
        if !settings.isEmpty { lines.removeLast() }
        let mark = "Negative prompt:"
        let trimmed = lines.map(\.trimmed)
        let start = trimmed.firstIndex { $0.hasPrefix(mark) } ?? trimmed.endIndex
        prompt = trimmed[..<start].joined(separator: "\n")
        negativePrompt = trimmed[start...].map {
            $0.hasPrefix(mark) ? $0.dropFirst(mark.count).trimmed : $0
        }.joined(separator: "\n")
    }

    /// The value of a setting, the last one if there are several; nil if there is none.
    public subscript(_ name: String) -> String? {
        settings.last { $0.name == name }?.value
    }

    /// A1111's pattern, `\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)`, found again and
    /// again, in one pass.
    private static func entries(of line: Substring) -> [Entry] {
        var entries: [Entry] = []
        var rest = line
        while !rest.isEmpty {
            rest = rest.drop { !isWord($0) }
            let name = rest.prefix { isWord($0) || " -/".contains($0) }
            rest = rest[name.endIndex...]
            guard rest.first == ":", name.count >= 2 else { continue }
            rest = rest.dropFirst().drop(while: \.isWhitespace)
            let value: String
            if let quoted = quoted(rest) {
                value = unquoted(quoted)
                rest = rest[quoted.endIndex...]
            } else {
                let plain = rest.prefix { $0 != "," }
                value = String(plain)
                rest = rest[plain.endIndex...]
            }
            entries.append(Entry(name: String(name), value: value))
            rest = rest.dropFirst()
        }
        return entries
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    /// The text in quotes that stands at the beginning, with a comma or nothing behind it.
    private static func quoted(_ text: Substring) -> Substring? {
        guard text.first == "\"" else { return nil }
        var index = text.index(after: text.startIndex)
        while index < text.endIndex, text[index] != "\"" {
            if text[index] == "\\" { index = text.index(after: index) }
            guard index < text.endIndex else { return nil }
            index = text.index(after: index)
        }
        guard index < text.endIndex else { return nil }
        let quoted = text[...index]
        guard quoted.count > 2, text[quoted.endIndex...].first ?? "," == "," else { return nil }
        return quoted
    }

    /// The text that the quotes hold, as JSON has it; as it stands if that is none.
    private static func unquoted(_ text: Substring) -> String {
        (try? JSONDecoder().decode(String.self, from: Data(text.utf8))) ?? String(text)
    }
}
