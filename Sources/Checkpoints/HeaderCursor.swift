/// Reads JSON one token at a time, in place.
///
/// Stricter than JSON: `integers` are plain unsigned decimals, strings are valid UTF-8.
struct HeaderCursor {
    /// A rule of the format that the bytes break.
    struct Fault: Error {
        let reason: String
    }

    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var rest: UnsafeRawBufferPointer.SubSequence { bytes[offset...] }

    private var peeked: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = peeked, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            offset += 1
        }
    }

    /// Takes `character` if it comes next, spaces aside.
    mutating func takes(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let byte = peeked, UInt32(byte) == character.value else { return false }
        offset += 1
        return true
    }

    /// Whether `character` comes next, spaces aside.
    mutating func comes(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        return peeked.map { UInt32($0) == character.value } ?? false
    }

    /// Whether nothing but spaces is left.
    var isAtEnd: Bool {
        rest.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
    }

    /// A number or word: letters, digits and signs up to the next other byte, at most 64.
    mutating func word() -> String {
        skipSpace()
        let start = offset
        while let byte = peeked, offset - start < 64,
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || "+-.".utf8.contains(byte)
        {
            offset += 1
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    mutating func take(_ character: Unicode.Scalar) throws {
        guard takes(character) else { throw fault("expected '\(character)'") }
    }

    func fault(_ reason: String) -> Fault {
        Fault(reason: "\(reason) at byte \(offset)")
    }

    func twice(_ key: String) -> Fault { fault("key \(shown(key)) comes twice") }

    /// The members of an object: `member` is called with each key, before its value.
    mutating func object(
        keysUpTo limit: Int, _ member: (inout HeaderCursor, String) throws -> Void
    ) throws {
        try object { cursor in
            let key = try cursor.string(upTo: limit)
            try cursor.take(":")
            try member(&cursor, key)
        }
    }

    /// The members of an object: `member` takes each, with its key and the colon.
    mutating func object(_ member: (inout HeaderCursor) throws -> Void) throws {
        try take("{")
        guard !takes("}") else { return }
        repeat { try member(&self) } while takes(",")
        try take("}")
    }

    /// The place of a string among some words, which are found without making a `String` of it.
    ///
    /// - Throws: `Fault` with what `unknown` says of another string.
    mutating func word(
        of words: [StaticString], orFailWith unknown: (String) -> String
    ) throws -> Int {
        skipSpace()
        for (index, word) in words.enumerated() {
            let end = offset + 1 + word.utf8CodeUnitCount
            guard end < bytes.count, bytes[offset] == 0x22, bytes[end] == 0x22,
                word.withUTF8Buffer({ bytes[offset + 1..<end].elementsEqual($0) })
            else { continue }
            offset = end + 1
            return index
        }
        // It may have escapes.
        let text = try string(upTo: 64)
        guard let index = words.firstIndex(where: { "\($0)" == text }) else {
            throw fault(unknown(text))
        }
        return index
    }

    /// An array of at most `limit` integers: `body` is called with each.
    mutating func integers(upTo limit: Int, _ body: (Int) -> Void) throws {
        try take("[")
        var count = 0
        guard !takes("]") else { return }
        repeat {
            guard count < limit else { throw fault("more than \(limit) numbers") }
            body(try integer())
            count += 1
        } while takes(",")
        try take("]")
    }

    private mutating func integer() throws -> Int {
        skipSpace()
        let start = offset
        var value = 0
        while let byte = peeked, (0x30...0x39).contains(byte) {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(byte) - 0x30)
            guard !overflow, !carry else { throw fault("number too large") }
            value = sum
            offset += 1
        }
        let isPlain = offset > start && (bytes[start] != 0x30 || offset == start + 1)
        let goesOn = peeked.map { ".eE+-".utf8.contains($0) } ?? false
        guard isPlain, !goesOn else { throw fault("expected a plain unsigned integer") }
        return value
    }

    /// A string of at most `limit` bytes, its escapes resolved.
    mutating func string(upTo limit: Int) throws -> String {
        try take("\"")
        // Most strings have no escapes and are taken as they are.
        let plain = rest.firstIndex { $0 == 0x22 || $0 == 0x5C || $0 < 0x20 } ?? bytes.count
        if plain < bytes.count, bytes[plain] == 0x22, plain - offset <= limit {
            let content = UnsafeRawBufferPointer(rebasing: bytes[offset..<plain])
            guard let text = String(validating: content, as: UTF8.self) else {
                throw fault("string is not UTF-8")
            }
            offset = plain + 1
            return text
        }
        var content: [UInt8] = []
        while let byte = peeked {
            offset += 1
            switch byte {
            case 0x22:
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw fault("string is not UTF-8")
                }
                return text
            case 0x5C: content += try escape()
            case 0..<0x20: throw fault("control character in a string")
            default: content.append(byte)
            }
            guard content.count <= limit else { throw fault("string longer than \(limit) bytes") }
        }
        throw fault("string does not end")
    }

    private mutating func escape() throws -> [UInt8] {
        guard let byte = peeked else { throw fault("string does not end") }
        offset += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: return [byte]
        case 0x62: return [0x08]
        case 0x66: return [0x0C]
        case 0x6E: return [0x0A]
        case 0x72: return [0x0D]
        case 0x74: return [0x09]
        case 0x75: return try Array(String(unicodeEscape()).utf8)
        default: throw fault("unknown escape")
        }
    }

    /// The scalar after `\u`, or after `\uD8xx\uDCxx`.
    private mutating func unicodeEscape() throws -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800...0xDBFF).contains(first), rest.starts(with: "\\u".utf8) else {
            throw fault("half a surrogate pair")
        }
        offset += 2
        let second = try codeUnit()
        guard (0xDC00...0xDFFF).contains(second) else { throw fault("half a surrogate pair") }
        let value = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
        guard let scalar = Unicode.Scalar(value) else { throw fault("half a surrogate pair") }
        return scalar
    }

    private mutating func codeUnit() throws -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peeked, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else {
                throw fault("expected four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            offset += 1
        }
        return value
    }
}
