import FoundationEssentials

/// The tag that holds a store in a TIFF (C2PA specification 2.2, A.3.4).
extension FileFrame {
    private static let manifestTag = 52_545
    private static let bytesKind = 7

    /// The store that the last directory which has one points at.
    var manifestTag: (store: Data, blocks: Range<Int>)? {
        TIFFDirectories(self)?.last(Self.manifestTag, kind: Self.bytesKind).map {
            (bytes($0), $0)
        }
    }

    /// The file up to a store of so many bytes: with another first directory at its end, which has the
    /// tag beside all that the old one had. The store comes right behind it.
    func beforeStore(of count: Int) -> Data {
        let stored = file.withUnsafeBytes {
            TIFFTags(storedIn: $0.bindMemory(to: UInt8.self))
        }
        guard var tags = stored else { return file }
        var whole = Data(capacity: file.count + 4096)
        whole.append(file)
        if whole.count % 2 == 1 { whole.append(0) }
        let base = whole.count
        func entry(_ position: Int) -> TIFFTags.Entry {
            TIFFTags.Entry(
                tag: Self.manifestTag, kind: Self.bytesKind, count: count,
                value: .stored(tags.number(position, 4)))
        }
        tags.entries.append(entry(0))
        tags.entries[tags.entries.count - 1] = entry(base + tags.encoded(at: base).count)
        whole.append(contentsOf: tags.encoded(at: base))
        whole.replaceSubrange(4..<8, with: tags.number(base, 4))
        return whole
    }
}

/// The directories of a TIFF, with positions of 32 bits or of 64 (BigTIFF), one after the other.
private struct TIFFDirectories {
    /// Directories that are followed, and tags of one, at the most.
    private static let (most, mostTags) = (256, 4096)

    private let frame: FileFrame
    private let isBigEndian: Bool
    private let isBig: Bool

    init?(_ frame: FileFrame) {
        self.frame = frame
        switch Array(frame.file.prefix(4)) {
        case [0x4D, 0x4D, 0, 42]: (isBigEndian, isBig) = (true, false)
        case [0x49, 0x49, 42, 0]: (isBigEndian, isBig) = (false, false)
        case [0x4D, 0x4D, 0, 43]: (isBigEndian, isBig) = (true, true)
        case [0x49, 0x49, 43, 0]: (isBigEndian, isBig) = (false, true)
        default: return nil
        }
    }

    /// A number of the file; nil where the file has not so many bytes.
    private func number(at position: Int, _ size: Int) -> Int? {
        guard position >= 0, position <= frame.file.count - size else { return nil }
        let bytes = frame.bytes(position..<position + size)
        let value =
            isBigEndian
            ? bytes.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            : bytes.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return Int(exactly: value)
    }

    /// The bytes that a tag points at in the last directory that has it.
    func last(_ tag: Int, kind: Int) -> Range<Int>? {
        let word = isBig ? 8 : 4
        var found: Range<Int>?
        var next = number(at: isBig ? 8 : 4, word)
        for _ in 0..<Self.most {
            guard let position = next, position > 0,
                let count = number(at: position, isBig ? 8 : 2), count <= Self.mostTags
            else { break }
            let start = position + (isBig ? 8 : 2)
            let size = 4 + 2 * word
            for entry in stride(from: start, to: start + count * size, by: size)
            where number(at: entry, 2) == tag && number(at: entry + 2, 2) == kind {
                guard let length = number(at: entry + 4, word), length > word,
                    let place = number(at: entry + 4 + word, word),
                    length <= frame.file.count, place <= frame.file.count - length
                else { continue }
                found = place..<place + length
            }
            next = number(at: start + count * size, word)
        }
        return found
    }
}
