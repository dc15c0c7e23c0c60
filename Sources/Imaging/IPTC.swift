/// What IPTC's older standard says of a picture (IIM 4.2, chapter 1): data sets, each of them 0x1C, the numbers of a
/// record and of the set in it, how many bytes follow, and those.
enum IPTC {
    private static let marker: UInt8 = 0x1C
    /// Lengths from here on are given in as many bytes as the rest of the number says.
    private static let extended = 0x8000

    /// A data set: where it is, and where its data is in it.
    struct DataSet {
        let record: Int
        let number: Int
        let all: Range<Int>
        let data: Range<Int>
    }

    /// Whether data sets begin so.
    static func begins(_ bytes: [UInt8]) -> Bool { bytes.first == marker }

    /// The data sets up to something else.
    static func sets(of bytes: [UInt8]) -> [DataSet] {
        var found: [DataSet] = []
        while let set = set(at: found.last?.all.upperBound ?? 0, in: bytes) { found.append(set) }
        return found
    }

    /// The data sets up to something else, without those that show the picture: previews of it (2:200 to 2:202)
    /// and what carries a picture itself (records 7 and 8).
    static func withoutPictures(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let bytes = Array(bytes)
        return sets(of: bytes).filter {
            !($0.record == 2 && (200...202).contains($0.number)) && $0.record != 7 && $0.record != 8
        }.flatMap { bytes[$0.all] }
    }

    private static func set(at start: Int, in bytes: [UInt8]) -> DataSet? {
        guard start + 5 <= bytes.count, bytes[start] == marker else { return nil }
        var position = start + 5
        var length = Int(bytes[start + 3]) << 8 | Int(bytes[start + 4])
        if length >= extended {
            let size = length - extended
            guard size <= 4, position + size <= bytes.count else { return nil }
            length = bytes[position..<position + size].reduce(0) { $0 << 8 | Int($1) }
            position += size
        }
        guard length <= bytes.count - position else { return nil }
        return DataSet(
            record: Int(bytes[start + 1]), number: Int(bytes[start + 2]),
            all: start..<position + length, data: position..<position + length)
    }
}
