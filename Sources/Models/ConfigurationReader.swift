import Checkpoints
import Foundation
import Tensors

/// A component's `config.json`, read key by key with checks.
///
/// A key that is missing or null has its default; a key no one asks for is ignored.
struct ConfigurationReader {
    typealias Value = JSONValue

    private let model: String
    private let values: JSONValue

    /// - Parameter model: what to call the configuration in errors: the class it is for.
    /// - Throws: `ModelError.invalidConfiguration` when `json` is no JSON object.
    init(_ json: Data, model: String) throws {
        self.model = model
        func malformed(_ reason: String) -> ModelError {
            .invalidConfiguration(
                model: model, key: "JSON", reason: "is malformed: " + reason)
        }
        let values: JSONValue
        do {
            values = try JSONValue(parsing: json)
        } catch {
            throw malformed(error.reason)
        }
        guard case .object = values else { throw malformed("it is no object") }
        self.values = values
    }

    /// The configuration nested in this one under a key; nil if there is none.
    func part(_ key: String) throws -> ConfigurationReader? {
        guard let value = value(key) else { return nil }
        guard case .object = value else { throw invalid(key, "must be an object") }
        return ConfigurationReader(value, model: model + "." + key)
    }

    private init(_ values: JSONValue, model: String) {
        self.values = values
        self.model = model
    }

    func integer(_ key: String, default standard: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let value = value(key) else { return standard }
        return try integer(value, key, range)
    }

    /// A list of integers; a single one is repeated `count` times.
    /// - Parameter count: how many there must be; nil for any number but none.
    func integers(
        _ key: String, count: Int?, default standard: [Int], in range: ClosedRange<Int>
    ) throws -> [Int] {
        let result: [Int]
        switch value(key) {
        case nil: result = standard
        case .list(let values): result = try values.map { try integer($0, key, range) }
        case let value?:
            result = Array(repeating: try integer(value, key, range), count: count ?? 1)
        }
        guard !result.isEmpty, result.count == count ?? result.count else {
            throw invalid(key, "must have \(count.map(String.init) ?? "some") entries")
        }
        return result
    }

    func number(_ key: String, default standard: Float) throws -> Float {
        guard let value = value(key) else { return standard }
        guard case .number(let number) = value else { throw invalid(key, "must be a number") }
        return Float(number)
    }

    func flag(_ key: String, default standard: Bool) throws -> Bool {
        guard let value = value(key) else { return standard }
        guard case .flag(let flag) = value else { throw invalid(key, "must be true or false") }
        return flag
    }

    func text(_ key: String, default standard: String) throws -> String {
        guard let value = value(key) else { return standard }
        guard case .text(let text) = value else { throw invalid(key, "must be a text") }
        return text
    }

    func texts(_ key: String, default standard: [String]) throws -> [String] {
        guard let value = value(key) else { return standard }
        guard case .list(let list) = value else { throw invalid(key, "must be a list") }
        return try list.map {
            guard case .text(let text) = $0 else { throw invalid(key, "must be a list of texts") }
            return text
        }
    }

    func activation(_ key: String, default standard: Activation) throws -> Activation {
        guard value(key) != nil else { return standard }
        switch try text(key, default: "") {
        case "silu", "swish": return .silu
        case "gelu": return .gelu
        case "quick_gelu": return .quickGELU
        default: throw unsupported(key)
        }
    }

    /// Refuses the configuration unless each key is missing, null or the one value that is supported.
    func require(_ supported: [String: Value]) throws {
        for (key, only) in supported.sorted(by: { $0.key < $1.key }) {
            guard value(key) ?? only == only else { throw unsupported(key) }
        }
    }

    /// Whether the key is there and null.
    func isNull(_ key: String) -> Bool {
        values[key] == .null
    }

    func unsupported(_ key: String) -> ModelError {
        .unsupported(model: model, key: key, value: values[key].map { brief($0) } ?? "nothing")
    }

    func invalid(_ key: String, _ reason: String) -> ModelError {
        .invalidConfiguration(model: model, key: key, reason: reason)
    }

    private func value(_ key: String) -> Value? {
        values[key].flatMap { $0 == .null ? nil : $0 }
    }

    private func integer(_ value: Value, _ key: String, _ range: ClosedRange<Int>) throws -> Int {
        guard case .number(let number) = value, let integer = Int(exactly: number) else {
            throw invalid(key, "must be a whole number")
        }
        guard range.contains(integer) else {
            throw invalid(key, "must be in \(range.lowerBound)…\(range.upperBound), not \(integer)")
        }
        return integer
    }
}

/// A value as it is written in JSON, numbers and texts shortened.
private func brief(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .flag(let flag): String(flag)
    case .number(let number): Int(exactly: number).map(String.init) ?? String(number)
    case .text(let text): "\"\(text.prefix(40).filter { $0.isASCII && !$0.isNewline })\""
    case .list(let list): "[" + list.prefix(4).map { briefest($0) }.joined(separator: ", ") + "]"
    case .object: "{…}"
    }
}

/// The same with lists in lists left out.
private func briefest(_ value: JSONValue) -> String {
    if case .list = value { "[…]" } else { brief(value) }
}
