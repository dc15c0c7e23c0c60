/// The form of recipe files as a JSON Schema (2020-12), for editors: keys with what they take, and what
/// does not go together. What a schema cannot say (files, cycles, variables) is left to reading.
public enum RecipeSchema {
    /// The schema.
    public static var document: JSONTree {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "A recipe of Gesso",
            "type": "object",
            "properties": .object(about.merging(keys) { first, _ in first }),
            "additionalProperties": false,
            "allOf": .array(useByVerb + [apart(wholeConflicts + growthConflicts)]),
            "$defs": .object(definitions),
        ]
    }

    /// The keys that are not settings.
    private static var about: [String: JSONTree] {
        [
            "version": described("version of the form", ["const": .number(1)]),
            "name": described("what it is called, else the file's name", ref("text")),
            "description": described("one line on what it is for", ref("text")),
            "verb": described("the verbs it is for, joined by commas", verbs),
            "extends": described("a preset, or a file beside this one", ["type": "string"]),
            "vars": described(
                "variables of the texts, with defaults",
                [
                    "type": "object",
                    "propertyNames": ["allOf": [name, ["not": ["const": "prompt"]]]],
                    "additionalProperties": ["type": ["string", "number", "boolean", "null"]],
                ]),
            "masks": described(
                "masks that edits call by name",
                [
                    "type": "object", "propertyNames": name, "additionalProperties": ref("mask"),
                ]),
            "mask": described("what is repainted", ref("texts")),
            "for": described(
                "lists that make a grid",
                [
                    "type": "object", "minProperties": .number(1), "maxProperties": .number(3),
                    "additionalProperties": ref("values"),
                ]),
            "edits": described(
                "edits in their order",
                [
                    "type": "array", "minItems": .number(1),
                    "maxItems": .number(RecipeFile.mostEdits), "items": ref("edit"),
                ]),
        ]
    }

    private static var definitions: [String: JSONTree] {
        let own: [String: JSONTree] = [
            "verb": described(
                "what is done", ["enum": .array(Verb.allCases.map { .text($0.rawValue) })]),
            "extends": described("a preset, or a file beside this one", ["type": "string"]),
            "mask": described("what is repainted", ref("texts")),
        ]
        return [
            "text": ["type": ["string", "number", "boolean"]],
            "variable": ["type": "string", "pattern": #"\{[^{}\s]+\}"#],
            "texts": [
                "anyOf": [
                    ref("text"),
                    ["type": "array", "minItems": .number(1), "items": ref("text")],
                ]
            ],
            "values": [
                "anyOf": [
                    ref("text"),
                    [
                        "type": "array", "minItems": .number(1),
                        "maxItems": .number(GridAxis.mostValues), "items": ref("text"),
                    ],
                ]
            ],
            "mask": [
                "anyOf": [
                    ref("texts"), ["type": "null"],
                    [
                        "type": "object",
                        "properties": [
                            "of": ref("texts"), "invert": value(.flag),
                            "grow": value(.whole(-512...512)), "feather": value(.whole(0...512)),
                        ],
                        "additionalProperties": false,
                    ],
                ]
            ],
            "edit": [
                "type": "object",
                "properties": .object(own.merging(keys) { first, _ in first }),
                "additionalProperties": false,
                "anyOf": [["required": ["verb"]], ["required": ["extends"]]],
                "allOf": .array(useByVerb + [apart(growthConflicts)]),
            ],
        ]
    }

    private static var keys: [String: JSONTree] {
        Dictionary(
            Recipe.keys.map { ($0.name, described($0.help + ": " + $0.expected, value($0.form))) },
            uniquingKeysWith: { first, _ in first })
    }

    /// What a value of a form is; variables may stand for all of them.
    private static func value(_ form: Key.Form) -> JSONTree {
        guard form != .text else { return ref("text") }
        return ["anyOf": .array(choices(form) + [ref("variable")])]
    }

    private static func choices(_ form: Key.Form) -> [JSONTree] {
        let quoted: JSONTree = ["type": "string", "pattern": #"^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$"#]
        func range(_ type: JSONTree, _ range: ClosedRange<Int>) -> JSONTree {
            [
                "type": type, "minimum": .number(range.lowerBound),
                "maximum": .number(range.upperBound),
            ]
        }
        switch form {
        case .text: return [ref("text")]
        case .flag:
            return [["type": "boolean"], ["enum": ["true", "yes", "on", "false", "no", "off"]]]
        case .number(let numbers): return [range("number", numbers), quoted]
        case .whole(let numbers): return [range("integer", numbers), quoted]
        case .seed:
            return [["type": "integer", "minimum": .number(-1)], ["const": "random"], quoted]
        case .choice(let words): return [["enum": .array(words.map { .text($0) })]]
        case .orDefault(let other): return choices(other) + [["const": "default"]]
        }
    }

    /// For each verb, the keys that it has no use for.
    private static var useByVerb: [JSONTree] {
        Verb.allCases.map { verb in
            let others = Recipe.keys.filter { !$0.verbs.contains(verb) }.map(\.name)
            let unused = others + (verb == .inpaint ? [] : ["mask"])
            return [
                "if": [
                    "properties": ["verb": ["const": .text(verb.rawValue)]], "required": ["verb"],
                ],
                "then": [
                    "properties": .object(
                        Dictionary(unused.map { ($0, false) }, uniquingKeysWith: { $1 }))
                ],
            ]
        }
    }

    private static let wholeConflicts = [("verb", "edits"), ("mask", "edits")]

    /// A canvas grows in one way.
    private static var growthConflicts: [(String, String)] {
        let forms = Recipe.growthForms
        return forms.indices.flatMap { index in
            forms[(index + 1)...].flatMap { other in
                forms[index].sorted().flatMap { key in other.sorted().map { (key, $0) } }
            }
        }
    }

    private static func apart(_ pairs: [(String, String)]) -> JSONTree {
        ["not": ["anyOf": .array(pairs.map { ["required": [.text($0), .text($1)]] })]]
    }

    private static var verbs: JSONTree {
        let one = "(" + Verb.allCases.map(\.rawValue).joined(separator: "|") + ")"
        return ["type": "string", "pattern": .text("^\\s*\(one)\\s*(,\\s*\(one)\\s*)*$")]
    }

    private static let name: JSONTree = ["pattern": #"^[^\s\d{}-][^\s{}]*$"#]

    private static func ref(_ name: String) -> JSONTree { ["$ref": .text("#/$defs/" + name)] }

    private static func described(_ text: String, _ schema: JSONTree) -> JSONTree {
        guard case .object(var members) = schema else { return schema }
        members["description"] = .text(text)
        return .object(members)
    }
}

/// A JSON document as a value.
public enum JSONTree: Sendable, Equatable, Encodable, ExpressibleByDictionaryLiteral,
    ExpressibleByArrayLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral
{
    /// Members by name.
    case object([String: JSONTree])
    /// Elements in order.
    case array([JSONTree])
    /// A string.
    case text(String)
    /// A whole number.
    case number(Int)
    /// A truth value.
    case flag(Bool)

    /// Members by name, each once.
    public init(dictionaryLiteral members: (String, JSONTree)...) {
        self = .object(Dictionary(members, uniquingKeysWith: { $1 }))
    }

    /// Elements in order.
    public init(arrayLiteral elements: JSONTree...) { self = .array(elements) }

    /// A string.
    public init(stringLiteral text: String) { self = .text(text) }

    /// A truth value.
    public init(booleanLiteral flag: Bool) { self = .flag(flag) }

    /// The bare value; names of members stay as they are.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .object(let members): try container.encode(members)
        case .array(let elements): try container.encode(elements)
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .flag(let flag): try container.encode(flag)
        }
    }
}
