/// Whether a picture file holds Content Credentials: a C2PA manifest store, which signs the
/// bytes it was made for and so holds for no edited picture (C2PA specification 2.1, A.3).
///
/// In a PNG it is the chunk `caBX`, in a WebP the chunk `C2PA`, in a JPEG an APP11 marker with a
/// JUMBF box whose type begins `c2pa`, in a HEIC or AVIF a box of its own, in a TIFF the tag 52545. Only the file's frame is looked at; what is damaged counts as none.
public func holdsContentCredentials(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
    let frame = FileFrame(Array(bytes))
    switch ImageFormat(sniffing: frame.bytes) {
    case .png: return frame.hasChunk("caBX")
    case .jpeg: return frame.hasManifestMarker
    case .webp: return RIFF(frame.bytes).chunks.contains { $0.name == "C2PA" }
    case .heic, .avif: return frame.hasManifestBox
    case .tiff: return frame.hasManifestTag
    case .gif, .bmp, nil: return false
    }
}

/// The chunks or markers that a file consists of.
private struct FileFrame {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    private func number(at position: Int, _ size: Int) -> Int {
        bytes[position..<position + size].reduce(0) { $0 << 8 | Int($1) }
    }

    /// Chunks are a length, a name, so many bytes and a checksum.
    func hasChunk(_ name: String) -> Bool {
        var position = ImageFormat.pngSignature.count
        while position + 12 <= bytes.count {
            if bytes[position + 4..<position + 8].elementsEqual(name.utf8) { return true }
            position += 12 + number(at: position, 4)
        }
        return false
    }

    /// Markers are FF, a number, and a length that counts itself; at SOS (DA) the pixels begin.
    var hasManifestMarker: Bool {
        var position = 2
        while position + 4 <= bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            if marker == 0xFF {
                position += 1
                continue
            }
            if marker == 0xDA || marker == 0xD9 { return false }
            let start = min(position + 4, bytes.count)
            let end = max(start, min(position + 2 + number(at: position + 2, 2), bytes.count))
            if marker == 0xEB, isManifest(bytes[start..<end]) { return true }
            position = end
        }
        return false
    }

    /// A box at the top whose kind is a number of C2PA's.
    var hasManifestBox: Bool {
        bytes.withUnsafeBufferPointer { bytes in
            ISOBoxes(bytes: bytes).boxes(in: 0..<bytes.count).contains { box in
                box.type == "uuid" && bytes[box.payload].starts(with: Self.manifestKind)
            }
        }
    }

    var hasManifestTag: Bool {
        bytes.withUnsafeBufferPointer { TIFFTags(storedIn: $0) }?.entries
            .contains { $0.tag == 52_545 } ?? false
    }

    private static let manifestKind: [UInt8] = [
        0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4,
        0x81,
    ]

    /// `JP`, two numbers of the box and the packet, then a box `jumb` whose description `jumd` has
    /// the type `c2pa`.
    private func isManifest(_ payload: ArraySlice<UInt8>) -> Bool {
        guard payload.starts(with: "JP".utf8) else { return false }
        return payload.prefix(64).firstRange(of: Array("jumdc2pa".utf8)) != nil
    }
}
