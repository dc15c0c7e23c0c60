import Foundation

/// Reads a document of JSON (RFC 8259) in a time and in memory that its length bounds.
struct JSONReader {
    /// Values in all: each takes more room in memory than its byte.
    static let mostValues = 1_000_000

    /// What a document must not be.
    enum Failure: Error { case malformed, tooDeep, tooMany }

    private let bytes: [UInt8]
    private var position: Int
    private var count = 0

    private init(_ data: Data) {
        bytes = Array(data)
        // Some programs write a mark of UTF-8 in front.
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The value that all of these bytes are. Of two members with one name the last counts.
    static func value(of data: Data) throws(Failure) -> JSONValue {
        var reader = JSONReader(data)
        let value = try reader.value(within: 0)
        reader.skipBlanks()
        guard reader.position == reader.bytes.count else { throw .malformed }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Takes a byte, if it is the next one.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func value(within depth: Int) throws(Failure) -> JSONValue {
        skipBlanks()
        count += 1
        guard count <= Self.mostValues else { throw .tooMany }
        switch next {
        case UInt8(ascii: "{"): return try object(depth + 1)
        case UInt8(ascii: "["): return try array(depth + 1)
        case UInt8(ascii: "\""): return .string(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(_ depth: Int) throws(Failure) -> JSONValue {
        guard depth <= JSONValue.depthLimit else { throw .tooDeep }
        position += 1
        var members: [String: JSONValue] = [:]
        skipBlanks()
        if take("}") { return .object(members) }
        repeat {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw .malformed }
            let name = try text()
            skipBlanks()
            guard take(":") else { throw .malformed }
            members[name] = try value(within: depth)
            skipBlanks()
        } while take(",")
        guard take("}") else { throw .malformed }
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws(Failure) -> JSONValue {
        guard depth <= JSONValue.depthLimit else { throw .tooDeep }
        position += 1
        var values: [JSONValue] = []
        skipBlanks()
        if take("]") { return .array(values) }
        repeat {
            values.append(try value(within: depth))
            skipBlanks()
        } while take(",")
        guard take("]") else { throw .malformed }
        return .array(values)
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(Failure) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw .malformed }
        position += word.utf8.count
        return value
    }

    /// A whole number is an integer, in whatever way it is written.
    private mutating func number() throws(Failure) -> JSONValue {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        var isPlain = true
        if take(".") {
            try digits()
            isPlain = false
        }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
            isPlain = false
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isPlain, let number = Int64(text) { return .integer(number) }
        guard let number = Double(text), number.isFinite else { throw .malformed }
        return Int64(exactly: number).map { .integer($0) } ?? .number(number)
    }

    private mutating func digits() throws(Failure) {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw .malformed }
    }

    /// The text at a quotation mark.
    private mutating func text() throws(Failure) -> String {
        position += 1
        var content: [UInt8] = []
        while true {
            let start = position
            while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""),
                byte != UInt8(ascii: "\\")
            {
                position += 1
            }
            content += bytes[start..<position]
            if take("\"") { break }
            guard take("\\") else { throw .malformed }
            content += try escaped()
        }
        guard let text = String(validating: content, as: UTF8.self) else { throw .malformed }
        return text
    }

    /// What is written behind a backslash.
    private mutating func escaped() throws(Failure) -> [UInt8] {
        guard let byte = next else { throw .malformed }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): break
        default: throw .malformed
        }
        var code = try unit()
        if (0xD800...0xDBFF).contains(code) {
            guard take("\\"), take("u") else { throw .malformed }
            let low = try unit()
            guard (0xDC00...0xDFFF).contains(low) else { throw .malformed }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw .malformed }
        return Array(String(Character(scalar)).utf8)
    }

    /// Four hexadecimal digits.
    private mutating func unit() throws(Failure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw .malformed
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
