/// Any JSON value, read in time and memory linear in its text.
///
/// The text must be UTF-8, nested at most 64 deep. Of a key that comes twice the last value counts.
package enum JSONValue: Equatable, Sendable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([Member])

    /// A key of an object with its value.
    package struct Member: Equatable, Sendable {
        package let key: String
        package let value: JSONValue
    }

    package static let deepest = 64

    /// What is wrong with a text that is not JSON.
    package struct Fault: Error, Equatable {
        package let reason: String
    }

    /// - Throws: `Fault`.
    package init(parsing text: some Collection<UInt8>) throws(Fault) {
        let read = text.withContiguousStorageIfAvailable { Self.read(UnsafeRawBufferPointer($0)) }
        self = try (read ?? Array(text).withUnsafeBytes(Self.read)).get()
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) -> Result<JSONValue, Fault> {
        // Windows' editors put a byte order mark first.
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var cursor = HeaderCursor(UnsafeRawBufferPointer(rebasing: bytes[text...]))
        do {
            let value = try cursor.value(depth: 0)
            guard cursor.isAtEnd else { throw cursor.fault("something follows the value") }
            return .success(value)
        } catch let fault as HeaderCursor.Fault {
            return .failure(Fault(reason: fault.reason))
        } catch {
            return .failure(Fault(reason: "\(error)"))
        }
    }

    /// The value of a key; nil where there is none, or this is no object.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// As a whole number, where it is one.
    package var integer: Int? {
        if case .number(let number) = self { Int(exactly: number) } else { nil }
    }

    /// As a text, where it is one.
    package var string: String? { if case .text(let text) = self { text } else { nil } }
}

extension HeaderCursor {
    private static let longestText = 16 << 20

    fileprivate mutating func value(depth: Int) throws -> JSONValue {
        guard depth < JSONValue.deepest else {
            throw fault("nested deeper than \(JSONValue.deepest)")
        }
        if comes("\"") { return .text(try string(upTo: Self.longestText)) }
        if comes("{") {
            var members: [JSONValue.Member] = []
            try object(keysUpTo: Self.longestText) { cursor, key in
                members.append(.init(key: key, value: try cursor.value(depth: depth + 1)))
            }
            return .object(members)
        }
        if takes("[") {
            var values: [JSONValue] = []
            guard !takes("]") else { return .list(values) }
            repeat { values.append(try value(depth: depth + 1)) } while takes(",")
            try take("]")
            return .list(values)
        }
        let word = word()
        switch word {
        case "null": return .null
        case "true": return .flag(true)
        case "false": return .flag(false)
        default:
            let isNumber = word.utf8.first.map { $0 == 0x2D || (0x30...0x39).contains($0) } ?? false
            guard isNumber, !word.contains(where: { "xXpP".contains($0) }),
                let number = Double(word)
            else { throw fault("expected a value") }
            return .number(number)
        }
    }
}
