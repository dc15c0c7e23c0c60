import Foundation

/// What A1111's infotext says, taken apart: the prompt, the negative prompt, and the settings.
///
/// The settings begin with the last line that starts with `Steps:` and holds another, or with another known name and
/// holds the steps, if there are three in all, else with the last line if it holds three, of which one is known. A line
/// inside of a value in quotes begins none. They reach to the end of the text, so that a value may have several lines;
/// each may have a line of its own. Names count in capital and small letters. The lines `Template:` and
/// `Negative Template:` that an extension adds below are
/// settings, too. Where no line starts with `Steps:`, because its line ends were lost on the way, the settings
/// and the negative prompt begin within a line. The text is read in one pass over its Unicode scalars, whose
/// time grows with its length alone.
public struct Infotext: Sendable, Equatable {
    /// What the picture should show.
    public let prompt: String
    /// What it should not show; empty if the text does not say.
    public let negativePrompt: String
    /// The settings in their order, under A1111's names; quotes are taken off.
    public let settings: [Entry]
    /// The whole of it.
    let text: String
    /// Whether lines of other settings stand before these, as in a list of several pictures.
    let holdsOthers: Bool
    /// The first value of each name, which is in small letters.
    private let values: [String: String]

    /// One setting.
    public struct Entry: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// Its value, as text.
        public let value: String
    }

    private typealias Scalars = Substring.UnicodeScalarView

    /// Reads a text; where it holds no settings it is a prompt.
    public init(_ text: String) {
        self.text = text
        var lines = Self.restoringLineEnds(
            text.trimmed.unifyingLineEnds.readingWrittenLineEnds.unicodeScalars.split(
                separator: "\n", omittingEmptySubsequences: false))
        let templates = Self.takeTemplates(from: &lines)
        let entries = Self.takeEntries(from: &lines) + templates
        settings = entries
        values = Self.values(of: entries)
        if !entries.isEmpty { Self.cutLabel(from: &lines) }
        holdsOthers = lines.contains {
            Self.startsSettings($0) && Self.entries(of: $0, upTo: 3).count == 3
        }
        let trimmed = lines.map { String($0).trimmed }
        func isNegative(_ line: String) -> Bool {
            Self.begins(line[...].unicodeScalars, with: Self.negativeMark)
        }
        let start = trimmed.firstIndex(where: isNegative) ?? trimmed.endIndex
        prompt = trimmed[..<start].joined(separator: "\n")
        negativePrompt = trimmed[start...].map {
            isNegative($0)
                ? String($0.unicodeScalars.dropFirst(Self.negativeMark.count)).trimmed : $0
        }.joined(separator: "\n")
    }

    /// What Civitai has of a picture as JSON: the settings of such a text under names of its own, by themselves or as
    /// `meta`; nil for other objects.
    init?(civitai object: [String: Any], of text: String) {
        let meta = object["meta"] as? [String: Any] ?? object
        guard let prompt = meta["prompt"] as? String,
            meta["cfgScale"] != nil || meta["negativePrompt"] is String
        else { return nil }
        let names = [
            "steps": "Steps", "sampler": "Sampler", "cfgScale": "CFG scale", "seed": "Seed",
            "clipSkip": "Clip skip", "resources": "Civitai resources",
            "civitaiResources": "Civitai resources", "hashes": "Hashes",
        ]
        let entries = meta.sorted { $0.key < $1.key }.compactMap { name, value -> Entry? in
            guard !["prompt", "negativePrompt"].contains(name), !(value is NSNull) else {
                return nil
            }
            let written = try? JSONSerialization.data(
                withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
            let value =
                OtherSettings.text(value) ?? written.map { String(decoding: $0, as: UTF8.self) }
            return Entry(name: names[name] ?? name, value: value ?? "")
        }
        self.text = text
        self.prompt = prompt
        negativePrompt = meta["negativePrompt"] as? String ?? ""
        settings = entries + [Entry(name: "App", value: "Civitai")]
        values = Self.values(of: settings)
        holdsOthers = false
    }

    private static func values(of entries: [Entry]) -> [String: String] {
        Dictionary(
            entries.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { a, _ in a })
    }

    private static let negativeMark = "Negative prompt:"

    /// The value of a setting, the first one if there are several; nil if there is none. Capital and small
    /// letters are the same.
    public subscript(_ name: String) -> String? { values[name.lowercased()] }

    /// Cuts off what stands before a prompt where pages and programs show it under a label.
    private static func cutLabel(from lines: inout [Scalars]) {
        guard let first = lines.first else { return }
        if lines.count > 1, String(first).trimmed == "parameters" { lines.removeFirst() }
        for label in ["Prompt:", "Positive prompt:"] where begins(lines[0], with: label) {
            lines[0] = lines[0].dropFirst(label.count)
            return
        }
    }

    /// Whether a line begins with a word, in capital or small letters.
    private static func begins(_ line: Scalars, with word: String) -> Bool {
        guard let first = line.first?.value, let other = word.unicodeScalars.first?.value,
            first | 0x20 == other | 0x20
        else { return false }
        return String(line.prefix(word.count)).lowercased() == word.lowercased()
    }

    private static let templateNames = ["Template", "Negative Template"]

    /// Cuts off the lines that name a template, with those below them, where a line of settings comes
    /// before them.
    private static func takeTemplates(from lines: inout [Scalars]) -> [Entry] {
        func name(_ line: Scalars) -> String? {
            templateNames.first { line.starts(with: ($0 + ":").unicodeScalars) }
        }
        guard let first = lines.firstIndex(where: startsSettings),
            let start = lines[first...].firstIndex(where: { name($0) != nil })
        else { return [] }
        var templates: [(name: String, lines: [String])] = []
        for line in lines[start...] {
            if let name = name(line) {
                templates.append((name, [String(line.dropFirst(name.count + 1))]))
            } else {
                templates[templates.count - 1].lines.append(String(line))
            }
        }
        lines.removeSubrange(start...)
        return templates.map {
            Entry(name: $0.name, value: $0.lines.joined(separator: "\n").trimmed)
        }
    }

    /// Lines whose ends were lost on the way are parted again before the settings and the negative prompt.
    private static func restoringLineEnds(_ lines: [Scalars]) -> [Scalars] {
        guard !lines.contains(where: { beginsWithSteps($0) || holdsSteps($0) }),
            let last = lines.lastIndex(where: { settingsStart(in: $0) != nil }),
            let start = settingsStart(in: lines[last])
        else { return lines }
        let line = lines[last]
        var parts = [line[..<start]]
        let mark = "Negative prompt:".unicodeScalars
        if let place = places(of: mark, in: line[..<start]).first, place > line.startIndex {
            parts = [line[..<place], line[place..<start]]
        }
        return lines[..<last] + parts + [line[start...]] + lines[(last + 1)...]
    }

    /// Where settings begin within a line: `Steps:` with a number behind it, and then another name that is
    /// usual there; nil where none do.
    private static func settingsStart(in line: Scalars) -> Scalars.Index? {
        let usual = ["Sampler:", "Size:", "CFG scale:", "Seed:", "Schedule type:", "Model"]
        return places(of: "Steps:".unicodeScalars, in: line).first { place in
            let number = line[place...].dropFirst(6).drop { $0 == " " }
            let rest = number.drop { ("0"..."9").contains($0) }
            guard rest.first == ",", rest.startIndex > number.startIndex else { return false }
            let next = rest.dropFirst().drop { $0 == " " }
            return usual.contains { next.starts(with: $0.unicodeScalars) }
        }
    }

    /// Where a word occurs that no letter or digit comes before.
    private static func places(
        of word: String.UnicodeScalarView, in line: Scalars
    ) -> [Scalars.Index] {
        var (places, isInWord) = ([Scalars.Index](), false)
        let first = word.first
        for index in line.indices {
            let scalar = line[index]
            if !isInWord, scalar == first, line[index...].starts(with: word) {
                places.append(index)
            }
            isInWord = scalar.isOfWord
        }
        return places
    }

    private static func beginsWithSteps(_ line: Scalars) -> Bool {
        begins(line.drop { $0 == " " }, with: "Steps:")
    }

    /// Whether a line begins with the name of a setting.
    private static func beginsWithName(_ line: Scalars) -> Bool {
        let line = line.drop { $0 == " " }
        let name = line.prefix(while: isOfName)
        return line[name.endIndex...].first == ":" && InfotextField.named(String(name)) != nil
    }

    /// Whether a line has settings in another order, the steps among them.
    private static func holdsSteps(_ line: Scalars) -> Bool {
        guard beginsWithName(line) else { return false }
        let found = entries(of: line)
        return found.count >= 3
            && found.contains { $0.name.lowercased() == "steps" && Int($0.value) != nil }
    }

    private static func startsSettings(_ line: Scalars) -> Bool {
        beginsWithSteps(line) ? entries(of: line, upTo: 2).count >= 2 : holdsSteps(line)
    }

    private static func takeEntries(from lines: inout [Scalars]) -> [Entry] {
        guard let start = start(of: lines) ?? startOfLines(lines) ?? lines.indices.last else {
            return []
        }
        let text = lines[start...].map { String($0) }.joined(separator: "\n")
        let found = entries(of: Substring(text).unicodeScalars)
        guard found.count >= 3, found.contains(where: { InfotextField.isKnown($0.name) }) else {
            return []
        }
        lines.removeSubrange(start...)
        return found
    }

    /// The first of the lines that have a setting each, the steps among them; nil where there are none.
    private static func startOfLines(_ lines: [Scalars]) -> Int? {
        let steps = lines.indices.dropLast().last { index in
            let line = lines[index].drop { $0 == " " }
            return begins(line, with: "Steps:")
                && Int(String(line.dropFirst("Steps:".count)).trimmed) != nil
                && beginsWithName(lines[index + 1])
        }
        guard var start = steps else { return nil }
        while start > 0, beginsWithName(lines[start - 1]) { start -= 1 }
        return start
    }

    /// The line with which the settings begin; nil where none has the steps among others.
    private static func start(of lines: [Scalars]) -> Int? {
        let starts = lines.indices.filter { startsSettings(lines[$0]) }
        guard var start = starts.first,
            let lastQuote = lines.lastIndex(where: { $0.contains("\"") })
        else { return starts.last }
        // Whether a value in quotes is open behind the lines that were looked at, from `start` on.
        var (seen, isOpen) = (start, false)
        for next in starts.dropFirst() {
            for line in lines[seen..<next] where turnsQuotes(line) { isOpen.toggle() }
            seen = next
            if !isOpen || lastQuote < next { (start, isOpen) = (next, false) }
        }
        return start
    }

    /// Whether a line opens quotes that it does not close, or closes those that were open.
    private static func turnsQuotes(_ line: Scalars) -> Bool {
        var (turns, isEscaped) = (false, false)
        for scalar in line {
            if scalar == "\"", !isEscaped { turns.toggle() }
            isEscaped = scalar == "\\" && !isEscaped
        }
        return turns
    }

    /// A1111's pattern, `\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)`, found again and
    /// again, in one pass. Other programs have lists and objects of JSON as values, which are taken whole.
    ///
    /// - Parameter most: entries behind which the rest is not read.
    private static func entries(of text: Scalars, upTo most: Int = .max) -> [Entry] {
        var entries: [Entry] = []
        var rest = text
        // Where one bracket has no partner, the rest is not searched again.
        var hasBrackets = true
        while !rest.isEmpty, entries.count < most {
            rest = rest.drop { !$0.isOfWord }
            let name = rest.prefix(while: isOfName)
            rest = rest[name.endIndex...]
            guard rest.first == ":", name.count >= 2 else { continue }
            rest = rest.dropFirst().drop(while: \.properties.isWhitespace)
            let value: String
            if let quoted = quoted(rest) {
                value = unquoted(quoted)
                rest = rest[quoted.endIndex...]
            } else if hasBrackets, let first = rest.first, "{[(".unicodeScalars.contains(first) {
                let whole = bracketed(rest)
                hasBrackets = whole != nil
                let taken = whole ?? rest.prefix { $0 != "," }
                value = String(taken).trimmed
                rest = rest[taken.endIndex...]
            } else if let (number, whole) = decimal(rest) {
                value = number
                rest = rest[whole.endIndex...]
            } else {
                let plain = plainValue(rest)
                value = String(plain).trimmed
                rest = rest[plain.endIndex...]
            }
            entries.append(Entry(name: String(name), value: value))
            rest = rest.dropFirst()
        }
        return entries
    }

    /// A number with a comma in place of its point, as programs write it that follow the user's language: no blank is
    /// behind such a comma.
    private static func decimal(_ text: Scalars) -> (number: String, whole: Scalars)? {
        func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
        let digits = text.prefix(4).prefix(while: isDigit)
        let rest = text[digits.endIndex...]
        guard (1...3).contains(digits.count), rest.first == "," else { return nil }
        let fraction = rest.dropFirst().prefix(7).prefix(while: isDigit)
        let next = text[fraction.endIndex...].first ?? ","
        guard (1...6).contains(fraction.count), next == "," || next == "\n" else { return nil }
        return (String(digits) + "." + String(fraction), text[..<fraction.endIndex])
    }

    /// The text up to a comma, or up to a line that begins with a name of its own, as programs add some below
    /// the settings.
    private static func plainValue(_ text: Scalars) -> Scalars {
        var index = text.startIndex
        while index < text.endIndex, text[index] != "," {
            let next = text.index(after: index)
            if text[index] == "\n" {
                let name = text[next...].prefix(while: isOfName)
                if text[name.endIndex...].first == ":" { break }
            }
            index = next
        }
        return text[..<index]
    }

    private static func isOfName(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isOfWord || scalar == " " || scalar == "-" || scalar == "/"
    }

    /// The text in quotes at the beginning, with a comma, a line end or nothing behind it.
    private static func quoted(_ text: Scalars) -> Scalars? {
        guard text.first == "\"" else { return nil }
        var index = text.index(after: text.startIndex)
        while index < text.endIndex, text[index] != "\"" {
            if text[index] == "\\" { index = text.index(after: index) }
            guard index < text.endIndex else { return nil }
            index = text.index(after: index)
        }
        guard index < text.endIndex else { return nil }
        let quoted = text[...index]
        let next = text[quoted.endIndex...].first ?? ","
        return next == "," || next == "\n" ? quoted : nil
    }

    /// The text in brackets at the beginning, up to the comma or the end behind it; nil where a bracket has no
    /// partner.
    private static func bracketed(_ text: Scalars) -> Scalars? {
        var (depth, isQuoted, isEscaped) = (0, false, false)
        var index = text.startIndex
        while index < text.endIndex {
            let scalar = text[index]
            if isQuoted {
                isQuoted = scalar != "\"" || isEscaped
                isEscaped = scalar == "\\" && !isEscaped
            } else {
                if depth == 0, scalar == "," { break }
                switch scalar {
                case "\"": isQuoted = true
                case "{", "[", "(": depth += 1
                case "}", "]", ")": depth -= 1
                default: break
                }
            }
            index = text.index(after: index)
        }
        return depth == 0 && !isQuoted ? text[..<index] : nil
    }

    /// The text that the quotes hold, as JSON has it; what is between them if that is none.
    private static func unquoted(_ text: Scalars) -> String {
        (try? JSONDecoder().decode(String.self, from: Data(String(text).utf8)))
            ?? String(text.dropFirst().dropLast())
    }
}

extension String {
    /// The text with line ends where a copy of JSON has `\n` for all of them.
    fileprivate var readingWrittenLineEnds: String {
        guard !unicodeScalars.contains("\n"), contains("\\nSteps:") else { return self }
        return replacing("\\n", with: "\n")
    }

    /// The text with `\n` for `\r\n` and `\r`.
    fileprivate var unifyingLineEnds: String {
        guard unicodeScalars.contains("\r") else { return self }
        var view = String.UnicodeScalarView()
        var isBehindReturn = false
        for scalar in unicodeScalars {
            if !(isBehindReturn && scalar == "\n") { view.append(scalar == "\r" ? "\n" : scalar) }
            isBehindReturn = scalar == "\r"
        }
        return String(view)
    }
}
