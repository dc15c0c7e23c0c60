import FoundationEssentials

/// The names by which the scan of a JPEG calls the components of its frame (ITU-T T.81, B.2.2 and B.2.3). libjpeg
/// refuses others than the frame's; where one scan has all components their order says which is which.
enum JPEGScanNames {
    static let note = "its scan names its components wrongly; they are taken in their order"

    /// The file with the frame's names in its only scan; nil where they are right, or where it is another file.
    static func mended(_ data: Data) -> Data? {
        guard let (place, names) = data.withUnsafeBytes(fault) else { return nil }
        var data = data
        for (index, name) in names.enumerated() {
            data[data.startIndex + place + 2 * index] = name
        }
        return data
    }

    /// Where the first scan's names are, if some are not the frame's, and the frame's names.
    private static func fault(_ bytes: UnsafeRawBufferPointer) -> (place: Int, names: [UInt8])? {
        guard bytes.starts(with: [0xFF, 0xD8]) else { return nil }
        var (place, names) = (2, [UInt8]())
        while place + 5 <= bytes.count, bytes[place] == 0xFF {
            let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
            switch bytes[place + 1] {
            case 0xFF:
                place += 1
                continue
            case 0xC0...0xC2:
                guard place + 10 <= bytes.count else { return nil }
                let count = Int(bytes[place + 9])
                guard place + 10 + 3 * count <= bytes.count else { return nil }
                names = (0..<count).map { bytes[place + 10 + 3 * $0] }
            case 0xDA:
                let count = Int(bytes[place + 4])
                guard count > 1, count == names.count, Set(names).count == count,
                    place + 5 + 2 * count <= bytes.count
                else { return nil }
                let own = (0..<count).map { bytes[place + 5 + 2 * $0] }
                return own.allSatisfy(names.contains) ? nil : (place + 5, names)
            default: break
            }
            guard length >= 2 else { return nil }
            place += 2 + length
        }
        return nil
    }
}
