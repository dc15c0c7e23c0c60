/// Reads the fields of a JSON body as pydantic 1 does: texts that hold numbers are numbers, whole
/// numbers are cut, 0 and 1 are truth values, and null is the default of every field.
struct Fields {
    private let members: [String: JSONValue]
    private(set) var complaints: [Complaint] = []

    /// - Parameter body: an object; an empty text counts as one without members.
    init(_ body: JSONValue) throws {
        switch body {
        case .object(let members): self.members = members
        case .null, .string(""): members = [:]
        default:
            throw Complaint.invalid("", "value is not a valid dict", type: "type_error.dict")
        }
    }

    /// A field as it came; nil where it is missing or null.
    subscript(_ name: String) -> JSONValue? {
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    /// The names of all fields given.
    var names: [String] { members.keys.sorted() }

    mutating func string(_ name: String, limit: Int = 64 << 10) -> String? {
        guard let value = self[name] else { return nil }
        switch value {
        case .string(let text) where text.utf8.count <= limit: return text
        case .string:
            complain(
                name, "the text is longer than \(limit) bytes", "value_error.any_str.max_length")
        case .integer(let number): return "\(number)"
        case .unsigned(let number): return "\(number)"
        case .number(let number): return "\(number)"
        default: complain(name, "str type expected", "type_error.str")
        }
        return nil
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>? = nil) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = whole(value) else {
            complain(name, "value is not a valid integer", "type_error.integer")
            return nil
        }
        return checked(number, name, in: range)
    }

    /// The number, or nil with a complaint where it is out of range.
    private mutating func checked<Number: Comparable>(
        _ number: Number, _ name: String, in range: ClosedRange<Number>?
    ) -> Number? {
        if let range, !range.contains(number) {
            complain(
                name, "ensure this value is from \(range.lowerBound) to \(range.upperBound)",
                "value_error.number")
            return nil
        }
        return number
    }

    mutating func double(_ name: String, in range: ClosedRange<Double>? = nil) -> Double? {
        guard let value = self[name] else { return nil }
        let number = value.double ?? value.string.flatMap { Double(trimmed($0)) }
        guard let number, number.isFinite else {
            complain(name, "value is not a valid float", "type_error.float")
            return nil
        }
        return checked(number, name, in: range)
    }

    mutating func bool(_ name: String) -> Bool? {
        guard let value = self[name] else { return nil }
        switch value {
        case .bool(let flag): return flag
        case .integer(0), .number(0): return false
        case .integer(1), .number(1): return true
        case .string(let text):
            if let flag = truth(text) { return flag }
        default: break
        }
        complain(name, "value could not be parsed to a boolean", "type_error.bool")
        return nil
    }

    mutating func strings(_ name: String) -> [String]? {
        guard let value = self[name] else { return nil }
        guard let list = value.array else {
            complain(name, "value is not a valid list", "type_error.list")
            return nil
        }
        let texts = list.compactMap(\.string)
        if texts.count < list.count { complain(name, "str type expected", "type_error.str") }
        return texts
    }

    mutating func object(_ name: String) -> [String: JSONValue]? {
        guard let value = self[name] else { return nil }
        guard let object = value.object else {
            complain(name, "value is not a valid dict", "type_error.dict")
            return nil
        }
        return object
    }

    mutating func complain(_ name: String, _ message: String, _ type: String = "value_error") {
        complaints.append(.invalid(name, message, type: type))
    }

    /// Throws what was wrong with the fields read so far.
    func check() throws {
        if !complaints.isEmpty { throw InvalidFields(complaints: complaints) }
    }

    private func whole(_ value: JSONValue) -> Int? {
        switch value {
        case .integer(let number): return Int(exactly: number)
        case .number(let number): return Int(exactly: number.rounded(.towardZero))
        case .bool(let flag): return flag ? 1 : 0
        case .string(let text):
            return Int(trimmed(text))
                ?? Double(trimmed(text)).flatMap { Int(exactly: $0.rounded(.towardZero)) }
        default: return nil
        }
    }

    private func trimmed(_ text: String) -> String {
        var rest = Substring(text)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}

/// The truth value that a text stands for; nil where it is none.
func truth(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "1", "on", "yes", "t", "y": true
    case "false", "0", "off", "no", "f", "n": false
    default: nil
    }
}
