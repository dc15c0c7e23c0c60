/// The boxes that a file of the ISO base media format consists of: a length, four letters, so many bytes
/// (ISO/IEC 14496-12, 4.2). HEIF is such a format.
struct ISOBoxes {
    /// A box, and where it and its payload are.
    struct Box {
        let type: String
        let whole: Range<Int>
        let payload: Range<Int>
    }

    /// Boxes of one level that are looked at, at the most.
    private static let most = 1_000_000

    let bytes: UnsafeBufferPointer<UInt8>

    /// The boxes within a range, as far as they are whole.
    ///
    /// - Parameter cutsLast: whether a box that says more than the range has counts with what is there, as libheif reads
    ///   boxes within others.
    func boxes(in range: Range<Int>, cutsLast: Bool = false) -> [Box] {
        var boxes: [Box] = []
        var position = range.lowerBound
        while position + 8 <= range.upperBound, boxes.count < Self.most {
            var size = number(at: position, 4)
            var header = 8
            if size == 1, position + 16 <= range.upperBound {
                size = number(at: position + 8, 8)
                header = 16
            } else if size == 0 {
                size = range.upperBound - position
            }
            let room = range.upperBound - position
            if cutsLast { size = min(size, room) }
            guard size >= header, size <= room else { break }
            boxes.append(
                Box(
                    type: latin1(bytes[position + 4..<position + 8]),
                    whole: position..<position + size,
                    payload: position + header..<position + size))
            position += size
        }
        return boxes
    }

    /// The four letters that a number of four bytes stands for.
    static func type(_ number: Int) -> String {
        latin1([24, 16, 8, 0].map { (shift: Int) -> UInt8 in UInt8(number >> shift & 255) })
    }

    /// A number with its high byte first; a huge one is cut to what fits.
    func number(at position: Int, _ size: Int) -> Int {
        let value = bytes[position..<position + size].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return Int(clamping: value)
    }
}

/// Reads numbers one after the other, as long as there are enough bytes.
struct ISOCursor {
    private let boxes: ISOBoxes
    /// Where the next number begins.
    private(set) var position: Int
    private let end: Int

    init(_ boxes: ISOBoxes, _ range: Range<Int>) {
        (self.boxes, position, end) = (boxes, range.lowerBound, range.upperBound)
    }

    /// A number of so many bytes, none being 0; nil behind the end.
    mutating func next(_ size: Int) -> Int? {
        guard size <= end - position else { return nil }
        defer { position += size }
        return boxes.number(at: position, size)
    }

    /// The version and the flags of a box that has them.
    mutating func nextVersion() -> (version: Int, flags: Int)? {
        next(4).map { ($0 >> 24, $0 & 0xFF_FFFF) }
    }
}
