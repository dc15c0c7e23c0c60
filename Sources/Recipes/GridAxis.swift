import Foundation

/// One direction of a grid: what changes along it, and the values it takes.
public struct GridAxis: Sendable, Equatable {
    /// What changes.
    public enum Subject: Sendable, Equatable {
        /// The key of a recipe.
        case key(String)
        /// Words of the prompts, in whose place the values stand; the first value is these words.
        case words(String)
        /// A preset, over those that hold for all.
        case preset
        /// A variable of a recipe.
        case variable(String)
        /// The checkpoint.
        case model
        /// A part of all ControlNets.
        case control(ControlPart)
    }

    /// What may change of ControlNets that stay.
    public enum ControlPart: String, CaseIterable, Sendable {
        /// Factor of what they add.
        case weight
        /// Share of the steps that pass before they begin.
        case start
        /// Share of the steps after which they end.
        case end
        /// What they read: a kind of a map, or a picture.
        case kind
        /// How they share their say with the prompt.
        case mode
    }

    /// What changes.
    public let subject: Subject
    /// The values, as text, one or more.
    public let values: [String]
    /// The axis as it was given.
    public let text: String
    /// Whether seeds among the values were drawn, in the place of `random` and -1.
    public let hasDrawnSeeds: Bool
    /// The option that gave it, for errors.
    let origin: Origin
    /// The folder that files among the values lie in; nil for the current one.
    private let folder: String?

    /// The most values an axis may have.
    public static let mostValues = 100

    /// Reads `key=values`, `preset=names`, `model=names`, `control:weight=values` or
    /// `prompt:words=values`.
    ///
    /// Values are joined by commas, one with a comma in it stands in double quotes. Of numbers,
    /// `a..b:step`, `a..b`, and as in AUTOMATIC1111 `a-b`, `a-b (+step)` and `a-b [count]` stand for
    /// all of a range. With `prompt:words=`, the values are what takes the words' place.
    ///
    /// - Parameter option: the one that gave it, `--x`.
    /// - Throws: `RecipeError` for what is no axis.
    public init(_ text: String, option: String) throws(RecipeError) {
        origin = .argument(option)
        folder = nil
        self.text = text
        guard let equals = text.firstIndex(of: "=") else {
            throw .malformed(
                "'\(text.prefix(40))' is no axis", at: origin,
                remedy: "write \(option) key=value,value, such as strength=0.2..0.8:0.2")
        }
        let name = text[..<equals].trimmed
        let isWhole =
            Recipe.key(name.replacing("-", with: "_"))?.expected.hasPrefix("a whole") ?? false
        let values = try Self.values(
            Self.parts(String(text[text.index(after: equals)...]), of: name, at: origin),
            of: name, whole: isWhole, at: origin)
        if name == "preset" {
            subject = .preset
        } else if name == "model" {
            subject = .model
        } else if name.hasPrefix("control:") {
            let part = String(name.dropFirst("control:".count))
            guard let part = ControlPart(rawValue: part) else {
                throw .malformed(
                    "a control has no '\(part.prefix(40))'", at: origin,
                    remedy: "give control: and one of "
                        + ControlPart.allCases.map(\.rawValue).joined(separator: ", "))
            }
            subject = .control(part)
        } else if name.hasPrefix("prompt:") {
            subject = .words(String(name.dropFirst("prompt:".count)))
        } else {
            let key = name.replacing("-", with: "_")
            guard Recipe.key(key) != nil else {
                throw .unknownKey(
                    name, at: origin,
                    meant: Recipe.key(calledElsewhere: key)?.name
                        ?? nearMiss(key, among: Recipe.keys.map(\.name) + ["preset", "model"]))
            }
            subject = .key(key)
        }
        try Self.check(values, of: name, subject, at: origin)
        self.values = Self.drawingSeeds(values, subject)
        hasDrawnSeeds = self.values != values
    }

    /// Reads what a recipe has below `for:`: a key or a variable with a list of values, or with one text
    /// of ranges.
    ///
    /// - Parameters:
    ///   - variables: the names of those of the recipe, which go before keys.
    ///   - folder: the one that its files lie in; nil if it can have none.
    init(
        _ entry: RecipeNode.Entry, over variables: [String], in folder: String?
    ) throws(RecipeError) {
        origin = entry.keyOrigin
        self.folder = folder
        let texts = try entry.value.texts()
        if variables.contains(entry.key) {
            subject = .variable(entry.key)
        } else {
            guard let key = Recipe.key(entry.key) else {
                throw .unknownKey(
                    entry.key, at: entry.keyOrigin,
                    meant: Recipe.key(calledElsewhere: entry.key)?.name
                        ?? nearMiss(entry.key, among: Recipe.keys.map(\.name) + variables))
            }
            subject = .key(key.name)
        }
        let given: [String]
        if case .text(let text, let place) = entry.value {
            let isWhole = Recipe.key(entry.key)?.expected.hasPrefix("a whole") ?? false
            given = try Self.values(
                Self.parts(text, of: entry.key, at: place), of: entry.key, whole: isWhole,
                at: place)
        } else {
            given = texts.map(\.text)
        }
        text =
            entry.key + "="
            + given.map { value in
                let isText =
                    value.contains { ",\"".contains($0) } || value.isEmpty
                    || NumberRange(value) != nil
                return isText ? "\"" + value.replacing("\"", with: "\"\"") + "\"" : value
            }
            .joined(separator: ",")
        try Self.check(given, of: entry.key, subject, at: origin)
        values = Self.drawingSeeds(given, subject)
        hasDrawnSeeds = values != given
        for (value, place) in texts {
            guard case .key(let name) = subject, case .list = entry.value,
                let key = Recipe.key(name)
            else { break }
            var scratch = Recipe(.imageToImage)
            guard key.set(value, in: &scratch) else {
                throw .badValue(
                    key: name, value: value, at: place, expected: key.expected(insteadOf: value))
            }
        }
    }

    /// The values of parts, ranges written out. A value without any letter stands in quotes.
    private static func values(
        _ parts: [(text: String, isQuoted: Bool)], of name: String, whole isWhole: Bool,
        at origin: Origin
    ) throws(RecipeError) -> [String] {
        var values: [String] = []
        for (part, isQuoted) in parts {
            // So many are refused, whatever the rest comes to.
            guard values.count <= mostValues else { break }
            guard isQuoted || !part.isEmpty else { throw miscounted(name, at: origin) }
            guard !isQuoted, let range = NumberRange(part) else {
                values.append(part)
                continue
            }
            guard let numbers = range.values(atMost: mostValues, whole: isWhole) else {
                throw .malformed(
                    "'\(part.prefix(40))' is no range", at: origin,
                    remedy: "let it end within \(mostValues) steps: 0.2..0.8:0.2, 1-10 [5]")
            }
            values += numbers
        }
        return values
    }

    /// The values with a seed for each that is to be drawn, as AUTOMATIC1111 fixes those of its grids.
    private static func drawingSeeds(_ values: [String], _ subject: Subject) -> [String] {
        guard subject == .key("seed") || subject == .key("variation_seed") else { return values }
        return values.map { Recipe.drawsSeed($0) ? "\(Recipe.randomSeed())" : $0 }
    }

    private static func check(
        _ values: [String], of name: String, _ subject: Subject, at origin: Origin
    ) throws(RecipeError) {
        guard (1...mostValues).contains(values.count),
            !values.contains("") || mayBeEmpty(subject)
        else { throw miscounted(name, isEmpty: values.isEmpty, at: origin) }
    }

    private static func miscounted(
        _ name: String, isEmpty: Bool = false, at origin: Origin
    ) -> RecipeError {
        .malformed(
            "\(name) has \(isEmpty ? "no" : "an empty or too many") values", at: origin,
            remedy: "give 1 to \(mostValues), joined by commas")
    }

    /// Whether nothing is a value: of words that are left out, and of texts and lists.
    private static func mayBeEmpty(_ subject: Subject) -> Bool {
        switch subject {
        case .words, .variable: return true
        case .preset, .model, .control: return false
        case .key(let name):
            var scratch = Recipe(.imageToImage)
            return Recipe.key(name)?.set("", in: &scratch) ?? false
        }
    }

    /// What the cells along it are called.
    public func label(_ value: String) -> String {
        let value = value.isEmpty ? "\"\"" : value
        return switch subject {
        case .key(let key): "\(key) \(value)"
        case .variable(let name): "\(name) \(value)"
        case .words, .preset: value
        case .model: OtherSettings.fileName(value)
        case .control(let part): "control \(part.rawValue) \(value)"
        }
    }

    /// The setting of a value, if it is one.
    public func setting(_ value: String) -> Setting? {
        guard case .key(let key) = subject else { return nil }
        return Setting(key, value, at: origin).from(folder: folder)
    }

    /// The recipe with a value in the place of the words, or as a part of its ControlNets, if it is about
    /// these.
    ///
    /// - Throws: `RecipeError.malformed` if no prompt holds the words, and for what no ControlNet can have.
    public func replaced(_ value: String, in recipe: Recipe) throws(RecipeError) -> Recipe {
        if case .control(let part) = subject { return try controlled(value, part, recipe) }
        guard case .words(let words) = subject else { return recipe }
        guard !words.isEmpty,
            recipe.prompt.contains(words) || recipe.negativePrompt.contains(words)
        else {
            throw .malformed(
                "no prompt holds '\(words.prefix(40))'", at: origin,
                remedy: "name words of the prompt before the =")
        }
        for text in [recipe.prompt, recipe.negativePrompt] {
            let count = text.count(of: words)
            let length = text.utf8.count + count * (value.utf8.count - words.utf8.count)
            guard length <= Recipe.longestText else { throw .longPrompt(at: origin) }
        }
        var replaced = recipe
        replaced.prompt = recipe.prompt.replacing(words, with: value)
        replaced.negativePrompt = recipe.negativePrompt.replacing(words, with: value)
        return replaced.forgettingDraws(unlessOf: recipe)
    }

    private func controlled(
        _ value: String, _ part: ControlPart, _ recipe: Recipe
    ) throws(RecipeError) -> Recipe {
        guard !recipe.controls.isEmpty else {
            throw .malformed(
                "there is no control whose \(part.rawValue) could change", at: origin,
                remedy: "name one by the key control")
        }
        var changed = recipe
        for index in changed.controls.indices {
            guard changed.controls[index].set(part, to: value) else {
                throw .malformed(
                    "'\(value.prefix(40))' is no \(part.rawValue) of a control", at: origin,
                    remedy: "see the article on ControlNets")
            }
        }
        return changed
    }

    /// What commas part, by the rules of comma separated values: in double quotes a comma is text and two quotes are
    /// one; quotes that do not begin a part are text.
    private static func parts(
        _ text: String, of name: String, at origin: Origin
    ) throws(RecipeError) -> [(text: String, isQuoted: Bool)] {
        var parts: [(text: String, isQuoted: Bool)] = []
        var part = String.UnicodeScalarView()
        var (isQuoted, isOpen, isBehindQuote) = (false, false, false)
        for scalar in text.unicodeScalars {
            if isOpen {
                (isOpen, isBehindQuote) = (scalar != "\"", scalar == "\"")
                if isOpen { part.append(scalar) }
                continue
            }
            if scalar == "," {
                parts.append((String(part).trimmed, isQuoted))
                (part, isQuoted) = (String.UnicodeScalarView(), false)
            } else if scalar == "\"", isBehindQuote {
                part.append(scalar)
                isOpen = true
            } else if scalar == "\"", !isQuoted, part.allSatisfy(\.properties.isWhitespace) {
                part.removeAll()
                (isQuoted, isOpen) = (true, true)
            } else {
                part.append(scalar)
            }
            isBehindQuote = false
        }
        guard !isOpen else {
            throw .malformed(
                "a quote of \(name.prefix(40)) is not closed", at: origin,
                remedy: "close it, and double a quote inside")
        }
        parts.append((String(part).trimmed, isQuoted))
        return parts
    }
}

/// A range of numbers, in Gesso's words or AUTOMATIC1111's.
struct NumberRange {
    private let first: Decimal
    private let last: Decimal
    private let advance: Advance

    private enum Advance {
        case by(Decimal), count(Int)
    }

    /// The most bytes of a range, for the patterns may take time that grows with the square of the length.
    private static let longest = 128

    /// Nil for text that is something else.
    init?(_ text: String) {
        guard text.utf8.count <= Self.longest else { return nil }
        let number = #/(-?\d+(?:\.\d+)?)/#
        if let match = text.wholeMatch(of: /(-?[\d.]+)\.\.(-?[\d.]+)(?::(-?[\d.]+))?/) {
            guard let first = Self.number(match.1), let last = Self.number(match.2) else {
                return nil
            }
            (self.first, self.last) = (first, last)
            advance = .by(match.3.flatMap(Self.number) ?? 1)
            return
        }
        let form = /(-?[\d.]+)-(-?[\d.]+)\s*(?:\(([+-][\d.]+)\)|\[(\d+)\])?/
        guard let match = text.wholeMatch(of: form), match.1.wholeMatch(of: number) != nil,
            let first = Self.number(match.1), let last = Self.number(match.2)
        else { return nil }
        (self.first, self.last) = (first, last)
        if let count = match.4 {
            advance = .count(Int(count) ?? 0)
        } else {
            advance = .by(match.3.flatMap(Self.number) ?? 1)
        }
    }

    /// The numbers, the ends among them, without a trace of binary fractions; nil if they are too many
    /// or the last is never reached.
    ///
    /// - Parameter isWhole: whether a count of them is rounded down, as AUTOMATIC1111 does.
    func values(atMost most: Int, whole isWhole: Bool) -> [String]? {
        switch advance {
        case .count(let count):
            guard (1...most).contains(count) else { return nil }
            let width = count > 1 ? (last - first) / Decimal(count - 1) : 0
            return (0..<count).map {
                let value = first + width * Decimal($0)
                return "\(isWhole ? value.rounded(to: 0, .down) : value.rounded(to: 4, .plain))"
            }
        case .by(let step):
            guard step != 0, first == last || (step > 0) == (last > first) else { return nil }
            var (values, value): ([String], Decimal) = ([], first)
            while step > 0 ? value <= last : value >= last {
                guard values.count < most else { return nil }
                values.append("\(value)")
                value += step
            }
            return values
        }
    }

    private static func number(_ text: Substring) -> Decimal? {
        text.wholeMatch(of: /[+-]?\d+(?:\.\d+)?/) == nil ? nil : Decimal(string: String(text))
    }
}

extension Decimal {
    fileprivate func rounded(to places: Int, _ mode: NSDecimalNumber.RoundingMode) -> Decimal {
        var (value, result) = (self, Decimal())
        NSDecimalRound(&result, &value, places, mode)
        return result
    }
}
