/// The tags of a directory of a TIFF structure with their values, taken out of it and put into another one
/// (TIFF 6.0, section 2; EXIF 2.3, 4.6.2).
struct TIFFTags {
    /// A tag and its value.
    struct Entry {
        let tag: Int
        let kind: Int
        let count: Int
        let value: Value
    }

    /// The value of a tag.
    enum Value {
        /// The value itself, in the byte order of the structure.
        case bytes([UInt8])
        /// The four bytes of the entry, which hold the value or say where in the file it is.
        case stored([UInt8])
        /// A directory that the tag points at.
        case directory(TIFFTags)
    }

    var entries: [Entry] = []
    let isBigEndian: Bool

    /// What a picture's first directory says of the photo, not of how its pixels are stored.
    private static let photo: Set<Int> = [
        0x010D, 0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x011D, 0x0128, 0x0131, 0x0132, 0x013B,
        0x013C, 0x0151, 0x4746, 0x4749, 0x8298, 0x829A, 0x829D, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E,
        0x9C9F, 0xC4A5, 0xC614, 0xC62F,
    ]
    /// What some programs note there and others in EXIF's own directory (ISO 12234-2, 5), but for where the camera
    /// focussed, which holds for one frame only.
    private static let exposure = Set(0x8822...0x8833).union(0x9003...0x9213)
        .union(0x9215...0x9217)
    /// Pointers at the directories of EXIF, GPS and, inside EXIF's, interoperability.
    private static let pointers: Set<Int> = [0x8769, 0x8825]
    private static let interoperability = 0xA005
    private static let exif = 0x8769
    /// Their offsets count from the structure's start, or from where else the maker likes.
    private static let makersNotes = 0x927C
    private static let (across, down, resolutionUnit) = (0x011A, 0x011B, 0x0128)
    /// IPTC's data, which all programs note as numbers of four bytes and take as the bytes they are.
    private static let iptc = 0x83BB
    /// Photoshop's layers (Adobe: Photoshop TIFF Technical Notes, 2002), and where on a map each pixel is (OGC 19-008r4,
    /// GeoTIFF 1.1, 7.1.1): the scale, points and matrix, and the keys with their numbers and texts.
    private static let companions: [Int: Companion] = [
        0x935C: .layers, 0x830E: .mapPlace, 0x8482: .mapPlace, 0x85D8: .mapPlace, 0x87AF: .mapPlace,
        0x87B0: .mapPlace, 0x87B1: .mapPlace,
    ]
    private static let sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]
    /// Kinds of BigTIFF that are places of 64 bits.
    private static let longPlaces: Set<Int> = [16, 18]
    private static let (short, long, rational) = (3, 4, 5)

    private init(isBigEndian: Bool) {
        self.isBigEndian = isBigEndian
    }

    /// The photo's tags in a TIFF, of a file or of EXIF; nil for something else.
    init?(photoIn bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = Source(bytes) else { return nil }
        var room = 16 << 20
        self = source.tags(
            at: source.first, room: &room,
            { tag in
                [Self.photo, Self.exposure, Self.pointers].contains { $0.contains(tag) }
            }, pointers: Self.pointers)
    }

    /// IPTC's data in a TIFF file; nil without any.
    static func iptc(in bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard let source = Source(bytes) else { return nil }
        var room = 1 << 20
        let found = source.tags(
            at: source.first, room: &room, { $0 == iptc }, pointers: [])
        guard case .bytes(let value)? = found.entries.first?.value else { return nil }
        return value
    }

    /// What a TIFF file holds beside the picture.
    static func companions(in bytes: UnsafeBufferPointer<UInt8>) -> Set<Companion> {
        guard let source = Source(bytes) else { return [] }
        let found = Set(companions.filter { source.hasTag($0.key) }.values)
        return source.hasMakersNotes ? found.union([.makersNotes]) : found
    }

    /// The dots a unit; an inch where no unit is given (TIFF 6.0, section 8).
    var resolution: Resolution? {
        func number(_ tag: Int, _ kind: Int, _ range: Range<Int>) -> Int? {
            guard let entry = entries.first(where: { $0.tag == tag }), entry.kind == kind,
                case .bytes(let bytes) = entry.value, bytes.count >= range.upperBound
            else { return nil }
            let part = isBigEndian ? Array(bytes[range]) : bytes[range].reversed()
            let value = part.reduce(0) { $0 << 8 | Int($1) }
            return value
        }
        func quotient(_ tag: Int) -> Double? {
            guard let dividend = number(tag, Self.rational, 0..<4),
                let divisor = number(tag, Self.rational, 4..<8), divisor > 0
            else { return nil }
            return Double(dividend) / Double(divisor)
        }
        let kind = number(Self.resolutionUnit, Self.short, 0..<2) ?? 2
        guard let x = quotient(Self.across), let y = quotient(Self.down),
            let unit = Resolution.Unit(rawValue: kind - 1)
        else { return nil }
        return Resolution(x: x, y: y, unit: unit)
    }

    /// The entries with the dots a unit, where they say none.
    static func entries(
        _ entries: [Entry], with resolution: Resolution?, isBigEndian: Bool
    ) -> [Entry] {
        guard let resolution, !entries.contains(where: { $0.tag == across }) else {
            return entries
        }
        let tags = TIFFTags(isBigEndian: isBigEndian)
        func quotient(_ value: Double) -> Value {
            let divisor = value == value.rounded() || value > 400_000 ? 1 : 10_000
            let dividend = Int((value * Double(divisor)).rounded())
            return .bytes(tags.number(dividend, 4) + tags.number(divisor, 4))
        }
        let unit = Value.bytes(tags.number(resolution.unit.rawValue + 1, 2))
        return entries.filter { ![down, resolutionUnit].contains($0.tag) } + [
            Entry(tag: across, kind: rational, count: 1, value: quotient(resolution.x)),
            Entry(tag: down, kind: rational, count: 1, value: quotient(resolution.y)),
            Entry(tag: resolutionUnit, kind: short, count: 1, value: unit),
        ]
    }

    /// An entry for IPTC's data, filled up to a multiple of four bytes.
    static func iptcEntry(_ data: [UInt8]) -> Entry {
        let filled = data + [UInt8](repeating: 0, count: -data.count & 3)
        return Entry(tag: iptc, kind: long, count: filled.count / 4, value: .bytes(filled))
    }

    /// Puts entries into a TIFF file of the byte order: a new first directory at the file's end. What it has
    /// already stays.
    static func add(_ entries: [Entry], isBigEndian: Bool, to file: inout [UInt8]) {
        let own = file.withUnsafeBufferPointer { TIFFTags(storedIn: $0) }
        guard var own, isBigEndian == own.isBigEndian else { return }
        let known = Set(own.entries.map(\.tag))
        let added = entries.filter { !known.contains($0.tag) }
        guard !added.isEmpty else { return }
        own.entries += added
        if file.count % 2 == 1 { file.append(0) }
        let base = file.count
        file += own.encoded(at: base)
        file.replaceSubrange(4..<8, with: own.number(base, 4))
    }

    /// All tags of a classic file's first directory as they are stored there.
    init?(storedIn bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = Source(bytes), !source.isBig else { return nil }
        self = source.storedTags(at: source.first)
    }

    /// The bytes of the directory, of its values and of the directories below it, for a place in a file at
    /// an even offset.
    func encoded(at base: Int) -> [UInt8] {
        let sorted = entries.sorted { $0.tag < $1.tag }
        var directory = number(sorted.count, 2)
        var values: [UInt8] = []
        let start = base + 2 + 12 * sorted.count + 4
        for entry in sorted {
            directory += number(entry.tag, 2) + number(entry.kind, 2) + number(entry.count, 4)
            switch entry.value {
            case .stored(let bytes): directory += bytes
            case .bytes(let bytes) where bytes.count <= 4:
                directory += bytes + [UInt8](repeating: 0, count: 4 - bytes.count)
            case .bytes(let bytes):
                directory += number(start + values.count, 4)
                values += bytes
            case .directory(let tags):
                directory += number(start + values.count, 4)
                values += tags.encoded(at: start + values.count)
            }
            if values.count % 2 == 1 { values.append(0) }
        }
        return directory + [0, 0, 0, 0] + values
    }

    /// A number in the byte order of the structure.
    func number(_ value: Int, _ size: Int) -> [UInt8] {
        let little = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return isBigEndian ? little.reversed() : little
    }
}

extension TIFFTags {
    /// A TIFF structure that tags are read from, with places of 32 bits or of 64 (BigTIFF).
    private struct Source {
        let bytes: UnsafeBufferPointer<UInt8>
        let isBigEndian: Bool
        let isBig: Bool

        init?(_ bytes: UnsafeBufferPointer<UInt8>) {
            switch Array(bytes.prefix(4)) {
            case [0x4D, 0x4D, 0, 42]: (isBigEndian, isBig) = (true, false)
            case [0x49, 0x49, 42, 0]: (isBigEndian, isBig) = (false, false)
            case [0x4D, 0x4D, 0, 43]: (isBigEndian, isBig) = (true, true)
            case [0x49, 0x49, 43, 0]: (isBigEndian, isBig) = (false, true)
            default: return nil
            }
            guard bytes.count >= (isBig ? 16 : 8) else { return nil }
            self.bytes = bytes
        }

        /// Bytes of a place and of a number of values, and of an entry.
        private var word: Int { isBig ? 8 : 4 }
        private var entrySize: Int { 4 + 2 * word }

        /// Where the first directory is.
        var first: Int { number(at: isBig ? 8 : 4, word) }

        /// A number; one of 64 bits that is no place in any file is cut to the largest that fits.
        func number(at position: Int, _ size: Int) -> Int {
            let slice = bytes[position..<position + size]
            let value =
                isBigEndian
                ? slice.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
                : slice.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            return Int(clamping: value)
        }

        private func positions(at offset: Int) -> [Int] {
            let head = isBig ? 8 : 2
            guard offset >= 8, offset <= bytes.count - head else { return [] }
            let start = offset + head
            let count = min(number(at: offset, head), (bytes.count - start) / entrySize, 4096)
            return (0..<count).map { start + entrySize * $0 }
        }

        /// Whether the first directory has a tag.
        func hasTag(_ tag: Int) -> Bool {
            positions(at: first).contains { number(at: $0, 2) == tag }
        }

        /// Whether the directory of EXIF has makers' notes.
        var hasMakersNotes: Bool {
            positions(at: first).contains { position in
                number(at: position, 2) == TIFFTags.exif
                    && positions(at: directory(of: position)).contains {
                        number(at: $0, 2) == TIFFTags.makersNotes
                    }
            }
        }

        /// Where the directory is that the entry at a position points at.
        private func directory(of position: Int) -> Int {
            let isLong = TIFFTags.longPlaces.contains(number(at: position + 2, 2))
            return number(at: position + 4 + word, isLong && isBig ? 8 : 4)
        }

        func storedTags(at offset: Int) -> TIFFTags {
            var tags = TIFFTags(isBigEndian: isBigEndian)
            tags.entries = positions(at: offset).map { position in
                Entry(
                    tag: number(at: position, 2), kind: number(at: position + 2, 2),
                    count: number(at: position + 4, 4),
                    value: .stored(Array(bytes[position + 8..<position + 12])))
            }
            return tags
        }

        /// - Parameter room: bytes that values may have together, for many tags may name the same ones.
        func tags(
            at offset: Int, room: inout Int, _ isWanted: (Int) -> Bool, pointers: Set<Int>
        ) -> TIFFTags {
            var tags = TIFFTags(isBigEndian: isBigEndian)
            for position in positions(at: offset) {
                let tag = number(at: position, 2)
                guard isWanted(tag), !tags.entries.contains(where: { $0.tag == tag }) else {
                    continue
                }
                if pointers.contains(tag) {
                    let isEXIF = tag == TIFFTags.exif
                    let inner = self.tags(
                        at: directory(of: position), room: &room,
                        { $0 != (isEXIF ? TIFFTags.makersNotes : TIFFTags.interoperability) },
                        pointers: isEXIF ? [TIFFTags.interoperability] : [])
                    guard !inner.entries.isEmpty else { continue }
                    tags.entries.append(
                        Entry(tag: tag, kind: TIFFTags.long, count: 1, value: .directory(inner)))
                } else if let value = value(of: position), value.count <= room {
                    room -= value.count
                    tags.entries.append(
                        Entry(
                            tag: tag, kind: number(at: position + 2, 2),
                            count: number(at: position + 4, word), value: .bytes(value)))
                }
            }
            return tags
        }

        /// The value of the entry at a position, if it is whole and of a known kind.
        private func value(of position: Int) -> [UInt8]? {
            let kind = number(at: position + 2, 2)
            guard kind > 0, kind < TIFFTags.sizes.count else { return nil }
            let number = number(at: position + 4, word)
            guard number <= bytes.count else { return nil }
            let (count, place) = (number * TIFFTags.sizes[kind], position + 4 + word)
            let start = count <= word ? place : self.number(at: place, word)
            guard start <= bytes.count, count <= bytes.count - start else { return nil }
            return Array(bytes[start..<start + count])
        }
    }
}

extension EXIF {
    /// A block of what a TIFF file says of its photo; nil where that is nothing.
    static func collected(from file: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard let tags = TIFFTags(photoIn: file), !tags.entries.isEmpty else { return nil }
        let begin: [UInt8] = tags.isBigEndian ? [0x4D, 0x4D, 0, 42] : [0x49, 0x49, 42, 0]
        return begin + tags.number(8, 4) + tags.encoded(at: 8)
    }

    /// What a block says of the photo, as entries of a TIFF file of its byte order.
    static func entries(of block: [UInt8]) -> [TIFFTags.Entry] {
        block.withUnsafeBufferPointer { TIFFTags(photoIn: $0) }?.entries ?? []
    }

    /// Whether a block has makers' notes, which a TIFF cannot take over.
    static func hasMakersNotes(_ block: [UInt8]) -> Bool {
        block.withUnsafeBufferPointer { TIFFTags.companions(in: $0) }.contains(.makersNotes)
    }

    /// The byte order of the block.
    static func isBigEndian(_ block: [UInt8]) -> Bool { block.first == 0x4D }
}
