public import Foundation

/// Draws what prompts leave to chance, in the notation of the Dynamic Prompts extension.
///
/// - `{a|b|c}` is one of them; `{2$$a|b|c}` two of them, `{1-2$$a|b}` one or two, joined by commas, and
///   `{2$$ and $$a|b|c}` by what is between the signs. `0.5::a` makes `a` half as likely as others.
/// - `__name__` is a line of the file `name.txt` in a folder of wildcards; lines that begin with `#` and
///   empty ones are none. `{2$$__name__}` is two lines of it.
///
/// What is drawn may hold more of both. Braces without a bar in them are text. The same seed draws the
/// same words.
struct WildcardDrawer {
    private let folders: [URL]
    private var random: SplitMix64
    private var lines: [String: [String]] = [:]
    /// What could not be drawn, a sentence each.
    private(set) var notes: [String] = []

    /// What is drawn from may be so deep in other draws.
    private static let deepest = 16
    private static let tooDeep = "wildcards are too deep in each other"
    /// Signs that are looked at for choices, those in each other each time.
    private static let mostWork = 32 * Recipe.longestText
    private var work = 0
    private static let largestFile = 1 << 20

    init(_ folders: [URL], seed: UInt64) {
        self.folders = folders
        random = SplitMix64(state: seed)
    }

    /// A text with what was drawn; as it is where that would be too long.
    mutating func drawn(_ text: String) -> String {
        guard text.contains("{") || text.contains("__") else { return text }
        var room = Recipe.longestText
        work = 0
        guard let drawn = draw(Array(text.unicodeScalars), 0, &room) else {
            let fault =
                room < 0 ? "what wildcards draw would be too long" : "its braces are too many"
            notes.removeAll { $0.hasPrefix(Self.tooDeep) }
            notes.append("\(fault): they stay words")
            return text
        }
        return drawn
    }

    private typealias Text = [Unicode.Scalar]

    /// Nil where it would be too long.
    private mutating func draw(_ text: Text, _ depth: Int, _ room: inout Int) -> String? {
        var drawn = String.UnicodeScalarView()
        work += text.count
        let ends = Self.ends(of: text)
        var place = 0
        while place < text.count {
            let end = text[place] == "{" && depth < Self.deepest ? ends[place] : nil
            if let end { work += end - place }
            guard work <= Self.mostWork else { return nil }
            if let end, var choice = Choice(text[(place + 1)..<end]) {
                if let name = choice.file.flatMap({ Self.name($0, 0) }) {
                    choice.offer(lines(of: name))
                }
                for (index, option) in choice.drawn(&random).enumerated() {
                    if index > 0 {
                        room -= choice.separator.count
                        guard room >= 0 else { return nil }
                        drawn.append(contentsOf: choice.separator)
                    }
                    guard let words = draw(Text(option), depth + 1, &room) else { return nil }
                    drawn.append(contentsOf: words.unicodeScalars)
                }
                (place, room) = (end + 1, room - 1)
            } else if text[place] == "_", depth < Self.deepest, let name = Self.name(text, place) {
                let words = line(of: name).map { Text($0.unicodeScalars) }
                guard let words = words.map({ draw($0, depth + 1, &room) }) ?? "__\(name)__" else {
                    return nil
                }
                drawn.append(contentsOf: words.unicodeScalars)
                place += name.unicodeScalars.count + 4
                room -= 1
            } else if text[place] == "_", let name = Self.name(text, place) {
                let note = "\(Self.tooDeep): __\(name.prefix(40))__ stays words"
                if !lines(of: name).isEmpty, !notes.contains(note) { notes.append(note) }
                let words = "__\(name)__".unicodeScalars
                drawn.append(contentsOf: words)
                (place, room) = (place + words.count, room - words.count)
            } else {
                let isEscape = text[place] == "\\" && place + 1 < text.count
                drawn.append(contentsOf: text[place...(isEscape ? place + 1 : place)])
                place += isEscape ? 2 : 1
                room -= 1
            }
            guard room >= 0 else { return nil }
        }
        return String(drawn)
    }

    /// For each opening brace the place of its closing one.
    private static func ends(of text: Text) -> [Int: Int] {
        var (open, ends) = ([Int](), [Int: Int]())
        var place = 0
        while place < text.count {
            switch text[place] {
            case "\\": place += 1
            case "{": open.append(place)
            case "}": if let start = open.popLast() { ends[start] = place }
            default: break
            }
            place += 1
        }
        return ends
    }

    /// The name between `__` and `__`; nil if there is none.
    private static func name(_ text: Text, _ place: Int) -> String? {
        guard text[place...].starts(with: ["_", "_"]) else { return nil }
        let rest = text[(place + 2)...].prefix(128)
        for end in rest.indices.dropFirst() where rest[end...].starts(with: ["_", "_"]) {
            let name = String(String.UnicodeScalarView(rest[..<end]))
            return name == name.trimmed ? name : nil
        }
        return nil
    }

    /// A line of a file; nil where there is none of that name.
    private mutating func line(of name: String) -> String? {
        let lines = lines(of: name)
        return lines.isEmpty ? nil : lines[random.next(below: lines.count)]
    }

    /// All lines of a file, which is read once.
    private mutating func lines(of name: String) -> [String] {
        if let lines = lines[name] { return lines }
        let read = read(name)
        lines[name] = read
        return read
    }

    /// The lines of a file; none, with a note, where there are none of that name, or too many.
    private mutating func read(_ name: String) -> [String] {
        let word = name.prefix(40)
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isName = !parts.contains { $0.isEmpty || $0.hasPrefix(".") }
        for folder in isName ? folders : [] {
            let path = folder.appending(path: name + ".txt").path(percentEncoded: false)
            guard
                let bytes = try? PresetShelf(environment: [:]).read(path, atMost: Self.largestFile)
            else { continue }
            guard bytes.count <= Self.largestFile else {
                notes.append("wildcards '\(word)' are longer than 1 MiB: __\(word)__ stays words")
                return []
            }
            guard let text = text(bytes, of: word) else { return [] }
            let lines = text.unicodeScalars
                .split { $0 == "\n" || $0 == "\r" || $0 == "\u{FEFF}" }
                .map { String($0).trimmed }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
            if lines.isEmpty {
                notes.append("wildcards '\(word)' have no lines: __\(word)__ stays words")
            }
            return lines
        }
        notes.append("no wildcards '\(word)': __\(word)__ stays words")
        return []
    }

    /// The text of a file. One that is not UTF-8 is read in the Latin letters of Windows' older editors, with a
    /// note; nil for what is no text.
    private mutating func text(_ bytes: [UInt8], of word: Substring) -> String? {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let text = bytes.contains(0) ? nil : String(data: Data(bytes), encoding: .windowsCP1252)
        notes.append(
            "wildcards '\(word)' are not UTF-8: "
                + (text == nil ? "__\(word)__ stays words" : "they are read as Windows-1252")
                + "; save the file as UTF-8")
        return text
    }
}

/// What braces hold: options, and how many of them are drawn.
private struct Choice {
    private let options: [(words: ArraySlice<Unicode.Scalar>, weight: Double)]
    /// The lines of a file that stand in the place of its name.
    private var lines: [String] = []
    private let count: ClosedRange<Int>
    /// What is between those that are drawn.
    let separator: String.UnicodeScalarView

    /// Nil where there is no choice.
    init?(_ text: ArraySlice<Unicode.Scalar>) {
        var heads = Self.parts(of: text, at: ["$", "$"])
        let count = heads.count > 1 ? Self.count(heads[0]) : nil
        if count != nil { heads.removeFirst() }
        self.count = count ?? 1...1
        let hasSeparator = count != nil && heads.count > 1
        separator = String.UnicodeScalarView(
            hasSeparator ? heads[0] : Array(", ".unicodeScalars)[...])
        let start = count == nil ? text.startIndex : heads[hasSeparator ? 1 : 0].startIndex
        let parts = Self.parts(of: text[start...], at: ["|"])
        guard parts.count > 1 || count != nil else { return nil }
        options = parts.map(Self.weighted)
    }

    /// The only option, of which several are to be drawn: the name of a file may be all of it.
    var file: [Unicode.Scalar]? {
        guard options.count == 1, count.upperBound > 1 else { return nil }
        let words = String(String.UnicodeScalarView(options[0].words)).trimmed
        let isName = words.count > 4 && words.hasPrefix("__") && words.hasSuffix("__")
        let inner = words.dropFirst(2).dropLast(2)
        return isName && !inner.contains("__") ? Array(words.unicodeScalars) : nil
    }

    /// Puts the lines of a file, if there are any, in the place of its name.
    mutating func offer(_ lines: [String]) { self.lines = lines }

    /// The options that are drawn, each at most once.
    func drawn(_ random: inout SplitMix64) -> [ArraySlice<Unicode.Scalar>] {
        let count = count.lowerBound + random.next(below: count.count)
        guard lines.isEmpty else { return drawnLines(min(count, lines.count), &random) }
        var left = options
        var drawn: [ArraySlice<Unicode.Scalar>] = []
        while drawn.count < count, !left.isEmpty {
            var place = random.nextShare() * left.reduce(0) { $0 + $1.weight }
            let index = left.firstIndex { option in
                place -= option.weight
                return place < 0
            }
            drawn.append(left.remove(at: index ?? left.count - 1).words)
        }
        return drawn
    }

    /// So many lines, each at most once, in a time that does not grow with the number of all.
    private func drawnLines(
        _ count: Int, _ random: inout SplitMix64
    ) -> [ArraySlice<Unicode.Scalar>] {
        var (taken, drawn) = ([Int](), [ArraySlice<Unicode.Scalar>]())
        while drawn.count < count {
            // Counted among those that are left.
            var place = random.next(below: lines.count - taken.count)
            let order = taken.firstIndex {
                if $0 > place { return true }
                place += 1
                return false
            }
            taken.insert(place, at: order ?? taken.count)
            drawn.append(Array(lines[place].unicodeScalars)[...])
        }
        return drawn
    }

    /// `2` or `1-3`.
    private static func count(_ text: ArraySlice<Unicode.Scalar>) -> ClosedRange<Int>? {
        let bounds = String(String.UnicodeScalarView(text)).trimmed.split(
            separator: "-", omittingEmptySubsequences: false
        ).map { Int($0) }
        guard let first = bounds[0], let last = bounds[bounds.count - 1], bounds.count <= 2,
            (0...1000).contains(first), (first...max(first, 1000)).contains(last)
        else { return nil }
        return first...last
    }

    /// Words behind the weight that they have, 1 if none is said.
    private static func weighted(
        _ text: ArraySlice<Unicode.Scalar>
    ) -> (words: ArraySlice<Unicode.Scalar>, weight: Double) {
        let parts = parts(of: text, at: [":", ":"])
        guard parts.count > 1,
            let weight = decimal(String(String.UnicodeScalarView(parts[0])).trimmed), weight >= 0
        else { return (text, 1) }
        return (text[parts[1].startIndex...], weight)
    }

    /// The text divided at a sign, but for those inside of brackets.
    private static func parts(
        of text: ArraySlice<Unicode.Scalar>, at sign: [Unicode.Scalar]
    ) -> [ArraySlice<Unicode.Scalar>] {
        var parts: [ArraySlice<Unicode.Scalar>] = []
        var (depth, start, place) = (0, text.startIndex, text.startIndex)
        while place < text.endIndex {
            if depth == 0, text[place...].starts(with: sign) {
                parts.append(text[start..<place])
                place += sign.count
                start = place
                continue
            }
            switch text[place] {
            case "\\": place += 1
            case "{", "[": depth += 1
            case "}", "]": depth = max(depth - 1, 0)
            default: break
            }
            place += 1
        }
        return parts + [text[start...]]
    }
}

/// Random numbers of a seed (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
/// generators").
struct SplitMix64 {
    var state: UInt64

    /// The next 64 bits.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }

    /// A number in 0..<bound.
    mutating func next(below bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number in 0..<1.
    mutating func nextShare() -> Double { Double(next() >> 11) / Double(UInt64(1) << 53) }
}

extension Recipe {
    /// A seed below 2³² that another one draws.
    package static func seed(drawnBy seed: UInt64) -> UInt64 {
        var random = SplitMix64(state: seed)
        return random.next() >> 32
    }

    /// The recipe with what its prompts leave to chance drawn by its seed; as it is where prompts are
    /// plain. What was asked for stays in `wildcardPrompt`.
    ///
    /// - Parameter folders: where files of wildcards are searched.
    /// - Returns: the recipe, and what could not be drawn.
    public func drawingWildcards(from folders: [URL]) -> (recipe: Recipe, notes: [String]) {
        guard promptSyntax == .weighted else { return (self, []) }
        var drawer = WildcardDrawer(folders, seed: seed ?? 0)
        var drawn = self
        drawn.prompt = drawer.drawn(prompt)
        drawn.negativePrompt = drawer.drawn(negativePrompt)
        drawn.componentPrompts = drawer.drawn(componentPrompts)
        drawn.hires.prompt = drawer.drawn(hires.prompt)
        drawn.hires.negativePrompt = drawer.drawn(hires.negativePrompt)
        if drawn.prompt != prompt { drawn.wildcardPrompt = prompt }
        if drawn.negativePrompt != negativePrompt { drawn.wildcardNegativePrompt = negativePrompt }
        return (drawn, drawer.notes)
    }
}
