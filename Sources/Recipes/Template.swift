/// A text of a recipe: `{name}` stands for a variable, `{{` and `}}` for braces.
struct Template: Equatable {
    /// A part of it.
    enum Piece: Equatable {
        case text(String)
        case variable(String)
    }

    /// Its parts, in order.
    private(set) var pieces: [Piece] = []

    /// The name that no recipe declares: the prompt so far goes there.
    static let prompt = "prompt"

    /// Reads a text.
    ///
    /// - Parameter origin: its place, for errors.
    /// - Throws: `RecipeError.malformed` for a brace that is neither a variable's nor doubled.
    init(_ text: String, at origin: Origin) throws(RecipeError) {
        var rest = text[...]
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            append(rest[..<brace])
            let sign = rest[brace]
            rest = rest[rest.index(after: brace)...]
            if rest.first == sign {
                append(String(sign)[...])
                rest = rest.dropFirst()
                continue
            }
            let name = rest.prefix { Self.isPartOfName($0) }
            guard sign == "{", Self.isName(name), rest[name.endIndex...].first == "}" else {
                throw .malformed(
                    "a brace by itself", at: origin,
                    remedy: "write {name} for a variable, {{ and }} for braces")
            }
            pieces.append(.variable(String(name)))
            rest = rest[name.endIndex...].dropFirst()
        }
        append(rest)
    }

    private mutating func append(_ text: Substring) {
        guard !text.isEmpty else { return }
        if case .text(var before) = pieces.last {
            // Held by nothing else, it grows in its place.
            pieces.removeLast()
            before.append(contentsOf: text)
            pieces.append(.text(before))
        } else {
            pieces.append(.text(String(text)))
        }
    }

    /// The names of the variables in it.
    var names: [String] {
        pieces.compactMap { if case .variable(let name) = $0 { name } else { nil } }
    }

    /// As a file has it.
    var text: String {
        pieces.map { piece in
            switch piece {
            case .text(let text):
                text.replacing("{", with: "{{").replacing("}", with: "}}")
            case .variable(let name): "{\(name)}"
            }
        }.joined()
    }

    /// The text without doubled braces; nil where variables are in it.
    var plain: String? {
        names.isEmpty
            ? pieces.map { if case .text(let text) = $0 { text } else { "" } }.joined() : nil
    }

    /// How many times `{prompt}` is in it.
    private var places: Int { pieces.count { $0 == .variable(Self.prompt) } }

    /// With another text in the place of `{prompt}`.
    ///
    /// - Throws: `RecipeError.longPrompt` before it is put together.
    func holding(_ prompt: Template, at origin: Origin) throws(RecipeError) -> Template {
        let length = text.utf8.count + places * prompt.text.utf8.count
        guard length <= RecipeText.maximumSize else { throw .longPrompt(at: origin) }
        var joined = self
        joined.pieces = pieces.flatMap { $0 == .variable(Self.prompt) ? prompt.pieces : [$0] }
        return joined
    }

    /// What stands between the places of `{prompt}`, the variables having those values.
    ///
    /// - Throws: `RecipeError.longPrompt` as soon as that is longer than a text may be.
    func filled(
        at origin: Origin, _ value: (String) throws(RecipeError) -> String
    ) throws(RecipeError) -> [String] {
        var parts = [""]
        var length = 0
        func add(_ text: String) throws(RecipeError) {
            length += text.utf8.count
            guard length <= Recipe.longestText else { throw .longPrompt(at: origin) }
            parts[parts.count - 1] += text
        }
        for piece in pieces {
            switch piece {
            case .text(let text): try add(text)
            case .variable(Self.prompt): parts.append("")
            case .variable(let name): try add(value(name))
            }
        }
        return parts
    }

    /// Whether a variable can be called that.
    static func isName(_ name: some StringProtocol) -> Bool {
        guard let first = name.first, name.count <= 64 else { return false }
        return (first.isLetter || first == "_") && name.allSatisfy { isPartOfName($0) }
    }

    private static func isPartOfName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_" || character == "-"
    }
}
