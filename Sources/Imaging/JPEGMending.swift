import FoundationEssentials

/// What libjpeg refuses in the headers of a JPEG although the file says what is meant.
struct JPEGMending {
    /// The file as libjpeg reads it.
    private(set) var file: Data
    /// What was wrong with it, one short sentence.
    private(set) var note: String?

    /// Nil where nothing is to be mended, or where it is another file.
    init?(_ data: Data) {
        let found = data.withUnsafeBytes { JPEGHeaders($0) }
        guard let found, found.wrongNames != nil || found.height != nil else { return nil }
        file = data
        if let (place, names) = found.wrongNames {
            for (index, name) in names.enumerated() { put(name, at: place + 2 * index) }
            note = "its scan names its components wrongly; they are taken in their order"
        }
        if let (place, height) = found.height {
            put(height[0], at: place)
            put(height[1], at: place + 1)
        }
    }

    private mutating func put(_ byte: UInt8, at place: Int) { file[file.startIndex + place] = byte }
}

/// The headers up to the first scan (ITU-T T.81, B.2).
private struct JPEGHeaders {
    /// Where the names are by which the first scan calls the components, if some are not the frame's, and the
    /// frame's names (B.2.2, B.2.3). Where one scan has all components their order says which is which.
    private(set) var wrongNames: (place: Int, names: [UInt8])?
    /// Where the frame has 0 for its height, and the height that stands behind the first scan (B.2.5).
    private(set) var height: (place: Int, bytes: [UInt8])?

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.starts(with: [0xFF, 0xD8]) else { return nil }
        var (place, names, isOpen, size) = (2, [UInt8](), false, 0)
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
                (size, isOpen) = (place + 5, bytes[place + 5] == 0 && bytes[place + 6] == 0)
            case 0xDA:
                wrongNames = Self.wrongNames(bytes, at: place + 4, of: names)
                if isOpen, let found = Self.lines(bytes, from: place + 2 + length) {
                    height = (size, found)
                }
                return
            default: break
            }
            guard length >= 2 else { return nil }
            place += 2 + length
        }
        return nil
    }

    private static func wrongNames(
        _ bytes: UnsafeRawBufferPointer, at place: Int, of names: [UInt8]
    ) -> (place: Int, names: [UInt8])? {
        let count = Int(bytes[place])
        guard count > 1, count == names.count, Set(names).count == count,
            place + 1 + 2 * count <= bytes.count
        else { return nil }
        let own = (0..<count).map { bytes[place + 1 + 2 * $0] }
        return own.allSatisfy(names.contains) ? nil : (place + 1, names)
    }

    /// The two bytes of the number of lines that the next marker says; nil where it says another thing. Bytes of the
    /// picture, fill and restarts are no markers.
    private static func lines(_ bytes: UnsafeRawBufferPointer, from start: Int) -> [UInt8]? {
        var place = start
        while place + 6 <= bytes.count {
            let code = bytes[place + 1]
            if bytes[place] == 0xFF, code != 0, code != 0xFF, !(0xD0...0xD7).contains(code) {
                let isLines = code == 0xDC && bytes[place + 2] == 0 && bytes[place + 3] == 4
                return isLines ? [bytes[place + 4], bytes[place + 5]] : nil
            }
            place += 1
        }
        return nil
    }
}
