package import Foundation

extension CBOR {
    /// The value that all of these bytes are; nil where they are no CBOR, nested deeper than 32,
    /// or more than a million values.
    ///
    /// Indefinite lengths are read, too: older writers of C2PA use them.
    package init?(decoding data: Data) {
        var reader = CBORReader(data)
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }
}

/// Reads values one after the other. The work is bounded by the number of bytes: no length makes
/// room before its bytes are seen.
private struct CBORReader {
    private static let deepest = 32
    /// Values in all: each takes more room in memory than its one byte.
    private static let most = 1_000_000

    private let data: Data
    private var position: Int
    private var count = 0

    init(_ data: Data) { (self.data, position) = (data, data.startIndex) }

    var isAtEnd: Bool { position == data.endIndex }

    /// The next value; nil for what is none.
    mutating func value(depth: Int) -> CBOR? {
        count += 1
        guard depth <= Self.deepest, count <= Self.most, let first = byte() else { return nil }
        let (kind, code) = (first >> 5, first & 31)
        guard code != 31 else { return indefinite(kind, depth) }
        guard let argument = argument(code) else { return nil }
        switch kind {
        case 0: return .unsigned(argument)
        case 1: return .negative(argument)
        case 2: return bytes(argument).map { .bytes($0) }
        case 3: return text(argument)
        case 4: return list(argument, depth)
        case 5: return map(argument, depth)
        case 6: return value(depth: depth + 1).map { .tagged(argument, $0) }
        default: return simple(code, argument)
        }
    }

    private mutating func byte() -> UInt8? {
        guard position < data.endIndex else { return nil }
        defer { position += 1 }
        return data[position]
    }

    private mutating func argument(_ code: UInt8) -> UInt64? {
        guard code >= 24 else { return UInt64(code) }
        guard code <= 27, let bytes = bytes(1 << UInt64(code - 24)) else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func bytes(_ count: UInt64) -> Data? {
        guard count <= UInt64(data.endIndex - position) else { return nil }
        defer { position += Int(count) }
        return data[position..<position + Int(count)]
    }

    private mutating func text(_ count: UInt64) -> CBOR? {
        bytes(count).flatMap { String(validating: $0, as: UTF8.self) }.map { .text($0) }
    }

    private mutating func list(_ count: UInt64, _ depth: Int) -> CBOR? {
        guard count <= UInt64(data.endIndex - position) else { return nil }
        var values: [CBOR] = []
        for _ in 0..<count {
            guard let value = value(depth: depth + 1) else { return nil }
            values.append(value)
        }
        return .array(values)
    }

    private mutating func map(_ count: UInt64, _ depth: Int) -> CBOR? {
        guard count <= UInt64(data.endIndex - position) / 2 else { return nil }
        var entries: [Entry] = []
        for _ in 0..<count {
            guard let key = value(depth: depth + 1), let value = value(depth: depth + 1) else {
                return nil
            }
            entries.append(Entry(key, value))
        }
        return CBOR(unique: entries)
    }

    private func simple(_ code: UInt8, _ argument: UInt64) -> CBOR? {
        switch code {
        case 20: .bool(false)
        case 21: .bool(true)
        case 22: .null
        case 25: .number(Self.half(UInt16(argument)))
        case 26: .number(Double(Float(bitPattern: UInt32(argument))))
        case 27: .number(Double(bitPattern: argument))
        default: .simple(UInt8(argument))
        }
    }

    private static func half(_ bits: UInt16) -> Double {
        let (exponent, part) = (Int(bits >> 10 & 31), Double(bits & 1023))
        let size: Double =
            switch exponent {
            case 0: part * pow(2, -24)
            case 31: part == 0 ? .infinity : .nan
            default: (1024 + part) * pow(2, Double(exponent - 25))
            }
        return bits >> 15 == 1 ? -size : size
    }

    /// Parts up to a break.
    private mutating func indefinite(_ kind: UInt8, _ depth: Int) -> CBOR? {
        var parts: [CBOR] = []
        while true {
            guard position < data.endIndex else { return nil }
            if data[position] == 0xFF { break }
            guard let part = value(depth: depth + 1) else { return nil }
            parts.append(part)
        }
        position += 1
        switch kind {
        case 2:
            let bytes = parts.compactMap(\.bytes)
            return bytes.count == parts.count
                ? .bytes(bytes.reduce(into: Data()) { $0 += $1 }) : nil
        case 3:
            let texts = parts.compactMap(\.text)
            return texts.count == parts.count ? .text(texts.joined()) : nil
        case 4: return .array(parts)
        case 5:
            guard parts.count.isMultiple(of: 2) else { return nil }
            return CBOR(
                unique: stride(from: 0, to: parts.count, by: 2).map {
                    Entry(parts[$0], parts[$0 + 1])
                })
        default: return nil
        }
    }

    private typealias Entry = CBOR.Entry
}

extension CBOR {
    /// A map; nil where a key is there twice, for then it can be read in two ways.
    fileprivate init?(unique entries: [Entry]) {
        guard Set(entries.map(\.key.encoded)).count == entries.count else { return nil }
        self = .map(entries)
    }
}
