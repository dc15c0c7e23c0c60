import Imaging

/// What a comparison outside a mask came to, as it is told.
struct MaskProof: Encodable {
    /// Pixels outside the mask.
    let pixels: Int
    /// How many of them differ.
    let changed: Int
    /// The largest difference, of `maximum` levels.
    let largestDifference: Int
    let maximum: Int
    /// What holds all that differ.
    let bounds: Rectangle?

    struct Rectangle: Encodable {
        let x: Int
        let y: Int
        let width: Int
        let height: Int

        init(_ bounds: Comparison.Bounds) {
            (x, y, width, height) = (bounds.x, bounds.y, bounds.width, bounds.height)
        }
    }

    /// - Parameter comparison: one outside a mask.
    init(_ comparison: Comparison) {
        pixels = comparison.pixels
        changed = comparison.differing
        largestDifference = comparison.largestDifference
        maximum = comparison.maximum
        bounds = comparison.bounds.map(Rectangle.init)
    }

    /// As a line: `0 of 1200 pixels outside the mask changed`, and where and how much if any did.
    var line: String {
        var line = "\(changed) of \(pixels) pixels outside the mask changed"
        if let bounds {
            line += ", by \(largestDifference) of \(maximum) at most"
            line += ", within \(bounds.width)x\(bounds.height) at \(bounds.x),\(bounds.y)"
        }
        return line
    }
}
