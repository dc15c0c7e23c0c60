/// How many pixels a coded picture has, by the headers of its codec: these, not the container, decide how
/// much memory and time a decoder takes.
enum CodedSize {
    typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    /// By the parameter sets in a `hvcC` box (ISO/IEC 14496-15, 8.3.3.1).
    static func inConfiguration(ofHEVC bytes: Bytes) -> [Int] {
        var rest = bytes.dropFirst(22)
        guard let arrays = rest.popFirst() else { return [] }
        var sizes: [Int] = []
        for _ in 0..<arrays {
            guard rest.popFirst() != nil, let count = number(&rest, 2) else { break }
            for _ in 0..<count {
                guard let length = number(&rest, 2), length <= rest.count else { return sizes }
                if let size = size(ofHEVC: rest.prefix(length)) { sizes.append(size) }
                rest = rest.dropFirst(length)
            }
        }
        return sizes
    }

    /// By the parameter sets among the units of a picture, each with its length in four bytes in front.
    static func inUnits(ofHEVC bytes: Bytes) -> [Int] {
        var rest = bytes
        var sizes: [Int] = []
        while let length = number(&rest, 4), length <= rest.count {
            if let size = size(ofHEVC: rest.prefix(length)) { sizes.append(size) }
            rest = rest.dropFirst(length)
        }
        return sizes
    }

    /// By the sequence headers among the units of a picture (AV1 specification, 5.3 to 5.5).
    static func inUnits(ofAV1 bytes: Bytes) -> [Int] {
        var rest = bytes
        var sizes: [Int] = []
        while let header = rest.popFirst() {
            if header & 4 != 0 { _ = rest.popFirst() }
            let length = header & 2 != 0 ? leb128(&rest) : rest.count
            guard let length, length <= rest.count else { break }
            if header >> 3 & 15 == 1, let size = size(ofAV1: rest.prefix(length)) {
                sizes.append(size)
            }
            rest = rest.dropFirst(length)
        }
        return sizes
    }

    private static func number(_ bytes: inout Bytes, _ size: Int) -> Int? {
        guard bytes.count >= size else { return nil }
        defer { bytes = bytes.dropFirst(size) }
        return bytes.prefix(size).reduce(0) { $0 << 8 | Int($1) }
    }

    private static func leb128(_ bytes: inout Bytes) -> Int? {
        var value = 0
        for index in 0..<8 {
            guard let byte = bytes.popFirst() else { return nil }
            value |= Int(byte & 127) << (7 * index)
            if byte < 128 { return value }
        }
        return nil
    }

    /// A sequence parameter set's (ITU-T H.265, 7.3.2.2.1 and 7.3.3); nil for other units.
    private static func size(ofHEVC unit: Bytes) -> Int? {
        guard let first = unit.first, first >> 1 & 63 == 33 else { return nil }
        var bits = BitReader(withoutEmulation(unit.dropFirst(2).prefix(400)))
        _ = bits.next(4)
        let layers = bits.next(3)
        _ = bits.next(1)
        _ = (bits.next(32), bits.next(32), bits.next(32))
        let flags = (0..<layers).map { _ in (bits.next(1), bits.next(1)) }
        if layers > 0 { _ = bits.next(2 * (8 - layers)) }
        for (hasProfile, hasLevel) in flags {
            if hasProfile == 1 { _ = (bits.next(32), bits.next(32), bits.next(24)) }
            if hasLevel == 1 { _ = bits.next(8) }
        }
        _ = bits.nextExponential()
        if bits.nextExponential() == 3 { _ = bits.next(1) }
        let (width, height) = (bits.nextExponential(), bits.nextExponential())
        return bits.hasEnded ? nil : area(width, height)
    }

    /// A number of pixels; the largest there is where it would be larger.
    static func area(_ width: Int, _ height: Int) -> Int {
        let (area, isTooLarge) = width.multipliedReportingOverflow(by: height)
        return isTooLarge ? .max : area
    }

    /// The bytes without the 3 that follows two zeros where they would look like the begin of a unit.
    private static func withoutEmulation(_ bytes: Bytes) -> [UInt8] {
        var kept: [UInt8] = []
        var zeros = 0
        for byte in bytes {
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            zeros = byte == 0 ? zeros + 1 : 0
            kept.append(byte)
        }
        return kept
    }

    private static func size(ofAV1 header: Bytes) -> Int? {
        var bits = BitReader(Array(header.prefix(200)))
        _ = bits.next(4)
        if bits.next(1) == 1 {
            _ = bits.next(5)
        } else {
            skipOperatingPoints(&bits)
        }
        let (widthBits, heightBits) = (bits.next(4) + 1, bits.next(4) + 1)
        let (width, height) = (bits.next(widthBits) + 1, bits.next(heightBits) + 1)
        return bits.hasEnded ? nil : width * height
    }

    private static func skipOperatingPoints(_ bits: inout BitReader) {
        var delayBits: Int?
        if bits.next(1) == 1 {
            _ = (bits.next(32), bits.next(32))
            if bits.next(1) == 1 { _ = bits.nextExponential() }
            if bits.next(1) == 1 {
                delayBits = bits.next(5) + 1
                _ = (bits.next(32), bits.next(10))
            }
        }
        let hasDelays = bits.next(1) == 1
        for _ in 0...bits.next(5) {
            _ = bits.next(12)
            if bits.next(5) > 7 { _ = bits.next(1) }
            if let delayBits, bits.next(1) == 1 {
                _ = (bits.next(delayBits), bits.next(delayBits), bits.next(1))
            }
            if hasDelays, bits.next(1) == 1 { _ = bits.next(4) }
        }
    }
}

/// Bits from the highest of each byte on.
private struct BitReader {
    private let bytes: [UInt8]
    private var position = 0
    /// Whether more was read than there is; what is missing reads as 0.
    private(set) var hasEnded = false

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// A number of up to 32 bits.
    mutating func next(_ count: Int) -> Int {
        var value = 0
        for _ in 0..<count {
            guard position < 8 * bytes.count else {
                hasEnded = true
                return 0
            }
            value = value << 1 | Int(bytes[position / 8] >> (7 - position % 8) & 1)
            position += 1
        }
        return value
    }

    /// A number in Exp-Golomb code (ITU-T H.265, 9.2).
    mutating func nextExponential() -> Int {
        var zeros = 0
        while zeros < 32, !hasEnded, next(1) == 0 { zeros += 1 }
        return (1 << zeros) - 1 + next(zeros)
    }
}
