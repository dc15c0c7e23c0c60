/// What IPTC's older standard says of a picture (IIM 4.2, chapter 1): data sets, each of them 0x1C, the numbers of a
/// record and of the set in it, how many bytes follow, and those.
enum IPTC {
    private static let marker: UInt8 = 0x1C
    /// Lengths from here on are given in as many bytes as the rest of the number says.
    private static let extended = 0x8000

    /// The data sets up to something else, without those that show the picture: previews of it (2:200 to 2:202)
    /// and what carries a picture itself (records 7 and 8).
    static func withoutPictures(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let bytes = Array(bytes)
        var kept: [UInt8] = []
        var position = 0
        while let end = end(ofSetAt: position, in: bytes) {
            let (record, set) = (bytes[position + 1], bytes[position + 2])
            if !(record == 2 && (200...202).contains(set)), record != 7, record != 8 {
                kept += bytes[position..<end]
            }
            position = end
        }
        return kept
    }

    private static func end(ofSetAt start: Int, in bytes: [UInt8]) -> Int? {
        guard start + 5 <= bytes.count, bytes[start] == marker else { return nil }
        var position = start + 5
        var length = Int(bytes[start + 3]) << 8 | Int(bytes[start + 4])
        if length >= extended {
            let size = length - extended
            guard size <= 4, position + size <= bytes.count else { return nil }
            length = bytes[position..<position + size].reduce(0) { $0 << 8 | Int($1) }
            position += size
        }
        return length <= bytes.count - position ? position + length : nil
    }
}
