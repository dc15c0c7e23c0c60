/// An invisible watermark that the decoders of the package `invisible-watermark` read (its numbers are kept
/// here).
///
/// The blue-difference channel U of a picture is halved by a Haar wavelet. Of every 4x4 block of
/// what remains, one number is moved to a quarter (a bit of 0) or three quarters (1) of its interval of 36.
/// The bits of the message follow each other block by block, again and again, and are read by majority.
public enum WatermarkMethod: String, Sendable, CaseIterable {
    /// The number is the largest coefficient of the block, the first left out.
    case dwtDct
    /// It is the block's largest singular value. That of the block's cosine transform, which the package
    /// takes, is the same.
    case dwtDctSvd
}

private enum Scheme {
    /// Width of an interval.
    static let scale: Float = 36
    /// What the other coefficients stay below the one that holds the bit: more than what rounding
    /// to levels moves them.
    static let margin: Float = 3
    /// Side of a block, in wavelet coefficients.
    static let block = 4
    /// Side of a block in pixels.
    static let pixels = 2 * block
}

extension Image {
    /// The picture with the message in its colours, wherever `mask` is above zero; all other pixels
    /// stay as they are. A grey picture has no colours to hold it and stays as it is. Colours that are hidden
    /// under full transparency give way to what is seen around them, so that they have no effect.
    ///
    /// - Parameter message: at least one byte.
    public func watermarked(
        _ message: [UInt8], by method: WatermarkMethod = .dwtDct, within mask: Mask? = nil
    ) -> Image {
        precondition(!message.isEmpty)
        guard !isGrey else { return self }
        let seen = withoutHiddenColors
        func isMarked(_ pixel: Int) -> Bool { mask.map { $0.values[pixel] > 0 } ?? true }
        var image = self
        for pixel in 0..<(hasAlpha ? width * height : 0)
        where samples[(pixel + 1) * channels - 1] == 0 && isMarked(pixel) {
            for c in pixel * channels..<(pixel + 1) * channels {
                image.samples[c] = seen.samples[c]
            }
        }
        forEachBlock { number, x, y in
            let old = seen.coefficients(x: x, y: y)
            let bit = Image.bit(number, of: message)
            let new =
                method == .dwtDct ? Image.holding(bit, old) : LargestSingularValue(old).holding(bit)
            for place in old.indices where new[place] != old[place] {
                // One coefficient is half the sum of four pixels: each gets half the change.
                let change = (new[place] - old[place]) / 2
                let (column, row) = (x + place % Scheme.block * 2, y + place / Scheme.block * 2)
                for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)]
                where isMarked((row + dy) * width + column + dx) {
                    image.shiftBlueDifference(x: column + dx, y: row + dy, by: change)
                }
            }
        }
        return image
    }

    /// The message of so many bytes that a decoder reads; what there is no message in gives nonsense.
    public func watermark(length: Int, by method: WatermarkMethod = .dwtDct) -> [UInt8] {
        precondition(length > 0)
        guard !isGrey else { return [] }
        var ones = [Int](repeating: 0, count: length * 8)
        var blocks = ones
        forEachBlock { number, x, y in
            let coefficients = self.coefficients(x: x, y: y)
            let value =
                method == .dwtDct
                ? abs(coefficients[Image.largest(coefficients)])
                : LargestSingularValue(coefficients).value
            let rest = value.truncatingRemainder(dividingBy: Scheme.scale)
            blocks[number % blocks.count] += 1
            if rest > Scheme.scale / 2 { ones[number % ones.count] += 1 }
        }
        // A mean of 127/255 is the limit.
        let bits = zip(ones, blocks).map { $0 * 255 > $1 * 127 }
        return stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<start + 8].reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
        }
    }

    private func forEachBlock(_ body: (_ number: Int, _ x: Int, _ y: Int) -> Void) {
        let (columns, rows) = (width / 4 * 4 / Scheme.pixels, height / 4 * 4 / Scheme.pixels)
        for number in 0..<rows * columns {
            body(number, number % columns * Scheme.pixels, number / columns * Scheme.pixels)
        }
    }

    private static func bit(_ number: Int, of message: [UInt8]) -> Bool {
        let place = number % (message.count * 8)
        return message[place / 8] >> UInt8(7 - place % 8) & 1 == 1
    }

    /// The coefficients with a bit in the largest of them, moved no farther than it must; those that
    /// would be larger then are lowered, for a decoder looks at the largest it finds.
    private static func holding(_ bit: Bool, _ coefficients: [Float]) -> [Float] {
        let place = largest(coefficients)
        let size = abs(coefficients[place]) / Scheme.scale
        let part: Float = bit ? 0.75 : 0.25
        let moved = max((size - part).rounded(), 0) + part
        let limit = moved * Scheme.scale
        var result = coefficients.enumerated().map { index, value in
            index > 0 && abs(value) > limit - Scheme.margin
                ? (value < 0 ? Scheme.margin - limit : limit - Scheme.margin) : value
        }
        result[place] = coefficients[place] < 0 ? -limit : limit
        return result
    }

    /// The largest but the first, by size; the first of equals.
    private static func largest(_ coefficients: [Float]) -> Int {
        coefficients.indices.dropFirst().max { abs(coefficients[$0]) < abs(coefficients[$1]) } ?? 1
    }

    /// The 16 coefficients of the block at x, y: half the sum of two by two pixels each.
    private func coefficients(x: Int, y: Int) -> [Float] {
        (0..<Scheme.block * Scheme.block).map { place in
            let (column, row) = (x + place % Scheme.block * 2, y + place / Scheme.block * 2)
            let sum = [(0, 0), (1, 0), (0, 1), (1, 1)].reduce(Float(0)) {
                $0 + blueDifference(x: column + $1.0, y: row + $1.1)
            }
            return sum / 2
        }
    }

    /// U as OpenCV has it in 8 bit: 0.492 (B - Y) + 128, each step rounded.
    private func blueDifference(x: Int, y: Int) -> Float {
        let start = (y * width + x) * channels
        let shift = depth == 16 ? 8 : 0
        let (r, g, b) = (
            Int(samples[start] >> shift), Int(samples[start + 1] >> shift),
            Int(samples[start + 2] >> shift)
        )
        let luma = (4899 * r + 9617 * g + 1868 * b + 8192) >> 14
        let u = ((b - luma) * 8061 + (128 << 14) + 8192) >> 14
        return Float(min(max(u, 0), 255))
    }

    /// Moves U, and with it blue and green, so that the luma stays (BT.601).
    mutating func shiftBlueDifference(x: Int, y: Int, by change: Float) {
        let unit: Float = depth == 16 ? 257 : 1
        let start = (y * width + x) * channels
        for (c, factor) in [(1, Float(-0.395)), (2, 2.032)] {
            let value = Float(samples[start + c]) + factor * change * unit
            samples[start + c] = UInt16(min(max(value, 0), Float(maximum)).rounded())
        }
    }
}

/// The largest singular value of a block, with the directions that it scales.
private struct LargestSingularValue {
    private static let side = Scheme.block

    private let block: [Float]
    let value: Float
    private let left: [Float]
    private let right: [Float]

    /// By power iteration: U is far from zero on average, so this value is far above the others.
    init(_ block: [Float]) {
        let side = Self.side
        var right = [Float](repeating: 0.5, count: side)
        var (left, value) = (right, Float(0))
        for _ in 0..<24 {
            left = (0..<side).map { row in
                (0..<side).reduce(0) { $0 + block[row * side + $1] * right[$1] }
            }
            Self.normalize(&left)
            right = (0..<side).map { column in
                (0..<side).reduce(0) { $0 + block[$1 * side + column] * left[$1] }
            }
            value = Self.normalize(&right)
        }
        (self.block, self.value, self.left, self.right) = (block, value, left, right)
    }

    /// The block with the value moved to where it holds a bit.
    func holding(_ bit: Bool) -> [Float] {
        let target = ((value / Scheme.scale).rounded(.down) + (bit ? 0.75 : 0.25)) * Scheme.scale
        return block.indices.map { place in
            block[place]
                + (target - value) * left[place / Self.side] * right[place % Self.side]
        }
    }

    /// - Returns: the length that it had.
    @discardableResult
    private static func normalize(_ vector: inout [Float]) -> Float {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0 else {
            vector = [Float](repeating: 0.5, count: vector.count)
            return 0
        }
        for index in vector.indices { vector[index] /= length }
        return length
    }
}
