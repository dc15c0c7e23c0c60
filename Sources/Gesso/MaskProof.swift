public import Foundation
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
    /// What was found of the blocks of a JPEG that was written over its source; nil for other files.
    public let blocks: Blocks?

    /// The blocks of a JPEG.
    public struct Blocks: Sendable, Equatable, Encodable {
        /// Blocks outside the mask.
        public let count: Int
        /// How many of them have other coefficients.
        public let changed: Int
        /// Pixels that differ more than one pixel away from any block that the mask touches.
        public let pixelsBeyond: Int
    }

    /// Whether nothing changed that a file of this kind can keep.
    public var holds: Bool {
        blocks.map { $0.changed == 0 && $0.pixelsBeyond == 0 } ?? (changed == 0)
    }

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

    /// Compares a written picture with the original wherever a mask is black.
    ///
    /// - Parameter data: the bytes of the file that `written` was read from.
    /// - Throws: `ImagingError.sizesDiffer`.
    public init(_ original: Image, _ written: Image, data: Data, outside mask: Mask) throws {
        self.init(try OutsideComparison(original, written, data: data, outside: mask))
    }

    /// Compares a file that was just written with the original wherever a mask is black, without having all of
    /// its picture in memory.
    ///
    /// - Parameter keepsBlocks: whether it was written over the JPEG that the original was read from.
    /// - Throws: `ImagingError` for a file that cannot be read or has another size.
    init(
        _ original: Image, writtenAs data: Data, keepsBlocks: Bool, outside mask: Mask
    ) throws {
        self.init(
            try OutsideComparison(
                original, writtenAs: WrittenPicture(data, name: "the result"),
                keepsBlocks: keepsBlocks, outside: mask))
    }

    private init(_ found: OutsideComparison) {
        blocks = found.blocks.map {
            Blocks(
                count: $0.outside, changed: $0.differing,
                pixelsBeyond: found.beyond?.differing ?? 0)
        }
        pixels = found.pixels.pixels
        changed = found.pixels.differing
        largestDifference = found.pixels.largestDifference
        maximum = found.pixels.maximum
        bounds = found.pixels.bounds.map(Rectangle.init)
    }

    /// As a line: `0 of 1200 pixels outside the mask changed`, and where and how much if any did. Of a
    /// JPEG whose blocks are kept, that these are, and how much the pixels in blocks at the mask's border
    /// changed.
    public var line: String {
        guard let blocks else {
            return "\(changed) of \(pixels) pixels outside the mask changed" + extent
        }
        guard holds else {
            return "\(blocks.changed) of \(blocks.count) blocks outside the mask changed, and "
                + "\(blocks.pixelsBeyond) pixels beyond the blocks it touches; "
                + "\(changed) of \(pixels) pixels outside the mask changed" + extent
        }
        let kept = "all \(blocks.count) blocks outside the mask are unchanged"
        guard changed > 0 else { return kept }
        return kept + "; in blocks at its border \(changed) pixels changed by "
            + "\(largestDifference) of \(maximum) at most"
    }

    /// The line with its verdict before it: `verified` only where nothing changed that the file can keep.
    public var verdict: String {
        if holds { return "verified: " + line }
        guard blocks == nil else { return "changed outside the mask: " + line }
        return "changed outside the mask: \(changed) of \(pixels) pixels" + extent
    }

    /// By how much pixels changed, and where; empty where none did.
    private var extent: String {
        guard let bounds else { return "" }
        return ", by \(largestDifference) of \(maximum) at most, "
            + "within \(bounds.width)x\(bounds.height) at \(bounds.x),\(bounds.y)"
    }
}
