public import Imaging

/// What a picture was found to be outside of a mask, compared with the one before the edit.
public struct MaskProof: Sendable, Equatable, Encodable {
    /// Pixels outside the mask.
    public let pixels: Int
    /// How many of them differ.
    public let changed: Int
    /// The largest difference, of `maximum` levels.
    public let largestDifference: Int
    /// The levels of a sample.
    public let maximum: Int
    /// What holds all pixels that differ; nil where none does.
    public let bounds: Rectangle?

    /// A rectangle in pixels.
    public struct Rectangle: Sendable, Equatable, Encodable {
        /// From the left.
        public let x: Int
        /// From the top.
        public let y: Int
        /// Its width.
        public let width: Int
        /// Its height.
        public let height: Int

        /// The bounds of a difference.
        public init(_ bounds: Comparison.Bounds) {
            (x, y, width, height) = (bounds.x, bounds.y, bounds.width, bounds.height)
        }
    }

    /// - Parameter comparison: one outside a mask.
    public init(_ comparison: Comparison) {
        pixels = comparison.pixels
        changed = comparison.differing
        largestDifference = comparison.largestDifference
        maximum = comparison.maximum
        bounds = comparison.bounds.map(Rectangle.init)
    }

    /// As a line: `0 of 1200 pixels outside the mask changed`, and where and how much if any did.
    public var line: String {
        var line = "\(changed) of \(pixels) pixels outside the mask changed"
        if let bounds {
            line += ", by \(largestDifference) of \(maximum) at most"
            line += ", within \(bounds.width)x\(bounds.height) at \(bounds.x),\(bounds.y)"
        }
        return line
    }
}
