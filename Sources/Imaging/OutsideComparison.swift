public import FoundationEssentials
import Tensors

/// What became of all that is outside a mask when a picture was written.
public struct OutsideComparison: Sendable, Equatable {
    /// The pixels outside.
    public let pixels: Comparison
    /// The blocks of a JPEG that was written over its source; nil for other files.
    public let blocks: BlockComparison?
    /// The pixels beyond the blocks that the mask touches; nil for other files.
    public let beyond: Comparison?

    /// Compares a picture that was read.
    ///
    /// - Parameter data: the bytes of the file that `written` was read from.
    /// - Throws: ``ImagingError/sizesDiffer(what:width:height:expectedWidth:expectedHeight:)``.
    public init(_ original: Image, _ written: Image, data: Data, outside mask: Mask) throws {
        try self.init(original, data, outside: mask) { masks in
            try masks.map { try Comparison(original, written, outside: $0) }
        }
    }

    /// Compares a file that was just written, without having all of its picture in memory.
    ///
    /// - Parameter keepsBlocks: whether it was written over the JPEG that the original was read from.
    /// - Throws: ``ImagingError`` for a file that cannot be read or has another size.
    public init(
        _ original: Image, writtenAs file: WrittenPicture, keepsBlocks: Bool, outside mask: Mask
    ) throws {
        try self.init(original, file.data, ofBlocks: keepsBlocks, outside: mask) { masks in
            try Comparison.outside(masks, of: original, writtenAs: file)
        }
    }

    /// - Parameter compare: compares the pixels outside of each mask.
    private init(
        _ original: Image, _ data: Data, ofBlocks comparesBlocks: Bool = true, outside mask: Mask,
        _ compare: ([Mask]) throws -> [Comparison]
    ) throws {
        guard comparesBlocks,
            let layout = BlockLayout(original, writtenAs: data, outside: mask)
        else {
            pixels = try compare([mask])[0]
            (blocks, beyond) = (nil, nil)
            return
        }
        // The coefficients are read on one thread while the pixels are on another.
        nonisolated(unsafe) var found: BlockComparison?
        nonisolated(unsafe) var compared = Result<[Comparison], any Error>.success([])
        nonisolated(unsafe) let compare = compare
        ThreadPool.forEach(2) { index in
            if index == 0 {
                compared = Result { try compare([mask, layout.reach]) }
            } else {
                found = BlockComparison(layout)
            }
        }
        let comparisons = try compared.get()
        pixels = comparisons[0]
        blocks = found
        beyond = found == nil ? nil : comparisons[1]
    }
}
