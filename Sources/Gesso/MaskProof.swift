import Imaging

/// What a comparison outside a mask came to, as it is told.
public struct MaskProof: Encodable {
    /// Pixels outside the mask.
    public let pixels: Int
    /// How many of them differ.
    public let changed: Int
    /// The largest difference, of `maximum` levels.
    public let largestDifference: Int
    public let maximum: Int
    /// What holds all that differ.
    public let bounds: Rectangle?

    public struct Rectangle: Encodable {
        public let x: Int
        public let y: Int
        public let width: Int
        public let height: Int

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
