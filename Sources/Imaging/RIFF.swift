import FoundationEssentials

/// The chunks of a RIFF file: four letters, a length with its low byte first, so many bytes and one
/// more where that is odd. A WebP is one (RFC 9649).
struct RIFF {
    /// A chunk and where its payload is.
    struct Chunk {
        let name: String
        let payload: Range<Int>
    }

    let bytes: [UInt8]
    /// What is whole in the file, in order.
    let chunks: [Chunk]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var chunks: [Chunk] = []
        var position = 12
        while position + 8 <= bytes.count {
            let count = (0..<4).reduce(0) { $0 | Int(bytes[position + 4 + $1]) << (8 * $1) }
            let start = position + 8
            guard start + count <= bytes.count else { break }
            chunks.append(
                Chunk(
                    name: latin1(bytes[position..<position + 4]), payload: start..<start + count))
            position = start + count + count % 2
        }
        self.chunks = chunks
    }

    /// A WebP file of these chunks.
    static func webP(_ chunks: [(name: String, bytes: some Collection<UInt8>)]) -> [UInt8] {
        var body = Array("WEBP".utf8)
        for chunk in chunks {
            body += Array(chunk.name.utf8) + little(chunk.bytes.count, 4) + Array(chunk.bytes)
            if chunk.bytes.count % 2 == 1 { body.append(0) }
        }
        return Array("RIFF".utf8) + little(body.count, 4) + body
    }

    /// A chunk, without the byte behind one of odd length.
    static func chunk(_ name: String, _ bytes: Data) -> Data {
        var chunk = Data(capacity: bytes.count + 8)
        chunk.append(contentsOf: name.utf8)
        chunk.append(contentsOf: little(bytes.count, 4))
        chunk.append(bytes)
        return chunk
    }

    /// A WebP file whose header counts so many bytes more, in the extended form, which alone has room
    /// for chunks beside the picture.
    static func extended(_ file: Data, growingBy count: Int) -> Data {
        let body = file.dropFirst(12)
        let header = body.prefix(4).elementsEqual("VP8X".utf8) ? Data() : extendedHeader(body)
        var whole = Data(capacity: file.count + header.count)
        whole.append(file.prefix(4))
        whole.append(contentsOf: little(4 + header.count + body.count + count, 4))
        whole.append(contentsOf: "WEBP".utf8)
        whole.append(header)
        whole.append(body)
        return whole
    }

    /// The chunk `VP8X` for a file that has only the picture, whose header has the size.
    private static func extendedHeader(_ picture: Data) -> Data {
        func number(_ offset: Int, _ size: Int) -> Int {
            picture.dropFirst(8 + offset).prefix(size).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let isLossless = picture.prefix(4).elementsEqual("VP8L".utf8)
        // A signature, then 14 bits for each side less one and one for alpha; or a tag, a start code and
        // 14 bits in two bytes for each side.
        let (width, height, alpha) =
            isLossless
            ? (number(1, 4) & 0x3FFF, number(1, 4) >> 14 & 0x3FFF, number(1, 4) >> 28 & 1)
            : ((number(6, 2) & 0x3FFF) - 1, (number(8, 2) & 0x3FFF) - 1, 0)
        let flags: [UInt8] = [alpha == 1 ? 0x10 : 0, 0, 0, 0]
        return chunk("VP8X", Data(flags + little(width, 3) + little(height, 3)))
    }

    /// A number, low byte first.
    static func little(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
