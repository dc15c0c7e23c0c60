import Foundation

/// The values of a JSON object by key, asked for by type; null counts as absent.
struct ConfigurationFile {
    private let values: [String: Value]

    init(_ json: Data) throws {
        let decoder = JSONDecoder()
        // diffusers writes -Infinity for lambda_min_clipped. Foundation's reader of JSON5, which knows it, ends the
        // process at a number that breaks off.
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            guard String(validating: json, as: UTF8.self) != nil else {
                throw SamplingError.configuration(
                    key: "(whole file)", found: "no UTF-8", expected: "keys and values")
            }
            let quoted = PythonNumbers.replaced(in: Array(json)) { "\"\($0)\"" }
            values = try decoder.decode([String: Value].self, from: quoted.map { Data($0) } ?? json)
        } catch let error as SamplingError {
            throw error
        } catch {
            throw SamplingError.configuration(
                key: "(whole file)", found: "no JSON object", expected: "keys and values")
        }
    }

    func string(_ key: String) throws -> String? {
        switch values[key] {
        case nil, .null: nil
        case .string(let text): text
        default: throw unexpected(key, "a text")
        }
    }

    func flag(_ key: String) throws -> Bool? {
        switch values[key] {
        case nil, .null: nil
        case .flag(let flag): flag
        default: throw unexpected(key, "true or false")
        }
    }

    func number(
        _ key: String, in range: ClosedRange<Double> = -.infinity ... .infinity
    ) throws -> Double? {
        switch values[key] {
        case nil, .null: return nil
        case .number(let number) where range.contains(number): return number
        default: throw unexpected(key, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let number = try number(key) else { return nil }
        guard let integer = Int(exactly: number), range.contains(integer) else {
            throw unexpected(
                key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func numbers(_ key: String) throws -> [Double]? {
        switch values[key] {
        case nil, .null: nil
        case .numbers(let numbers): numbers
        default: throw unexpected(key, "a list of numbers")
        }
    }

    func choice<Choice>(_ key: String) throws -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = try string(key) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw unexpected(key, Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    /// The error for a value that is not what `key` needs.
    func unexpected(_ key: String, _ expected: String) -> SamplingError {
        .configuration(
            key: key, found: values[key]?.description ?? "missing", expected: expected)
    }
}

/// A JSON value as far as scheduler configurations use them.
private enum Value: Decodable, CustomStringConvertible {
    case null
    case flag(Bool)
    case number(Double)
    case string(String)
    case numbers([Double])
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let string = try? container.decode(String.self) {
            self = .string(string)
        } else if let numbers = try? container.decode([Double].self) {
            self = .numbers(numbers)
        } else {
            self = .other
        }
    }

    var description: String {
        switch self {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
        case .string(let string): "\"\(string)\""
        case .numbers(let numbers): "a list of \(numbers.count) numbers"
        case .other: "a list, an object or a number that breaks off"
        }
    }
}
