/// How the pixels of a file are to be turned to stand upright (EXIF 2.3, tag 0x0112).
enum Orientation: Int, CaseIterable {
    case upright = 1, mirrored, turnedHalf, flipped
    case transposed, turnedRight, transversed, turnedLeft
}

/// An EXIF block: a TIFF structure whose directories point at values by offset from its start.
///
/// Changes keep every byte where it is, because makers' notes hold offsets of their own that cannot
/// be followed: values are changed in place, and what needs more room is put behind the end.
struct EXIF {
    private(set) var bytes: [UInt8]
    private let isBigEndian: Bool

    private enum Tag {
        static let imageWidth = 0x0100, imageHeight = 0x0101, orientation = 0x0112
        static let gpsDirectory = 0x8825, exifDirectory = 0x8769, userComment = 0x9286
        /// UTF-16, little-endian, in single bytes
        static let windowsComment = 0x9C9C
        static let pixelWidth = 0xA002, pixelHeight = 0xA003
        static let colorSpace = 0xA001
        static let interoperability = 0xA005, interoperabilityIndex = 0x0001
        static let relatedWidth = 0x1001, relatedHeight = 0x1002
        static let subDirectories = 0x014A
        static let subjectArea = 0x9214, subjectLocation = 0xA214
        static let thumbnailOffset = 0x0201, thumbnailLength = 0x0202
        static let stripOffset = 0x0111, stripLength = 0x0117
    }
    private enum Kind {
        static let byte = 1, text = 2, short = 3, long = 4
        static let undefined = 7, signedLong = 9, directory = 13
    }

    /// A block with nothing in it, big-endian.
    init() {
        bytes = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0]
        isBigEndian = true
    }

    /// What JPEG's marker has in front of a block.
    static let prefix = Array("Exif\0\0".utf8)

    /// A block without the prefix of JPEG's marker, which some programs put in front elsewhere, too.
    static func withoutPrefix(_ block: [UInt8]) -> [UInt8] {
        block.starts(with: prefix) ? Array(block.dropFirst(prefix.count)) : block
    }

    /// Nil if this is no TIFF structure or its first directory is outside.
    init?(_ bytes: [UInt8]) {
        switch bytes.prefix(4) {
        case [0x4D, 0x4D, 0, 42]: isBigEndian = true
        case [0x49, 0x49, 42, 0]: isBigEndian = false
        default: return nil
        }
        self.bytes = bytes
        guard bytes.count >= 8, directory(at: number(at: 4, 4)) != nil else { return nil }
    }

    /// Upright unless a valid value says otherwise.
    var orientation: Orientation {
        main.flatMap { entry(Tag.orientation, in: $0) }.flatMap(scalar)
            .flatMap(Orientation.init) ?? .upright
    }

    /// The block for upright pixels and without any smaller copy of them; nil if that breaks it.
    var normalised: [UInt8]? {
        var block = self
        block.dropThumbnail()
        block.dropPreviews()
        for picture in EmbeddedJPEG.places(in: block.bytes) { block.wipe(picture) }
        guard var block = EXIF(block.bytes) else { return nil }
        block.setOrientation(.upright)
        return block.bytes
    }

    /// Says how the pixels are to be turned; upright only where the block says something at all.
    mutating func setOrientation(_ orientation: Orientation) {
        let entries = (main?.entries ?? []).filter { $0.tag == Tag.orientation }
        for entry in entries { set(entry, to: orientation.rawValue) }
        guard orientation != .upright, self.orientation != orientation, let main else { return }
        // A short number is at the begin of its four bytes.
        let value = isBigEndian ? orientation.rawValue << 16 : orientation.rawValue
        put(
            append(copy(of: main, adding: (Tag.orientation, Kind.short, 1), value: value)), 4, at: 4
        )
    }

    /// Takes out the directory of the place, and wipes what it held.
    mutating func dropLocation() {
        guard let main, let pointer = entry(Tag.gpsDirectory, in: main) else { return }
        if let start = scalar(pointer), let gps = directory(at: start) {
            wipe(union: gps.entries.compactMap(range(ofAnyValue:)))
            wipe(start..<start + 2 + 12 * gps.entries.count)
        }
        drop(pointer, of: main)
    }

    /// Takes out where in the frame the camera focussed.
    mutating func dropPlaces() {
        for tag in [Tag.subjectArea, Tag.subjectLocation] {
            guard let exif, let place = entry(tag, in: exif) else { continue }
            drop(place, of: exif)
        }
    }

    /// Later entries, and the link to the next directory, move up by one.
    private mutating func drop(_ entry: Entry, of directory: Directory) {
        guard let first = directory.entries.first, let last = directory.entries.last else { return }
        let end = directory.link.map { $0 + 4 } ?? last.position + 12
        let moved = bytes[entry.position + 12..<end]
        bytes.replaceSubrange(entry.position..<entry.position + moved.count, with: moved)
        wipe(end - 12..<end)
        put(directory.entries.count - 1, 2, at: first.position - 2)
    }

    private mutating func wipe(_ range: Range<Int>) {
        bytes.replaceSubrange(range, with: repeatElement(0, count: range.count))
    }

    /// Wipes each byte once, for many entries may name the same ones.
    private mutating func wipe(union ranges: [Range<Int>]) {
        var end = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound })
        where range.upperBound > end {
            wipe(max(range.lowerBound, end)..<range.upperBound)
            end = range.upperBound
        }
    }

    /// Where a value is that is outside of its entry.
    private func range(ofAnyValue entry: Entry) -> Range<Int>? {
        let sizes = [1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
        let kind = number(at: entry.position + 2, 2)
        guard (1...sizes.count).contains(kind) else { return nil }
        let count = number(at: entry.position + 4, 4) * sizes[kind - 1]
        let start = number(at: entry.position + 8, 4)
        return count > 4 && start >= 8 && start + count <= bytes.count
            ? start..<start + count : nil
    }

    /// Says the size of the picture where the block says one at all.
    mutating func setSize(width: Int, height: Int) {
        for (tag, value) in [(Tag.imageWidth, width), (Tag.imageHeight, height)] {
            if let entry = main.flatMap({ entry(tag, in: $0) }) { set(entry, to: value) }
        }
        for (tag, value) in [(Tag.pixelWidth, width), (Tag.pixelHeight, height)] {
            if let entry = exif.flatMap({ entry(tag, in: $0) }) { set(entry, to: value) }
        }
        for (tag, value) in [(Tag.relatedWidth, width), (Tag.relatedHeight, height)] {
            if let entry = interoperability.flatMap({ entry(tag, in: $0) }) {
                set(entry, to: value)
            }
        }
    }

    /// Whether it says that the colours are those of Adobe RGB (DCF 2.0, optional colour space; the number is in wide use).
    var isAdobeRGB: Bool {
        adobeRGBNumber != nil || adobeRGBIndex != nil
    }

    /// Says sRGB where it says Adobe RGB.
    mutating func setStandardColors() {
        if let number = adobeRGBNumber { set(number, to: 1) }
        if let index = adobeRGBIndex { bytes.replaceSubrange(index, with: "R98".utf8) }
    }

    private var adobeRGBNumber: Entry? {
        exif.flatMap { entry(Tag.colorSpace, in: $0) }.flatMap { scalar($0) == 2 ? $0 : nil }
    }

    private var adobeRGBIndex: Range<Int>? {
        interoperability.flatMap { entry(Tag.interoperabilityIndex, in: $0) }.flatMap(range(of:))
            .flatMap { range in
                let isFound = bytes[range].starts(with: "R03".utf8)
                return isFound ? range.lowerBound..<range.lowerBound + 3 : nil
            }
    }

    /// The user comment as text; nil if there is none or only blanks.
    var userComment: String? {
        guard let entry = exif.flatMap({ entry(Tag.userComment, in: $0) }),
            let range = range(of: entry), range.count > 8
        else { return nil }
        let text = CommentText.text(bytes[range])
        return text.allSatisfy { $0.isWhitespace || $0 == "\0" } ? nil : text
    }

    /// The user comment where it is the settings of a program that makes pictures.
    var settings: String? { userComment.flatMap { CommentText.areSettings($0) ? $0 : nil } }

    /// The first 16 texts of the first directory, such as the maker's name, Windows' comment among them; many
    /// entries may share one.
    var texts: [String] {
        let entries = (main?.entries ?? []).filter {
            number(at: $0.position + 2, 2) == Kind.text || $0.tag == Tag.windowsComment
        }
        return entries.prefix(16).compactMap { entry in
            range(of: entry).map {
                entry.tag == Tag.windowsComment
                    ? CommentText.wide(bytes[$0])
                    : String(decoding: bytes[$0].prefix { $0 != 0 }, as: UTF8.self)
            }
        }
    }

    /// Sets the user comment: the code `UNICODE`, then UTF-16, big-endian whatever the block is,
    /// which is how the readers of such comments take it.
    mutating func setUserComment(_ text: String) {
        guard text != userComment else { return }
        let value =
            Array("UNICODE\0".utf8) + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        if let entry = exif.flatMap({ entry(Tag.userComment, in: $0) }) {
            // The comment of an earlier edit is at the end: its room is used again.
            if let old = range(of: entry), old.upperBound == bytes.count,
                old.lowerBound >= entry.position + 12
            {
                bytes.removeSubrange(old)
            }
            put(Kind.undefined, 2, at: entry.position + 2)
            put(value.count, 4, at: entry.position + 4)
            put(append(value), 4, at: entry.position + 8)
        } else {
            addComment(value)
        }
    }

    // MARK: Directories

    private struct Entry {
        let tag: Int
        let position: Int
    }

    private struct Directory {
        let entries: [Entry]
        /// Where the offset of the next directory stands, if inside the block.
        let link: Int?
    }

    private var main: Directory? { directory(at: number(at: 4, 4)) }

    private var exif: Directory? {
        main.flatMap { entry(Tag.exifDirectory, in: $0) }.flatMap(scalar)
            .flatMap { $0 >= 8 ? directory(at: $0) : nil }
    }

    private var interoperability: Directory? {
        exif.flatMap { entry(Tag.interoperability, in: $0) }.flatMap(scalar)
            .flatMap(directory(at:))
    }

    /// The directory at an offset, as far as it is inside the block.
    private func directory(at offset: Int) -> Directory? {
        guard offset >= 8, offset + 2 <= bytes.count else { return nil }
        let start = offset + 2
        let count = min(number(at: offset, 2), (bytes.count - start) / 12)
        let entries = (0..<count).map {
            Entry(tag: number(at: start + 12 * $0, 2), position: start + 12 * $0)
        }
        let link = start + 12 * count
        return Directory(entries: entries, link: link + 4 <= bytes.count ? link : nil)
    }

    private func entry(_ tag: Int, in directory: Directory) -> Entry? {
        directory.entries.first { $0.tag == tag }
    }

    /// The first number of an entry that holds numbers itself. Some programs write more than there should be, or of
    /// another size.
    private func scalar(_ entry: Entry) -> Int? {
        size(ofNumbersIn: entry).map { number(at: entry.position + 8, $0) }
    }

    /// The bytes of a number of an entry that holds all of its numbers itself; nil for other entries.
    private func size(ofNumbersIn entry: Entry) -> Int? {
        let size: Int
        switch number(at: entry.position + 2, 2) {
        case Kind.byte: size = 1
        case Kind.short: size = 2
        case Kind.long, Kind.signedLong, Kind.directory: size = 4
        default: return nil
        }
        let count = number(at: entry.position + 4, 4)
        return count > 0 && count <= 4 / size ? size : nil
    }

    private mutating func set(_ entry: Entry, to value: Int) {
        guard let size = size(ofNumbersIn: entry) else { return }
        if value < 1 << (8 * size) {
            put(value, size, at: entry.position + 8)
        } else {
            put(Kind.long, 2, at: entry.position + 2)
            put(1, 4, at: entry.position + 4)
            put(value, 4, at: entry.position + 8)
        }
    }

    /// Where the value of an entry of bytes is, if inside the block.
    private func range(of entry: Entry) -> Range<Int>? {
        let count = number(at: entry.position + 4, 4)
        let start = count <= 4 ? entry.position + 8 : number(at: entry.position + 8, 4)
        return start + count <= bytes.count ? start..<start + count : nil
    }

    // MARK: Changes

    /// Cuts the link to the second directory and wipes the thumbnail it points at.
    private mutating func dropThumbnail() {
        guard let link = main?.link, let second = directory(at: number(at: link, 4)) else { return }
        put(0, 4, at: link)
        wipePictures(of: second)
    }

    /// Takes out the pointers at directories of further pictures, the first 16 of them, and wipes those.
    private mutating func dropPreviews() {
        guard let pointers = main.map({ numbers(Tag.subDirectories, in: $0) }) else { return }
        for place in pointers.prefix(16) { directory(at: place).map { wipePictures(of: $0) } }
        guard let main, let pointer = entry(Tag.subDirectories, in: main) else { return }
        drop(pointer, of: main)
    }

    /// Wipes the picture that a directory describes.
    private mutating func wipePictures(of directory: Directory) {
        let pictures =
            [(Tag.thumbnailOffset, Tag.thumbnailLength), (Tag.stripOffset, Tag.stripLength)]
            .flatMap { zip(numbers($0, in: directory), numbers($1, in: directory)) }
        let places = pictures.filter { $0 >= 8 && $0 + $1 <= bytes.count }.map { $0..<$0 + $1 }
        wipe(union: places)
        for place in places.sorted(by: { $0.upperBound > $1.upperBound })
        where place.upperBound == bytes.count {
            bytes.removeLast(place.count)
        }
    }

    /// The short or long numbers of an entry, the first 4096 of them.
    private func numbers(_ tag: Int, in directory: Directory) -> [Int] {
        guard let entry = entry(tag, in: directory) else { return [] }
        let count = number(at: entry.position + 4, 4)
        let kind = number(at: entry.position + 2, 2)
        let size = kind == Kind.short ? 2 : 4
        guard [Kind.short, Kind.long, Kind.directory].contains(kind), count <= bytes.count / size
        else {
            return []
        }
        let start =
            count * size <= 4 ? entry.position + 8 : number(at: entry.position + 8, 4)
        guard start + count * size <= bytes.count else { return [] }
        return (0..<min(count, 4096)).map { number(at: start + $0 * size, size) }
    }

    /// Adds a comment where there is none: to a copy of the EXIF directory, or to a new one. The
    /// comment comes last, where the next edit can replace it.
    private mutating func addComment(_ value: [UInt8]) {
        let comment = (tag: Tag.userComment, kind: Kind.undefined, count: value.count)
        let end = bytes.count + bytes.count % 2
        if let exif, let pointer = main.flatMap({ entry(Tag.exifDirectory, in: $0) }) {
            let size = copy(of: exif, adding: comment, value: 0).count
            put(
                append(copy(of: exif, adding: comment, value: end + size)), 4,
                at: pointer.position + 8)
        } else if let main {
            let pointer = (tag: Tag.exifDirectory, kind: Kind.long, count: 1)
            let size = copy(of: main, adding: pointer, value: 0).count
            put(append(copy(of: main, adding: pointer, value: end + size)), 4, at: 4)
            let none = Directory(entries: [], link: nil)
            let exif = copy(of: none, adding: comment, value: 0).count
            _ = append(copy(of: none, adding: comment, value: end + size + exif))
        }
        _ = append(value)
    }

    /// The bytes of a directory with one entry more, in order of tags; an old one goes.
    private func copy(
        of directory: Directory, adding added: (tag: Int, kind: Int, count: Int), value: Int
    ) -> [UInt8] {
        let kept = directory.entries.filter { $0.tag != added.tag }
        func raw(_ entry: Entry) -> ArraySlice<UInt8> {
            bytes[entry.position..<entry.position + 12]
        }
        var copy = encoded(kept.count + 1, 2)
        for entry in kept where entry.tag < added.tag { copy += raw(entry) }
        copy += encoded(added.tag, 2) + encoded(added.kind, 2)
        copy += encoded(added.count, 4) + encoded(value, 4)
        for entry in kept where entry.tag > added.tag { copy += raw(entry) }
        return copy + (directory.link.map { Array(bytes[$0..<$0 + 4]) } ?? [0, 0, 0, 0])
    }

    /// Puts a value behind the end, at an even offset, which it returns.
    private mutating func append(_ value: [UInt8]) -> Int {
        if bytes.count % 2 == 1 { bytes.append(0) }
        bytes += value
        return bytes.count - value.count
    }

    // MARK: Numbers

    private func number(at position: Int, _ size: Int) -> Int {
        let slice = bytes[position..<position + size]
        return isBigEndian
            ? slice.reduce(0) { $0 << 8 | Int($1) }
            : slice.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private func encoded(_ value: Int, _ size: Int) -> [UInt8] {
        let little = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return isBigEndian ? little.reversed() : little
    }

    private mutating func put(_ value: Int, _ size: Int, at position: Int) {
        bytes.replaceSubrange(position..<position + size, with: encoded(value, size))
    }
}
