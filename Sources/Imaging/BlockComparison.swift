import CCodecs
public import FoundationEssentials
import Tensors

/// How the blocks of a written JPEG differ from those of the JPEG that was edited.
public struct BlockComparison: Sendable, Equatable {
    /// Blocks of all components that no pixel of the mask is in.
    public let outside: Int
    /// Those of them of which any quantised coefficient differs.
    public let differing: Int
    /// Where pixels may differ though the mask is black there, see ``BlockLayout/reach``.
    public let reach: Mask

    /// Compares a file with the source of a picture; nil where that is no JPEG or the file does not
    /// have its blocks, because it was encoded anew.
    ///
    /// - Parameter mask: of the size of the picture; blocks where it is 0 everywhere are outside.
    public init?(_ original: Image, writtenAs data: Data, outside mask: Mask) {
        guard let layout = BlockLayout(original, writtenAs: data, outside: mask) else { return nil }
        self.init(layout)
    }

    /// Compares the blocks; nil for a file that was encoded anew.
    public init?(_ layout: BlockLayout) {
        guard let found = layout.differences else { return nil }
        (outside, differing, reach) = (found.outside, found.differing, layout.reach)
    }
}

/// A mask on the blocks of a JPEG that a picture was read from and of one that it was written as.
public struct BlockLayout: Sendable {
    /// Where pixels may differ though the mask is black there: all of the blocks that it touches, and
    /// one pixel around them, over which colours are interpolated. Of the upright picture.
    public let reach: Mask
    private let source: JPEGSource
    private let data: Data
    /// The mask on the source's pixels as they are stored, and where these are in the file.
    private let part: Mask
    private let place: Box

    /// Nil where the picture is of no JPEG, or the file cannot have its blocks.
    ///
    /// - Parameter mask: of the size of the picture; blocks where it is 0 everywhere are outside.
    public init?(_ original: Image, writtenAs data: Data, outside mask: Mask) {
        precondition(mask.width == original.width && mask.height == original.height)
        guard let source = original.metadata.jpegSource, let new = JPEGHeader(data),
            new.orientation == source.orientation,
            let block = original.metadata.jpegCoding?.largestBlock
        else { return nil }
        let orientation = source.orientation
        let stored = mask.turned(orientation.inverse)
        guard stored.width == new.width, stored.height == new.height,
            source.place.end.x <= mask.width, source.place.end.y <= mask.height
        else { return nil }
        place = source.place.turned(orientation.inverse, inWidth: mask.width, height: mask.height)
        part = stored.cropped(to: place)
        (self.source, self.data) = (source, data)
        let swaps = orientation.swapsSides
        reach = stored.covering(
            blocksOf: swaps ? block.height : block.width, swaps ? block.width : block.height
        ).turned(orientation)
    }

    /// What is found in the coefficients; nil for a file that was encoded anew.
    fileprivate var differences: (outside: Int, differing: Int)? {
        var found = codec_jpeg_differences()
        let status = source.bytes.withPart { first in
            data.withPart { second in
                withUnsafePointer(to: first) { first in
                    withUnsafePointer(to: second) { second in
                        codec_jpeg_compare(
                            first, second, UInt32(place.x), UInt32(place.y), part.values, &found)
                    }
                }
            }
        }
        return status == codec_ok ? (found.outside, found.differing) : nil
    }
}

extension JPEGCoding {
    /// Pixels that the largest block of a component stands for.
    fileprivate var largestBlock: (width: Int, height: Int)? {
        guard let most = components.map(\.horizontal).max(),
            let least = components.map(\.horizontal).min(),
            let tallest = components.map(\.vertical).max(),
            let lowest = components.map(\.vertical).min(), least > 0, lowest > 0
        else { return nil }
        return (8 * most / least, 8 * tallest / lowest)
    }
}

extension Mask {
    /// White over all blocks of that size that anything not black is in, and one pixel around.
    fileprivate func covering(blocksOf blockWidth: Int, _ blockHeight: Int) -> Mask {
        var covering = Mask(width: width, height: height, filledWith: 0)
        guard let box = bounds else { return covering }
        let firstRow = box.y / blockHeight * blockHeight
        let firstColumn = box.x / blockWidth * blockWidth
        for top in stride(from: firstRow, to: box.end.y, by: blockHeight) {
            for left in stride(from: firstColumn, to: box.end.x, by: blockWidth) {
                let rows = top..<min(top + blockHeight, height)
                let columns = left..<min(left + blockWidth, width)
                let isTouched = rows.contains { y in columns.contains { values[y * width + $0] > 0 }
                }
                guard isTouched else { continue }
                for y in max(top - 1, 0)..<min(rows.upperBound + 1, height) {
                    for x in max(left - 1, 0)..<min(columns.upperBound + 1, width) {
                        covering.values[y * width + x] = 255
                    }
                }
            }
        }
        return covering
    }
}
