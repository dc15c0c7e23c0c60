import Foundation
import Recipes
import Yams

/// As much of JSON Schema (2020-12) as the schema of recipes uses; any other keyword is a fault.
final class SchemaValidator {
    let root: JSONTree
    private(set) var unknown: Set<String> = []

    init(_ root: JSONTree) { self.root = root }

    func accepts(_ value: Node, _ schema: JSONTree) -> Bool {
        guard case .object(let members) = schema else { return schema == true }
        return members.allSatisfy { keyword, argument in
            check(value, keyword, argument, members)
        }
    }

    private func check(
        _ value: Node, _ keyword: String, _ argument: JSONTree, _ members: [String: JSONTree]
    ) -> Bool {
        switch (keyword, argument) {
        case ("$schema", _), ("$defs", _), ("title", _), ("description", _), ("then", _): true
        case ("$ref", .text(let name)): accepts(value, definition(name))
        case ("type", .text(let name)): types(value).contains(name)
        case ("type", .array(let names)):
            names.contains { types(value).contains(text($0)) }
        case ("const", _): equals(value, argument)
        case ("enum", .array(let values)): values.contains { equals(value, $0) }
        case ("pattern", .text(let pattern)):
            !types(value).contains("string") || matches(value.scalar?.string ?? "", pattern)
        case ("minimum", .number(let least)): value.float.map { $0 >= Double(least) } ?? true
        case ("maximum", .number(let most)): value.float.map { $0 <= Double(most) } ?? true
        case ("minItems", .number(let least)): (value.sequence?.count ?? least) >= least
        case ("maxItems", .number(let most)): (value.sequence?.count ?? most) <= most
        case ("minProperties", .number(let least)): (value.mapping?.count ?? least) >= least
        case ("maxProperties", .number(let most)): (value.mapping?.count ?? most) <= most
        case ("required", .array(let names)):
            value.mapping.map { mapping in names.allSatisfy { mapping[text($0)] != nil } } ?? true
        case ("items", _): value.sequence?.allSatisfy { accepts($0, argument) } ?? true
        case ("propertyNames", _):
            value.mapping?.keys.allSatisfy { accepts($0, argument) } ?? true
        case ("properties", .object(let properties)):
            value.mapping?.allSatisfy { key, value in
                properties[key.scalar?.string ?? ""].map { accepts(value, $0) } ?? true
            } ?? true
        case ("additionalProperties", _):
            value.mapping?.allSatisfy { key, value in
                if case .object(let known)? = members["properties"],
                    known[key.scalar?.string ?? ""] != nil
                {
                    return true
                }
                return accepts(value, argument)
            } ?? true
        case ("allOf", .array(let all)): all.allSatisfy { accepts(value, $0) }
        case ("anyOf", .array(let any)): any.contains { accepts(value, $0) }
        case ("not", _): !accepts(value, argument)
        case ("if", _): !accepts(value, argument) || accepts(value, members["then"] ?? true)
        default: note(keyword)
        }
    }

    private func note(_ keyword: String) -> Bool {
        unknown.insert(keyword)
        return false
    }

    private func definition(_ name: String) -> JSONTree {
        guard case .object(let members) = root, case .object(let all)? = members["$defs"] else {
            return false
        }
        return all[String(name.dropFirst("#/$defs/".count))] ?? false
    }

    private func types(_ value: Node) -> Set<String> {
        switch value {
        case .mapping: ["object"]
        case .sequence: ["array"]
        case .alias: []
        case .scalar(let scalar):
            if scalar.style != .plain {
                ["string"]
            } else if value.null != nil {
                ["null"]
            } else if ["true", "false"].contains(scalar.string) {
                ["boolean"]
            } else if let number = value.float, number.isFinite {
                number == number.rounded() ? ["number", "integer"] : ["number"]
            } else {
                ["string"]
            }
        }
    }

    private func equals(_ value: Node, _ other: JSONTree) -> Bool {
        switch other {
        case .text(let text): types(value).contains("string") && value.scalar?.string == text
        case .number(let number): value.float == Double(number)
        default: false
        }
    }

    private func text(_ tree: JSONTree) -> String {
        if case .text(let text) = tree { text } else { "" }
    }

    private func matches(_ text: String, _ pattern: String) -> Bool {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return false }
        let range = NSRange(text.startIndex..., in: text)
        return expression.firstMatch(in: text, range: range) != nil
    }
}
