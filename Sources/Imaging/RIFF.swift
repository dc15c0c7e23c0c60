/// The chunks of a RIFF file: four letters, a length with its low byte first, so many bytes and one
/// more where that is odd. A WebP is one (RFC 9649).
struct RIFF {
    /// A chunk and where its payload lies.
    struct Chunk {
        let name: String
        let payload: Range<Int>
    }

    let bytes: [UInt8]
    /// What lies whole in the file, in order.
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

    /// A number, low byte first.
    static func little(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
