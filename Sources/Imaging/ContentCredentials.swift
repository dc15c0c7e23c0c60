import CCodecs
public import FoundationEssentials

/// Where a picture file has Content Credentials: a C2PA manifest store, which signs the bytes it was
/// made for and so holds for no edited picture (C2PA specification 2.2, A.3).
///
/// In a PNG it is the chunk `caBX`, in a WebP the chunk `C2PA`, in a JPEG a JUMBF box whose type begins
/// `c2pa`, parted into APP11 markers; in a HEIC or AVIF a box `uuid`, in a TIFF the tag 52545.
public struct EmbeddedManifest: Sendable, Equatable {
    /// The store, as one piece.
    public let store: Data
    /// Where the file has the chunk, the markers, the box, or the tag's value.
    public let blocks: Range<Int>

    /// Looks for a store; nil where there is none, or the file's frame is damaged.
    public init?(in file: Data) {
        let found: (store: Data, blocks: Range<Int>)?
        switch file.prefix(64).withUnsafeBytes({ ImageFormat(sniffing: $0) }) {
        case .png: found = FileFrame(file).chunk("caBX")
        case .jpeg: found = FileFrame(file).manifestMarkers
        case .webp: found = FileFrame(file).webPChunk
        case .heic, .avif: found = FileFrame(file).manifestBox
        case .tiff: found = FileFrame(file).manifestTag
        case .gif, .bmp, nil: found = nil
        }
        guard let found else { return nil }
        (store, blocks) = found
    }
}

/// The chunks or markers that a file consists of. Positions count from its first byte.
struct FileFrame {
    /// A marker has room for this many bytes: its length is a number of 16 bits that counts itself.
    private static let markerRoom = 65533
    /// `JP`, two bytes with the number of the box, four with the number of the part.
    private static let partHeader = 8
    /// Length and type of a box, which each part but the first repeats.
    private static let boxHeader = 8

    let file: Data

    init(_ file: Data) { self.file = file }

    func bytes(_ range: Range<Int>) -> Data {
        file[file.startIndex + range.lowerBound..<file.startIndex + range.upperBound]
    }

    /// A number with its high byte first.
    func number(at position: Int, _ size: Int) -> Int {
        bytes(position..<position + size).reduce(0) { $0 << 8 | Int($1) }
    }

    /// Chunks are a length, a name, so many bytes and a checksum.
    func chunk(_ name: String) -> (store: Data, blocks: Range<Int>)? {
        guard let position = chunkPlace(name) else { return nil }
        let end = position + 12 + number(at: position, 4)
        return end <= file.count ? (bytes(position + 8..<end - 4), position..<end) : nil
    }

    /// Where the first chunk of that name begins.
    func chunkPlace(_ name: String) -> Int? {
        var position = ImageFormat.pngSignature.count
        while position + 12 <= file.count {
            let end = position + 12 + number(at: position, 4)
            if bytes(position + 4..<position + 8).elementsEqual(name.utf8) { return position }
            position = end
        }
        return nil
    }

    var webPChunk: (store: Data, blocks: Range<Int>)? {
        let riff = RIFF(Array(file))
        guard let chunk = riff.chunks.first(where: { $0.name == "C2PA" }) else { return nil }
        return (bytes(chunk.payload), chunk.payload.lowerBound - 8..<chunk.payload.upperBound)
    }

    /// The markers before the pixels: FF, a number, and a length that counts itself; at SOS (DA) the
    /// pixels begin.
    private func forEachMarker(_ body: (_ number: UInt8, _ whole: Range<Int>) -> Bool) {
        var position = 2
        while position + 4 <= file.count, bytes(position..<position + 1).first == 0xFF {
            let marker = file[file.startIndex + position + 1]
            if marker == 0xFF {
                position += 1
                continue
            }
            if marker == 0xDA || marker == 0xD9 { return }
            let end = position + 2 + max(number(at: position + 2, 2), 2)
            guard end <= file.count, body(marker, position..<end) else { return }
            position = end
        }
    }

    /// The parts of the box whose description `jumd` has the type `c2pa`, joined.
    var manifestMarkers: (store: Data, blocks: Range<Int>)? {
        var store = Data()
        var blocks: Range<Int>?
        var head = Data()
        var parts = 0
        forEachMarker { marker, whole in
            let payload = bytes(whole.lowerBound + 4..<whole.upperBound)
            guard marker == 0xEB, payload.starts(with: "JP".utf8),
                payload.count >= Self.partHeader + Self.boxHeader
            else { return blocks == nil }
            let box = payload.dropFirst(Self.partHeader)
            if let known = blocks {
                // Another box, or a part that is out of order.
                guard payload.dropFirst(2).prefix(2).elementsEqual(head.prefix(2)),
                    box.prefix(Self.boxHeader).elementsEqual(head.dropFirst(2)),
                    number(at: whole.lowerBound + 8, 4) == parts + 1,
                    known.upperBound == whole.lowerBound
                else { return false }
                store.append(box.dropFirst(Self.boxHeader))
                blocks = known.lowerBound..<whole.upperBound
            } else {
                guard box.prefix(64).firstRange(of: Data("jumdc2pa".utf8)) != nil else {
                    return true
                }
                head = payload.dropFirst(2).prefix(2) + box.prefix(Self.boxHeader)
                store = Data(box)
                blocks = whole
            }
            parts += 1
            return true
        }
        return blocks.map { (store, $0) }
    }

    /// Where a JPEG takes a store: behind the application's markers and comments that it begins with.
    var markerPlace: Int {
        var place = 2
        forEachMarker { marker, whole in
            guard (0xE0...0xEF).contains(marker) || marker == 0xFE else { return false }
            place = whole.upperBound
            return true
        }
        return place
    }

    /// The markers that hold a store.
    static func markers(_ store: Data) -> Data {
        var markers = Data()
        var (rest, number) = (store, 1)
        while !rest.isEmpty {
            let repeated = number == 1 ? Data() : store.prefix(boxHeader)
            let part = rest.prefix(markerRoom - partHeader - repeated.count)
            let length = 2 + partHeader + repeated.count + part.count
            markers += [0xFF, 0xEB, UInt8(length >> 8), UInt8(length & 255)]
            markers += Array("JP".utf8) + [0, 1] + bigEndian(number)
            markers += repeated
            markers += part
            rest = rest.dropFirst(part.count)
            number += 1
        }
        return markers
    }

    static func bigEndian(_ number: Int) -> [UInt8] {
        Array(RIFF.little(number, 4).reversed())
    }

    static func chunk(_ store: Data) -> Data {
        let named = Data("caBX".utf8) + store
        let checksum = named.withUnsafeBytes {
            codec_crc32($0.assumingMemoryBound(to: UInt8.self).baseAddress, $0.count)
        }
        return Data(bigEndian(store.count)) + named + bigEndian(Int(checksum))
    }
}

/// A picture file without credentials that is to take some.
public struct ManifestPlace: Sendable {
    private let file: Data
    private let format: ImageFormat
    private let place: Int

    /// The place in a file of a format that is written, which has no credentials.
    public init(in file: Data, _ format: ImageFormat) {
        (self.file, self.format) = (file, format)
        switch format {
        // Before the pixels but behind EXIF: exiftool finds none that comes after it.
        case .png: place = FileFrame(file).chunkPlace("IDAT") ?? file.count
        case .jpeg: place = FileFrame(file).markerPlace
        case .avif: place = FileFrame(file).boxPlace
        default: place = file.count
        }
    }

    /// Whether a manifest in it has a hash of boxes, not of bytes.
    public var isOfBoxes: Bool { format == .avif }

    /// What the file has before and after a store of so many bytes, and how many bytes the blocks are
    /// that hold it.
    public func around(_ bytes: Int) -> (before: Data, length: Int, after: Data) {
        let length = blocks(Data(count: bytes)).count
        switch format {
        case .webp:
            // The byte behind an odd chunk is none of the chunk's.
            let after = Data(count: length % 2)
            return (RIFF.extended(file, growingBy: length + after.count), length, after)
        case .tiff: return (FileFrame(file).beforeStore(of: bytes), length, Data())
        case .avif:
            return (file.prefix(place), length, FileFrame(file).moved(from: place, by: length))
        default: return (file.prefix(place), length, file.dropFirst(place))
        }
    }

    /// The file with a store.
    public func file(with store: Data) -> Data {
        let frame = around(store.count)
        var whole = Data(capacity: frame.before.count + frame.length + frame.after.count)
        whole.append(frame.before)
        whole.append(blocks(store))
        whole.append(frame.after)
        return whole
    }

    private func blocks(_ store: Data) -> Data {
        switch format {
        case .png: FileFrame.chunk(store)
        case .jpeg: FileFrame.markers(store)
        case .webp: RIFF.chunk("C2PA", store)
        case .avif: FileFrame.box(store)
        default: store
        }
    }
}
