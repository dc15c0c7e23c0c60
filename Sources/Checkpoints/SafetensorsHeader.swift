/// The table at the front of a safetensors file: what each tensor is and where it lies.
///
/// Rules beyond the reference: nothing but spaces around the object, no name twice, exactly the three
/// fields, plain unsigned integers, and tensors that fill the data without hole or overlap.
struct SafetensorsHeader {
    struct Entry {
        var dataType = ""
        var shape: [Int] = []
        /// in bytes from the end of the header
        var range = 0..<0
    }

    static let longestHeader = 32 << 20
    static let longestName = 512
    static let longestMetadata = 4 << 20
    static let mostDimensions = 8

    /// Every type of the format and its size in bytes; only some are accepted as weights.
    static let byteCounts: [String: Int] = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "U16": 2, "I16": 2,
        "F16": 2, "BF16": 2, "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
    ]

    private(set) var metadata: [String: String] = [:]
    /// names in the order of their data
    private(set) var names: [String] = []
    private(set) var entries: [String: Entry] = [:]

    /// - Parameters:
    ///   - bytes: the header's JSON, without its length.
    ///   - dataCount: how many bytes follow it.
    init(_ bytes: UnsafeRawBufferPointer, dataCount: Int) throws {
        guard bytes.first == 0x7B else {
            throw HeaderCursor.Fault(reason: "the header does not begin with '{'")
        }
        var cursor = HeaderCursor(bytes)
        try cursor.object(keysUpTo: Self.longestName) { cursor, name in
            if name == "__metadata__" {
                metadata = try Self.metadata(&cursor)
            } else {
                try Self.check(name: name, cursor)
                entries[name] = try Self.entry(&cursor, name: name)
            }
        }
        guard cursor.rest.allSatisfy({ $0 == 0x20 }) else {
            throw cursor.fault("something follows the closing brace")
        }
        names = try Self.order(entries, dataCount: dataCount)
    }

    private static func check(name: String, _ cursor: HeaderCursor) throws {
        guard !name.isEmpty else { throw cursor.fault("a tensor has no name") }
        guard name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw cursor.fault("control character in the name \(shown(name))")
        }
    }

    private static func metadata(_ cursor: inout HeaderCursor) throws -> [String: String] {
        var result: [String: String] = [:]
        let start = cursor.offset
        try cursor.object(keysUpTo: longestMetadata) { cursor, key in
            result[key] = try cursor.string(upTo: longestMetadata)
            guard cursor.offset - start <= longestMetadata else {
                throw cursor.fault("__metadata__ is longer than 4 MiB")
            }
        }
        return result
    }

    private static func entry(_ cursor: inout HeaderCursor, name: String) throws -> Entry {
        var entry = Entry()
        var missing: Set = ["dtype", "shape", "data_offsets"]
        do {
            try cursor.object(keysUpTo: 64) { cursor, field in
                guard missing.remove(field) != nil else {
                    throw cursor.fault("unknown field \(shown(field))")
                }
                switch field {
                case "dtype": entry.dataType = try cursor.string(upTo: 64)
                case "shape": entry.shape = try cursor.integers(upTo: mostDimensions)
                default: entry.range = try range(&cursor)
                }
            }
            guard missing.isEmpty else { throw cursor.fault("no field \(missing.sorted()[0])") }
            try check(entry)
        } catch let fault as HeaderCursor.Fault {
            throw HeaderCursor.Fault(reason: "tensor \(shown(name)): \(fault.reason)")
        }
        return entry
    }

    private static func range(_ cursor: inout HeaderCursor) throws -> Range<Int> {
        let offsets = try cursor.integers(upTo: 2)
        guard offsets.count == 2 else { throw cursor.fault("data_offsets are not two numbers") }
        guard offsets[0] <= offsets[1] else {
            throw cursor.fault("data_offsets end (\(offsets[1])) before they begin (\(offsets[0]))")
        }
        return offsets[0]..<offsets[1]
    }

    /// The bytes a tensor of this type and shape takes must be the bytes it has.
    private static func check(_ entry: Entry) throws {
        guard let size = byteCounts[entry.dataType] else {
            let known = byteCounts.keys.sorted().joined(separator: " ")
            throw HeaderCursor.Fault(
                reason: "unknown dtype \(shown(entry.dataType)); known are \(known)")
        }
        var count = size
        for extent in entry.shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow else {
                throw HeaderCursor.Fault(reason: "shape \(entry.shape) is too large")
            }
            count = product
        }
        guard count == entry.range.count else {
            throw HeaderCursor.Fault(
                reason: "\(entry.dataType) of shape \(entry.shape) takes \(count) bytes, "
                    + "data_offsets give \(entry.range.count)")
        }
    }

    /// The names sorted by data, which must cover all of `dataCount` once.
    private static func order(_ entries: [String: Entry], dataCount: Int) throws -> [String] {
        let sorted = entries.sorted {
            ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
                < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
        }
        var end = 0
        for (name, entry) in sorted {
            let begin = entry.range.lowerBound
            guard begin == end else {
                let what = begin < end ? "overlaps the one before it" : "leaves a hole before it"
                throw HeaderCursor.Fault(
                    reason: "tensor \(shown(name)) \(what) (begins at \(begin), not \(end))")
            }
            guard entry.range.upperBound <= dataCount else {
                throw HeaderCursor.Fault(
                    reason: "tensor \(shown(name)) ends at byte \(entry.range.upperBound) "
                        + "of \(dataCount); the file is cut short")
            }
            end = entry.range.upperBound
        }
        guard end == dataCount else {
            throw HeaderCursor.Fault(reason: "\(dataCount - end) bytes follow the last tensor")
        }
        return sorted.map(\.key)
    }
}
