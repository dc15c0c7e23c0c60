import FoundationEssentials

/// The box `uuid` that holds a store in a HEIC or AVIF (C2PA specification 2.2, A.5): its kind, a version
/// and flags, a purpose, the position of boxes with parts of hashes, and the store.
extension FileFrame {
    private static let manifestKind: [UInt8] = [
        0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4,
        0x81,
    ]
    private static let manifestHead = manifestKind + [0, 0, 0, 0] + Array("manifest\0".utf8)
    private static let positionSize = 8

    /// The store in its box; an empty one where there are several, or one of a purpose that is not read.
    var manifestBox: (store: Data, blocks: Range<Int>)? {
        file.withUnsafeBytes { raw in
            let bytes = raw.bindMemory(to: UInt8.self)
            let found = ISOBoxes(bytes: bytes).boxes(in: 0..<bytes.count).filter { box in
                let payload = bytes[box.payload]
                return box.type == "uuid" && payload.starts(with: Self.manifestKind)
                    && !payload.dropFirst(20).starts(with: "merkle\0".utf8)
            }
            guard let box = found.first else { return nil }
            let content = bytes[box.payload].dropFirst(Self.manifestHead.count)
            guard found.count == 1, bytes[box.payload].starts(with: Self.manifestHead),
                content.count >= Self.positionSize
            else { return (Data(), box.whole) }
            return (Data(content.dropFirst(Self.positionSize)), box.whole)
        }
    }

    /// A box with a store.
    static func box(_ store: Data) -> Data {
        let head = manifestHead + [UInt8](repeating: 0, count: positionSize)
        var box = Data(bigEndian(8 + head.count + store.count))
        box.append(contentsOf: "uuid".utf8)
        box.append(contentsOf: head)
        box.append(store)
        return box
    }

    /// Where a file takes the box: behind the first one, which says what it is.
    var boxPlace: Int {
        file.withUnsafeBytes { raw in
            let bytes = raw.bindMemory(to: UInt8.self)
            return ISOBoxes(bytes: bytes).boxes(in: 0..<bytes.count).first?.whole.upperBound ?? 0
        }
    }

    /// The file from `place` on, with the positions of its items as they are so many bytes farther back.
    func moved(from place: Int, by count: Int) -> Data {
        let fields = file.withUnsafeBytes {
            HEIFItems($0.bindMemory(to: UInt8.self)).offsetFields
        }
        var rest = Data(file.dropFirst(place))
        for field in fields where field.lowerBound >= place {
            let position = number(at: field.lowerBound, field.count) + count
            let digits = RIFF.little(position, field.count).reversed()
            rest.replaceSubrange(field.lowerBound - place..<field.upperBound - place, with: digits)
        }
        return rest
    }
}
