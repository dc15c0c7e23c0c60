/// The table at the front of a safetensors file: the type, shape and place of each tensor.
///
/// Rules beyond the reference: nothing but spaces around the object, no name twice, exactly the three
/// fields, plain unsigned integers, and tensors that fill the data without hole or overlap. Time and
/// memory are linear in its length.
struct SafetensorsHeader: Sendable {
    /// A tensor, in as few bytes as will do: files with hundreds of thousands of them exist.
    struct Row: Sendable {
        /// Its place in `types`.
        var type: UInt8 = 0
        var rank: UInt8 = 0
        /// Where its shape begins in `extents`.
        var shape: Int32 = 0
        /// In bytes from the end of the header.
        var range = 0..<0
    }

    static let longestHeader = 32 << 20
    static let longestName = 512
    static let longestMetadata = 4 << 20
    static let mostDimensions = 8

    /// Every type of the format and its size in bytes; only some are accepted as weights.
    static let types: [(name: StaticString, byteCount: Int)] = [
        ("BOOL", 1), ("U8", 1), ("I8", 1), ("F8_E4M3", 1), ("F8_E5M2", 1), ("F8_E8M0", 1),
        ("U16", 2), ("I16", 2), ("F16", 2), ("BF16", 2), ("U32", 4), ("I32", 4), ("F32", 4),
        ("U64", 8), ("I64", 8), ("F64", 8), ("C64", 8),
    ]
    private static let typeWords = types.map(\.name)
    /// The names of `types`.
    static let typeNames = types.map { "\($0.name)" }

    /// The size of a type in bytes; nil for one that the format does not have.
    static func byteCount(_ type: String) -> Int? {
        typeNames.firstIndex(of: type).map { types[$0].byteCount }
    }

    private(set) var metadata: [String: String] = [:]
    /// Names in the order of their data.
    private(set) var names: [String] = []
    /// In the same order.
    private(set) var rows: [Row] = []
    private var extents: [Int] = []
    private var places: NameIndex

    /// - Parameters:
    ///   - bytes: the header's JSON, without its length.
    ///   - dataCount: how many bytes follow it.
    init(_ bytes: UnsafeRawBufferPointer, dataCount: Int) throws {
        guard bytes.first == 0x7B else {
            throw HeaderCursor.Fault(reason: "the header does not begin with '{'")
        }
        var cursor = HeaderCursor(bytes)
        var hasMetadata = false
        // A tensor takes some 80 bytes; a table that grows would be hashed anew.
        let expected = bytes.count / 80
        places = NameIndex(expecting: expected)
        names.reserveCapacity(expected)
        rows.reserveCapacity(expected)
        extents.reserveCapacity(2 * expected)
        try cursor.object(keysUpTo: Self.longestName) { cursor, name in
            guard name != "__metadata__" else {
                guard !hasMetadata else { throw cursor.twice(name) }
                hasMetadata = true
                metadata = try Self.metadata(&cursor)
                return
            }
            try Self.check(name: name, cursor)
            guard places.add(name, to: names) else { throw cursor.twice(name) }
            names.append(name)
            rows.append(try row(&cursor, name: name))
        }
        guard cursor.rest.allSatisfy({ $0 == 0x20 }) else {
            throw cursor.fault("something follows the closing brace")
        }
        sortByData()
        try checkOrder(dataCount: dataCount)
    }

    /// The place of a tensor in `names` and `rows`.
    func place(of name: String) -> Int? { places.place(of: name, in: names) }

    /// How many numbers a tensor has; its product is checked.
    func count(_ row: Row) -> Int {
        var count = 1
        for index in Int(row.shape)..<Int(row.shape) + Int(row.rank) { count *= extents[index] }
        return count
    }

    /// The extents of a tensor, outermost first.
    func shape(_ row: Row) -> [Int] {
        Array(extents[Int(row.shape)..<Int(row.shape) + Int(row.rank)])
    }

    private static func check(name: String, _ cursor: HeaderCursor) throws {
        guard !name.isEmpty else { throw cursor.fault("a tensor has no name") }
        guard
            name.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
                || name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw cursor.fault("control character in the name \(shown(name))")
        }
    }

    private static func metadata(_ cursor: inout HeaderCursor) throws -> [String: String] {
        var result: [String: String] = [:]
        var keys: Set<ExactText> = []
        let start = cursor.offset
        try cursor.object(keysUpTo: longestMetadata) { cursor, key in
            guard keys.insert(ExactText(key)).inserted else { throw cursor.twice(key) }
            result[key] = try cursor.string(upTo: longestMetadata)
            guard cursor.offset - start <= longestMetadata else {
                throw cursor.fault("__metadata__ is longer than 4 MiB")
            }
        }
        return result
    }

    private static let fields: [StaticString] = ["dtype", "shape", "data_offsets"]

    private mutating func row(_ cursor: inout HeaderCursor, name: String) throws -> Row {
        var row = Row()
        // A bit for each field.
        var seen = 0
        do {
            try cursor.object { cursor in
                let index = try cursor.word(of: Self.fields) { "unknown field \(shown($0))" }
                try cursor.take(":")
                guard seen & 1 << index == 0 else { throw cursor.twice("\(Self.fields[index])") }
                seen |= 1 << index
                switch index {
                case 0: row.type = try Self.type(&cursor)
                case 1:
                    row.shape = Int32(truncatingIfNeeded: extents.count)
                    try cursor.integers(upTo: Self.mostDimensions) { extents.append($0) }
                    row.rank = UInt8(truncatingIfNeeded: extents.count - Int(row.shape))
                default: row.range = try Self.range(&cursor)
                }
            }
            if seen != 0b111 {
                let missing = Self.fields.indices.filter { seen & 1 << $0 == 0 }
                throw cursor.fault("no field \(missing.map { "\(Self.fields[$0])" }.sorted()[0])")
            }
            try check(row)
        } catch let fault as HeaderCursor.Fault {
            throw HeaderCursor.Fault(reason: "tensor \(shown(name)): \(fault.reason)")
        }
        return row
    }

    private static func type(_ cursor: inout HeaderCursor) throws -> UInt8 {
        UInt8(
            try cursor.word(of: typeWords) { name in
                let known = typeNames.sorted().joined(separator: " ")
                return "unknown dtype \(shown(name)); known are \(known)"
            })
    }

    private static func range(_ cursor: inout HeaderCursor) throws -> Range<Int> {
        var (offsets, count) = ((0, 0), 0)
        try cursor.integers(upTo: 2) { value in
            if count == 0 { offsets.0 = value } else { offsets.1 = value }
            count += 1
        }
        guard count == 2 else { throw cursor.fault("data_offsets are not two numbers") }
        guard offsets.0 <= offsets.1 else {
            throw cursor.fault("data_offsets end (\(offsets.1)) before they begin (\(offsets.0))")
        }
        return offsets.0..<offsets.1
    }

    /// The bytes a tensor of this type and shape takes must be the bytes it has.
    private func check(_ row: Row) throws {
        let type = Self.types[Int(row.type)]
        var count = type.byteCount
        for index in 0..<Int(row.rank) {
            let (product, overflow) = count.multipliedReportingOverflow(
                by: extents[Int(row.shape) + index])
            guard !overflow else {
                throw HeaderCursor.Fault(reason: "shape \(shape(row)) is too large")
            }
            count = product
        }
        guard count == row.range.count else {
            throw HeaderCursor.Fault(
                reason: "\(type.name) of shape \(shape(row)) takes \(count) bytes, "
                    + "data_offsets give \(row.range.count)")
        }
    }

    private mutating func sortByData() {
        func isBefore(_ a: Int, _ b: Int) -> Bool {
            let (left, right) = (rows[a].range, rows[b].range)
            return (left.lowerBound, left.upperBound) < (right.lowerBound, right.upperBound)
                || left == right && names[a] < names[b]
        }
        // Writers list tensors in the order of their data, as a rule.
        guard rows.indices.dropFirst().contains(where: { isBefore($0, $0 - 1) }) else { return }
        let order = rows.indices.sorted(by: isBefore)
        (names, rows) = (order.map { names[$0] }, order.map { rows[$0] })
        places = NameIndex(expecting: names.count)
        for name in names { _ = places.add(name, to: names) }
    }

    /// The tensors must cover all of `dataCount` once.
    private func checkOrder(dataCount: Int) throws {
        var end = 0
        for (index, row) in rows.enumerated() {
            let begin = row.range.lowerBound
            guard begin == end else {
                let what = begin < end ? "overlaps the one before it" : "leaves a hole before it"
                throw HeaderCursor.Fault(
                    reason: "tensor \(shown(names[index])) \(what) (begins at \(begin), not \(end))"
                )
            }
            guard row.range.upperBound <= dataCount else {
                throw HeaderCursor.Fault(
                    reason: "tensor \(shown(names[index])) ends at byte \(row.range.upperBound) "
                        + "of \(dataCount); the file is cut short")
            }
            end = row.range.upperBound
        }
        guard end == dataCount else {
            throw HeaderCursor.Fault(reason: "\(dataCount - end) bytes follow the last tensor")
        }
    }
}
