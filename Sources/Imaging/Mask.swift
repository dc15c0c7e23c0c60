/// Which pixels of a picture are repainted: 255 (white) wholly, 0 (black) not at all, between
/// those in part.
public struct Mask: Sendable, Equatable {
    /// Columns, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// `height * width` values, rows from the top.
    public var values: [UInt8] {
        // Changed in place. With `didSet`, another module that changes one value copies all of them.
        @inlinable get { storage }
        @inlinable _modify {
            defer { precondition(storage.count == width * height) }
            yield &storage
        }
    }

    @usableFromInline var storage: [UInt8]

    /// A mask of the given values, or the same value everywhere.
    public init(width: Int, height: Int, values: [UInt8]) {
        precondition(width > 0 && height > 0 && values.count == width * height)
        self.width = width
        self.height = height
        storage = values
    }

    /// The same value everywhere.
    public init(width: Int, height: Int, filledWith value: UInt8) {
        self.init(
            width: width, height: height, values: Array(repeating: value, count: width * height))
    }

    /// The brightness of a picture (Rec. 601 luma, Pillow's `L`).
    ///
    /// Transparent parts count as black, half transparent ones in proportion, as if the picture lay
    /// on black paper. So a white brush stroke on an empty layer is a mask as it is. A picture that is
    /// black all over has its shape in its alpha channel, and that is the mask.
    public init(_ image: Image) {
        self.init(brightnessOf: image)
        if isEmpty, image.hasAlpha {
            self = Mask(transparencyOf: image).inverted
            if !values.contains(0) { self = inverted }
        }
    }

    private init(brightnessOf image: Image) {
        let grey = image.converted(channels: image.hasAlpha ? 2 : 1, depth: 8)
        let values = [UInt8].rows(image.height, of: image.width) { rows, values in
            for pixel in rows.lowerBound * image.width..<rows.upperBound * image.width {
                guard grey.hasAlpha else {
                    values[pixel] = UInt8(truncatingIfNeeded: grey.samples[pixel])
                    continue
                }
                let (luma, alpha) = (
                    UInt32(grey.samples[2 * pixel]), UInt32(grey.samples[2 * pixel + 1])
                )
                values[pixel] = UInt8(truncatingIfNeeded: (luma * alpha + 127) / 255)
            }
        }
        self.init(width: image.width, height: image.height, values: values)
    }

    /// The mask as a grey picture.
    public var image: Image {
        let samples = [UInt16].rows(height, of: width) { rows, samples in
            for i in rows.lowerBound * width..<rows.upperBound * width {
                samples[i] = UInt16(values[i])
            }
        }
        return Image(width: width, height: height, channels: 1, samples: samples)
    }

    /// Whether nothing is repainted.
    public var isEmpty: Bool { !values.contains { $0 != 0 } }

    /// The repainted share of the picture, 0...1: the mean value.
    public var coverage: Double {
        Double(values.reduce(0) { $0 + Int($1) }) / Double(255 * values.count)
    }

    /// Black and white exchanged.
    public var inverted: Mask {
        mapping { 255 - $0 }
    }

    /// Hard: 255 from 128 up, otherwise 0. This is `>= 0.5` of a mask in 0...1.
    public var thresholded: Mask { thresholded(at: 128) }

    /// Hard: 255 from `level` up, otherwise 0. Black never becomes white, not even at level 0.
    public func thresholded(at level: Int) -> Mask {
        guard level <= 255 else { return mapping { _ in 0 } }
        let least = UInt8(max(level, 1))
        return mapping { $0 >= least ? 255 : 0 }
    }

    /// The mask with other values, each by its own.
    @inline(__always)
    func mapping(_ change: (UInt8) -> UInt8) -> Mask {
        let mapped = values.withUnsafeBufferPointer { values in
            nonisolated(unsafe) let values = values
            return [UInt8].rows(height, of: width) { rows, mapped in
                for i in rows.lowerBound * width..<rows.upperBound * width {
                    mapped[i] = change(values[i])
                }
            }
        }
        return Mask(width: width, height: height, values: mapped)
    }

    /// The mask combined with another of its size, value by value.
    @inline(__always)
    func combined(with other: Mask, _ rule: (UInt8, UInt8) -> UInt8) -> Mask {
        precondition(width == other.width && height == other.height)
        let combined = values.withUnsafeBufferPointer { values in
            other.values.withUnsafeBufferPointer { others in
                nonisolated(unsafe) let (values, others) = (values, others)
                return [UInt8].rows(height, of: width) { rows, combined in
                    for i in rows.lowerBound * width..<rows.upperBound * width {
                        combined[i] = rule(values[i], others[i])
                    }
                }
            }
        }
        return Mask(width: width, height: height, values: combined)
    }

    /// The mask of the latents, by torch's `nearest`: the top-left pixel of each block of
    /// `factor * factor` pixels. A stroke thinner than a block may vanish. A size that is no
    /// multiple of the factor is rounded up.
    public func latentNearest(factor: Int = 8) -> Mask {
        latent(factor: factor) { x, y in values[y * width + x] }
    }

    /// The mask of the latents, by the largest value of each block, so that no stroke vanishes.
    /// A size that is no multiple of the factor is rounded up.
    public func latentMax(factor: Int = 8) -> Mask {
        latent(factor: factor) { x, y in
            var largest: UInt8 = 0
            for row in y..<min(y + factor, height) {
                for column in x..<min(x + factor, width) {
                    largest = max(largest, values[row * width + column])
                }
            }
            return largest
        }
    }

    /// The mask of the latents by torch's `bilinear` without antialiasing: for an even factor the mean
    /// of the four pixels in the middle of each block, in 0...1, rows from the top. The size is a multiple
    /// of the factor.
    public func latentBilinear(factor: Int = 8) -> [Float] {
        precondition(width % factor == 0 && height % factor == 0)
        let (middle, next) = ((factor - 1) / 2, factor / 2)
        let places = [(middle, middle), (next, middle), (middle, next), (next, next)]
        return blocks(factor: factor) { x, y in
            let sum = places.reduce(0) { $0 + Int(values[(y + $1.1) * width + x + $1.0]) }
            return Float(sum) / (4 * 255)
        }
    }

    private func latent(factor: Int, value: (_ x: Int, _ y: Int) -> UInt8) -> Mask {
        Mask(
            width: (width + factor - 1) / factor, height: (height + factor - 1) / factor,
            values: blocks(factor: factor, value: value))
    }

    /// A value for each block, given its top left pixel.
    private func blocks<Value>(factor: Int, value: (_ x: Int, _ y: Int) -> Value) -> [Value] {
        let (columns, rows) = ((width + factor - 1) / factor, (height + factor - 1) / factor)
        return (0..<rows * columns).map { block in
            value(block % columns * factor, block / columns * factor)
        }
    }
}
