/// A picture in memory: rows from the top, samples interleaved, alpha straight.
public struct Image: Sendable, Equatable {
    /// Columns, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    public let channels: Int
    /// Bits a sample, 8 or 16.
    public let depth: Int
    /// `height * width * channels` values, 0...255 at depth 8 and 0...65535 at depth 16.
    public var samples: [UInt16] {
        // Changed in place. With `didSet`, another module that changes one value copies all of them.
        @inlinable get { storage }
        @inlinable _modify {
            defer { precondition(storage.count == width * height * channels) }
            yield &storage
        }
    }

    @usableFromInline var storage: [UInt16]
    /// What the file carries beside the pixels.
    public var metadata: ImageMetadata

    /// - Parameter samples: `height * width * channels` values within the range of `depth`.
    public init(
        width: Int, height: Int, channels: Int, depth: Int = 8, samples: [UInt16],
        metadata: ImageMetadata = ImageMetadata()
    ) {
        precondition(width > 0 && height > 0 && (1...4).contains(channels))
        precondition(depth == 8 || depth == 16)
        precondition(samples.count == width * height * channels)
        self.width = width
        self.height = height
        self.channels = channels
        self.depth = depth
        storage = samples
        self.metadata = metadata
    }

    /// The value of white, and of full alpha: 255 or 65535.
    public var maximum: UInt16 { depth == 16 ? .max : 255 }

    /// Whether there is an alpha channel.
    public var hasAlpha: Bool { channels == 2 || channels == 4 }

    /// Whether the colour is a single grey channel.
    public var isGrey: Bool { channels < 3 }

    /// Whether some pixel is not fully opaque.
    public var isTransparent: Bool {
        guard hasAlpha else { return false }
        return stride(from: channels - 1, to: samples.count, by: channels)
            .contains { samples[$0] != maximum }
    }

    /// The samples of one pixel.
    public subscript(x x: Int, y y: Int) -> ArraySlice<UInt16> {
        precondition((0..<width).contains(x) && (0..<height).contains(y))
        let start = (y * width + x) * channels
        return samples[start..<start + channels]
    }
}

extension Image {
    /// The picture with other channels and depth; metadata is kept.
    ///
    /// Grey becomes three equal channels; colour becomes Rec. 601 luma as in Pillow's `L`; a new
    /// alpha channel is opaque; a dropped one is ignored, the colour under it stays. 8 bit becomes
    /// 16 by `* 257`, 16 becomes 8 by rounding `/ 257`.
    public func converted(channels newChannels: Int, depth newDepth: Int) -> Image {
        if newChannels == channels && newDepth == depth { return self }
        let converted = samples.withUnsafeBufferPointer { source in
            nonisolated(unsafe) let source = source
            return [UInt16].rows(height, of: width * newChannels) { rows, buffer in
                for pixel in rows.lowerBound * width..<rows.upperBound * width {
                    let (from, to) = (pixel * channels, pixel * newChannels)
                    convertPixel(
                        UnsafeBufferPointer(rebasing: source[from..<from + channels]),
                        to: UnsafeMutableBufferPointer(rebasing: buffer[to..<to + newChannels]),
                        depth: newDepth)
                }
            }
        }
        return Image(
            width: width, height: height, channels: newChannels, depth: newDepth,
            samples: converted, metadata: metadata)
    }

    /// 8-bit RGB, what the networks see: ``converted(channels:depth:)`` to 3 and 8.
    public var rgb8: Image { converted(channels: 3, depth: 8) }

    private func convertPixel(
        _ source: UnsafeBufferPointer<UInt16>, to target: UnsafeMutableBufferPointer<UInt16>,
        depth newDepth: Int
    ) {
        let colors = target.count >= 3 ? 3 : 1
        for c in 0..<colors {
            let value =
                isGrey
                ? source[0]
                : colors == 3 ? source[c] : luma(red: source[0], green: source[1], blue: source[2])
            target[c] = converting(value, from: depth, to: newDepth)
        }
        if target.count == colors + 1 {
            let alpha = hasAlpha ? source[channels - 1] : maximum
            target[colors] = converting(alpha, from: depth, to: newDepth)
        }
    }
}

/// Rec. 601 luma in 16-bit fixed point, rounded; the weights add up to 65536. For bytes this is
/// Pillow's conversion to `L`.
@inline(__always)
func luma(red: UInt16, green: UInt16, blue: UInt16) -> UInt16 {
    let sum = 19595 * UInt64(red) + 38470 * UInt64(green) + 7471 * UInt64(blue) + 0x8000
    return UInt16(truncatingIfNeeded: sum >> 16)
}

/// A sample at another depth.
@inline(__always)
func converting(_ value: UInt16, from depth: Int, to newDepth: Int) -> UInt16 {
    if depth == newDepth { return value }
    return newDepth == 16 ? value * 257 : UInt16((UInt32(value) + 128) / 257)
}
