package import Foundation

/// A value of CBOR (RFC 8949), written in its core deterministic encoding (section 4.2.1), as C2PA asks
/// for: shortest numbers, definite lengths, keys ordered by their bytes.
package indirect enum CBOR: Sendable, Equatable {
    /// A whole number, 0 or more.
    case unsigned(UInt64)
    /// The whole number -1 minus this one.
    case negative(UInt64)
    /// Bytes.
    case bytes(Data)
    /// A text.
    case text(String)
    /// A list.
    case array([CBOR])
    /// Values by keys, in the order of the file.
    case map([Entry])
    /// A value with a tag.
    case tagged(UInt64, CBOR)
    /// True or false.
    case bool(Bool)
    /// No value.
    case null
    /// Undefined, or a simple value without a meaning.
    case simple(UInt8)
    /// A number with a fraction.
    case number(Double)

    /// A key and its value.
    package struct Entry: Sendable, Equatable {
        /// The key.
        package let key: CBOR
        /// The value.
        package let value: CBOR

        /// A key and its value.
        package init(_ key: CBOR, _ value: CBOR) { (self.key, self.value) = (key, value) }
    }

    /// A map of texts to values, without those that are nil.
    package static func object(_ entries: KeyValuePairs<String, CBOR?>) -> CBOR {
        .map(entries.compactMap { key, value in value.map { Entry(.text(key), $0) } })
    }

    /// The value under a text; nil where there is none or this is no map.
    package subscript(_ key: String) -> CBOR? {
        guard case .map(let entries) = self else { return nil }
        return entries.first { $0.key == .text(key) }?.value
    }

    /// The value under a number.
    subscript(_ key: Int) -> CBOR? {
        guard case .map(let entries) = self else { return nil }
        return entries.first { $0.key == CBOR(key) }?.value
    }

    /// A whole number.
    package init(_ number: Int) {
        self = number < 0 ? .negative(UInt64(~number)) : .unsigned(UInt64(number))
    }

    /// The text; nil for other values.
    package var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The bytes; nil for other values.
    var bytes: Data? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }

    /// The list; nil for other values.
    package var array: [CBOR]? {
        if case .array(let values) = self { values } else { nil }
    }

    /// The whole number, if it is one that fits.
    var integer: Int? {
        switch self {
        case .unsigned(let value): Int(exactly: value)
        case .negative(let value): Int(exactly: value).map { ~$0 }
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }
}

extension CBOR: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int) { self.init(value) }
    package init(arrayLiteral elements: CBOR...) { self = .array(elements) }
}

extension CBOR {
    /// The bytes of the value.
    package var encoded: Data {
        var data = Data()
        encode(into: &data)
        return data
    }

    private func encode(into data: inout Data) {
        switch self {
        case .unsigned(let value): Self.head(0, value, into: &data)
        case .negative(let value): Self.head(1, value, into: &data)
        case .bytes(let bytes):
            Self.head(2, UInt64(bytes.count), into: &data)
            data.append(bytes)
        case .text(let text):
            Self.head(3, UInt64(text.utf8.count), into: &data)
            data.append(contentsOf: text.utf8)
        case .array(let values):
            Self.head(4, UInt64(values.count), into: &data)
            for value in values { value.encode(into: &data) }
        case .map(let entries):
            Self.head(5, UInt64(entries.count), into: &data)
            let encoded = entries.map { (key: $0.key.encoded, value: $0.value) }
            for entry in encoded.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                data.append(entry.key)
                entry.value.encode(into: &data)
            }
        case .tagged(let tag, let value):
            Self.head(6, tag, into: &data)
            value.encode(into: &data)
        case .bool(let value): data.append(value ? 0xF5 : 0xF4)
        case .null: data.append(0xF6)
        case .simple(let value): Self.head(7, UInt64(value), into: &data)
        case .number(let value): Self.encode(value, into: &data)
        }
    }

    /// The kind of a value and its argument, in as few bytes as hold it.
    private static func head(_ kind: UInt8, _ argument: UInt64, into data: inout Data) {
        let (code, size): (UInt8, Int) =
            switch argument {
            case 0..<24: (UInt8(argument), 0)
            case ...0xFF: (24, 1)
            case ...0xFFFF: (25, 2)
            case ...0xFFFF_FFFF: (26, 4)
            default: (27, 8)
            }
        data.append(kind << 5 | code)
        data.append(bigEndian: argument, size)
    }

    /// A float of the shortest form that has the very value.
    private static func encode(_ value: Double, into data: inout Data) {
        if let half = half(value) {
            data.append(0xF9)
            data.append(bigEndian: UInt64(half), 2)
        } else if Double(Float(value)) == value {
            data.append(0xFA)
            data.append(bigEndian: UInt64(Float(value).bitPattern), 4)
        } else {
            data.append(0xFB)
            data.append(bigEndian: value.bitPattern, 8)
        }
    }

    /// The bits of a float of 16 bits; nil where it has none of that value. All that is no number is one.
    private static func half(_ value: Double) -> UInt16? {
        if value.isNaN { return 0x7E00 }
        let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
        let size = value.magnitude
        if size == 0 { return sign }
        if size == .infinity { return sign | 0x7C00 }
        guard size <= 65504 else { return nil }
        // Below the normal numbers the steps are as wide as at the smallest of them.
        let exponent = max(Int(size.exponent), -14)
        let steps = size * pow(2, Double(10 - exponent))
        guard steps == steps.rounded() else { return nil }
        let whole = UInt16(steps)
        return sign | (whole < 1024 ? whole : UInt16(exponent + 15) << 10 | (whole - 1024))
    }
}

extension Data {
    /// Appends the low bytes of a number, the highest first.
    mutating func append(bigEndian value: UInt64, _ size: Int) {
        for shift in stride(from: 8 * (size - 1), through: 0, by: -8) where size > 0 {
            append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }
}
