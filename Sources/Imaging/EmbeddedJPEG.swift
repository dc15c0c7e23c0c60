/// JPEG files inside of other bytes: cameras keep previews in their makers' notes, each in a way of its own. Some put
/// another byte in place of the first.
enum EmbeddedJPEG {
    /// Where files are that have the frame of one: from their first marker to the marker of their end, or
    /// to the end of the bytes. Takes time in proportion to their number.
    static func places(in bytes: [UInt8]) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var position = 0
        while position + 4 <= bytes.count {
            guard bytes[position + 1] == 0xD8, bytes[position + 2] == 0xFF,
                bytes[position] == 0xFF || bytes[position + 3] == 0xDB,
                let end = end(ofFileAt: position, in: bytes)
            else {
                position += 1
                continue
            }
            places.append(position..<end)
            position = end
        }
        return places
    }

    /// Nil for what is no JPEG: its segments must lead to a frame and to the begin of a scan.
    private static func end(ofFileAt start: Int, in bytes: [UInt8]) -> Int? {
        var position = start + 2
        var hasFrame = false
        // A file has far fewer segments; without a limit, many that overlap cost quadratic time.
        for _ in 0..<64 {
            guard position + 4 <= bytes.count, bytes[position] == 0xFF else { return nil }
            let marker = bytes[position + 1]
            guard marker >= 0xC0, marker != 0xD8, marker != 0xD9 else { return nil }
            let size = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            guard size >= 2 else { return nil }
            hasFrame =
                hasFrame || (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)
            position += 2 + size
            if marker == 0xDA { return hasFrame ? endOfScans(from: position, in: bytes) : nil }
        }
        return nil
    }

    private static func endOfScans(from start: Int, in bytes: [UInt8]) -> Int {
        var position = start
        while position + 2 <= bytes.count {
            if bytes[position] == 0xFF, bytes[position + 1] == 0xD9 { return position + 2 }
            position += 1
        }
        return bytes.count
    }
}
