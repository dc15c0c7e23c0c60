/// A word of a recipe that may be another each time.
public struct Variable: Sendable, Equatable {
    /// What is in braces.
    public let name: String
    /// Its value unless another is given; nil if one must be.
    public let standard: String?
    /// Where it is declared.
    public let origin: Origin
}

/// The values of a recipe's variables.
struct Variables {
    private let declared: [String: Variable]
    private var given: [String: String]

    /// Those of a recipe, with what is given for some.
    init(_ declared: [Variable], given settings: [Setting] = []) {
        let byName = Dictionary(declared.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        self.declared = byName
        given = Dictionary(
            settings.filter { byName[$0.key] != nil }.map { ($0.key, $0.value) },
            uniquingKeysWith: { $1 })
    }

    /// What is given must be asked for by a recipe, once.
    static func check(_ given: [Setting], for declared: [Variable]) throws(RecipeError) {
        var first: [String: Setting] = [:]
        for setting in given {
            guard declared.contains(where: { $0.name == setting.key }) else {
                throw .unknownVariable(
                    setting.key, at: setting.keyOrigin,
                    meant: nearMiss(setting.key, among: declared.map(\.name)))
            }
            if let earlier = first.updateValue(setting, forKey: setting.key) {
                throw .repeated(
                    key: setting.key, at: setting.keyOrigin, first: earlier.keyOrigin)
            }
        }
    }

    /// The value of a variable that is at a place.
    func value(_ name: String, at origin: Origin) throws(RecipeError) -> String {
        guard let variable = declared[name] else {
            throw .unknownVariable(
                name, at: origin, meant: nearMiss(name, among: declared.keys.sorted()))
        }
        guard let value = given[name] ?? variable.standard else {
            throw .missingVariable(name, at: origin)
        }
        return value
    }

    /// All that a text names must be declared.
    func checkDeclared(_ template: Template, at origin: Origin) throws(RecipeError) {
        for name in template.names where name != Template.prompt && declared[name] == nil {
            _ = try value(name, at: origin)
        }
    }

    /// Whether all that a text names have values.
    func complete(_ template: Template) -> Bool {
        template.names.allSatisfy { name in
            name == Template.prompt || given[name] != nil
                || declared[name]?.standard != nil
        }
    }

    /// A text with their values in it; `{prompt}` has no place in it.
    func text(_ template: Template, at origin: Origin) throws(RecipeError) -> String {
        try template.filled(at: origin) { name throws(RecipeError) in
            try value(name, at: origin)
        }.joined(separator: "{\(Template.prompt)}")
    }
}

extension Setting {
    /// Reads `name=value`, the form that follows `--var`.
    ///
    /// - Throws: `RecipeError.malformed` if there is no `=` or no name before it.
    public init(variable assignment: String) throws(RecipeError) {
        let origin = Origin.argument("--var")
        guard let equals = assignment.firstIndex(of: "="),
            Template.isName(assignment[..<equals])
        else {
            throw .malformed(
                "'\(assignment.prefix(40))' gives no variable", at: origin,
                remedy: "write name=text")
        }
        self.init(
            String(assignment[..<equals]), String(assignment[assignment.index(after: equals)...]),
            at: origin)
    }

    /// Whether `{prompt}` has a meaning in the key's value; variables have one in all.
    private var isPrompt: Bool { key == "prompt" || key == "negative_prompt" }

    /// The setting with the variables' values in it.
    ///
    /// - Throws: `RecipeError` for a variable without a value, and for `{prompt}` where no prompt is.
    func filled(_ variables: Variables) throws(RecipeError) -> Setting {
        let template = try Template(value, at: origin)
        if !isPrompt, template.names.contains(Template.prompt) {
            throw .malformed(
                "{\(Template.prompt)} outside of a prompt", at: origin,
                remedy: "use a variable of your own")
        }
        let parts = try template.filled(at: origin) { name throws(RecipeError) in
            try variables.value(name, at: origin)
        }
        var filled = Setting(
            key, parts.joined(separator: "{\(Template.prompt)}"), at: origin, keyAt: keyOrigin)
        if isPrompt { filled.parts = parts }
        return filled.from(folder: folder)
    }
}
