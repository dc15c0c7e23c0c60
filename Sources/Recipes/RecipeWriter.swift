/// Writes recipe files.
public struct RecipeWriter {
    /// What a file says of one edit.
    public struct Section: Sendable {
        /// What is done.
        public let verb: Verb
        /// Settings in the order of `Recipe.keys`.
        private(set) var settings: [(key: String, value: Key.Value)] = []
        /// What could not be taken, a few words each.
        public private(set) var leftOut: [String] = []
        /// Remarks on what a picture says, for the user, a sentence each.
        public private(set) var notes: [String] = []
        /// The seed, which is only remembered.
        private(set) var seed: String?

        /// The settings of an edit, as far as they are not the verb's own and a file may hold them.
        ///
        /// - Parameter values: by key; what no key takes is left out.
        public init(_ verb: Verb, _ values: [String: Key.Value]) {
            self.verb = verb
            let standard = Recipe(verb)
            if let value = values["seed"] {
                var seeded = standard
                // A text that is no seed could have lines of its own, which would be no comment.
                let isSeed = Recipe.key("seed")?.set("\(value)", in: &seeded) == true
                seed = isSeed ? "\(value)" : nil
                if !isSeed { leftOut.append("seed '\("\(value)".prefix(200))'") }
            }
            var ruled = standard
            if let compat = values["compat"] {
                _ = Recipe.key("compat")?.set("\(compat)", in: &ruled)
            }
            for key in Recipe.keys where key.verbs.contains(verb) && key.name != "seed" {
                guard let value = values[key.name] else { continue }
                var recipe = standard
                let shown = "\(key.name) '\("\(value)".prefix(200))'"
                guard key.set("\(value)", in: &recipe) else {
                    leftOut.append(shown)
                    continue
                }
                if Recipe.fileKeys.contains(key.name), !Recipe.staysInside("\(value)") {
                    leftOut.append("\(shown), a file elsewhere")
                    continue
                }
                let isOwn = key.value(in: recipe) == key.value(in: standard)
                // What follows from `compat` is left to it.
                var chosen = ruled
                _ = key.set("\(value)", in: &chosen)
                let isImplied =
                    key.name == "mask_latent" && chosen.maskLatent == ruled.maskLatent
                    || key.name == "rng" && chosen.generator == ruled.generator
                // Without a prompt only a fill is made: that there are no words has to be said.
                let isNeeded = key.name == "prompt" && values["steps"].map { "\($0)" } != "0"
                if !isOwn && !isImplied || isNeeded { settings.append((key.name, value)) }
            }
        }

        /// What a picture says of how it was made.
        public init(_ picture: PictureSettings) {
            let values = picture.settings.map { ($0.key, Key.Value.text($0.value)) }
            self.init(picture.verb, Dictionary(values, uniquingKeysWith: { $1 }))
            notes = picture.notes(for: [picture.verb])
        }
    }

    /// The text of a file.
    ///
    /// - Parameters:
    ///   - description: one line on what it is for.
    ///   - sections: one, or edits in their order.
    public static func text(_ description: String, _ sections: [Section]) -> String {
        var lines = ["version: 1", "description: " + quoted(description)]
        if let section = sections.first, sections.count == 1 {
            return (lines + Self.lines(section)).map { $0 + "\n" }.joined()
        }
        let masks = sections.indices.filter { sections[$0].verb == .inpaint }
        if !masks.isEmpty { lines += ["masks:"] + masks.map { "  edit\($0 + 1):" } }
        lines.append("edits:")
        for (index, section) in sections.enumerated() {
            var own = Self.lines(section)
            if section.verb == .inpaint { own.insert("mask: edit\(index + 1)", at: 1) }
            lines += own.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func lines(_ section: Section) -> [String] {
        ["verb: " + section.verb.rawValue]
            + section.settings.map { key, value in "\(key): " + written(value) }
            + (section.seed.map { ["# seed: \($0)"] } ?? [])
    }

    private static func written(_ value: Key.Value) -> String {
        guard case .text(let text) = value else { return "\(value)" }
        let isNumber = decimal(text) != nil
        let isPlain =
            text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                    || byte == UInt8(ascii: "-")
            } && text.first?.isLetter == true
        return isNumber || isPlain && !["null", "true", "false"].contains(text)
            ? text : quoted(text.replacing("{", with: "{{").replacing("}", with: "}}"))
    }

    /// In double quotes, as YAML reads it back.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            default:
                let digits = String(scalar.value, radix: 16)
                let zeros = String(repeating: "0", count: max(8 - digits.count, 0))
                quoted += scalar.isControlInRecipe ? "\\U\(zeros)\(digits)" : "\(scalar)"
            }
        }
        return quoted + "\""
    }
}
