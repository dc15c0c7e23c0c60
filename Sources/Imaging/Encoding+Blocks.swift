import CCodecs
public import FoundationEssentials

/// Writing a picture over the JPEG that it was read from, block by block.
extension Image {
    /// Why a JPEG of the picture is encoded anew as a whole, as far as blocks of a JPEG could have been kept;
    /// nil where the source is no JPEG.
    public func reasonForNewBlocks(quality: Int?) -> String? {
        if let obstacle = metadata.jpegObstacle { return obstacle }
        guard let source = metadata.jpegSource, let coding = metadata.jpegCoding else { return nil }
        if quality != nil { return "a quality is given" }
        if coding.components.count != (isGrey ? 1 : 3) { return "the source has other colours" }
        return source.x != 0 || source.y != 0
            ? "the source does not begin on a block of the result"
            : "hardly a block of the source is left"
    }

    /// The file with every block of the source whose pixels are unchanged kept bit for bit, stored and
    /// turned as the source is; nil where no block can be kept.
    ///
    /// - Parameter coding: of the source, for the picture's channels.
    func encodedOverSource(_ coding: codec_jpeg_coding) throws -> Data? {
        guard let source = metadata.jpegSource else { return nil }
        let stored = turned(source.orientation.inverse)
        guard let coding = stored.metadata.jpegCoding?.forWriting(channels: channels) else {
            return nil
        }
        let old = try Image(storedJPEG: source.bytes)
        guard old.channels == channels, let place = stored.place(of: old, by: source, in: self)
        else { return nil }
        let changed = stored.changes(against: old, at: place)
        let isWhole = place.width == stored.width && place.height == stored.height
        let items = metadata.markers(
            width: stored.width, height: stored.height, orientation: source.orientation)
        if isWhole {
            guard let bounds = changed.bounds else {
                // Nothing was changed: what the file holds beside the picture still holds, too.
                if MetadataRecord(metadata) == source.record { return source.bytes }
                return try stored.spliced(
                    onto: source.bytes, source.bytes, x: 0, y: 0, changed, items, takesTouched: true
                )
            }
            if changed.values.count(where: { $0 > 0 }) > changed.values.count / 100 * 98 {
                return nil
            }
            let box = bounds.extended(toMultiplesOf: coding.unit, within: stored)
            let part = try stored.cropped(to: box).writtenJPEG([], quality: 0, coding)
            return try stored.spliced(
                onto: source.bytes, part, x: box.x, y: box.y, changed.cropped(to: box), items,
                takesTouched: true)
        }
        guard place.x % coding.unit.width == 0, place.y % coding.unit.height == 0 else {
            return nil
        }
        let whole = try stored.writtenJPEG([], quality: 0, coding)
        return try stored.spliced(
            onto: whole, source.bytes, x: place.x, y: place.y, changed, items, takesTouched: false)
    }

    /// Where the source is on this picture, both as they are stored; nil if it does not.
    private func place(of old: Image, by source: JPEGSource, in upright: Image) -> Box? {
        let swaps = source.orientation.swapsSides
        let (oldWidth, oldHeight) =
            swaps ? (old.height, old.width) : (old.width, old.height)
        let box = Box(x: source.x, y: source.y, width: oldWidth, height: oldHeight)
        guard box.end.x <= upright.width, box.end.y <= upright.height else { return nil }
        return box.turned(
            source.orientation.inverse, inWidth: upright.width, height: upright.height)
    }

    /// 255 where the samples are not those of `old`, which is at `place`; of its size.
    private func changes(against old: Image, at place: Box) -> Mask {
        var mask = Mask(width: old.width, height: old.height, filledWith: 0)
        let length = old.width * channels
        samples.withUnsafeBufferPointer { new in
            old.samples.withUnsafeBufferPointer { old in
                for y in 0..<place.height {
                    let start = ((place.y + y) * width + place.x) * channels
                    for i in 0..<length where new[start + i] != old[y * length + i] {
                        mask.values[y * place.width + i / channels] = 255
                    }
                }
            }
        }
        return mask
    }

    private func spliced(
        onto base: Data, _ donor: Data, x: Int, y: Int, _ mask: Mask,
        _ items: [(name: String, bytes: [UInt8])], takesTouched: Bool
    ) throws -> Data? {
        do {
            return try base.withPart { base in
                try donor.withPart { donor in
                    try written(as: .jpeg, items: items) { writer, _ in
                        withUnsafePointer(to: base) { base in
                            withUnsafePointer(to: donor) { donor in
                                codec_jpeg_splice(
                                    writer, base, donor, UInt32(x), UInt32(y), mask.values,
                                    takesTouched ? 1 : 0)
                            }
                        }
                    }
                }
            }
        } catch ImagingError.cannotEncode {
            // A source that libjpeg can show but not take apart.
            return nil
        }
    }
}

extension codec_jpeg_coding {
    /// Pixels that a unit of interleaved blocks stands for.
    var unit: (width: Int, height: Int) {
        (
            8 * Int(max(horizontal.0, horizontal.1, horizontal.2)),
            8 * Int(max(vertical.0, vertical.1, vertical.2))
        )
    }
}

extension Data {
    /// The bytes as CCodecs takes those of a JPEG.
    fileprivate func withPart<Result>(
        _ body: (codec_jpeg_part) throws -> Result
    ) rethrows -> Result {
        try withUnsafeBytes { bytes in
            try body(
                codec_jpeg_part(
                    bytes: bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
                    count: bytes.count))
        }
    }
}

extension Box {
    /// The box with its edges moved outwards to multiples of a unit, but not out of a picture.
    fileprivate func extended(
        toMultiplesOf unit: (width: Int, height: Int), within image: Image
    ) -> Box {
        let (left, top) = (x / unit.width * unit.width, y / unit.height * unit.height)
        let right = min((end.x + unit.width - 1) / unit.width * unit.width, image.width)
        let bottom = min((end.y + unit.height - 1) / unit.height * unit.height, image.height)
        return Box(x: left, y: top, width: right - left, height: bottom - top)
    }
}

/// How the blocks of a written JPEG differ from those of the JPEG that was edited.
public struct BlockComparison: Sendable, Equatable {
    /// Blocks of all components that no pixel of the mask is in.
    public let outside: Int
    /// Those of them of which any quantised coefficient differs.
    public let differing: Int
    /// Where pixels may differ though the mask is black there: all of the blocks that it touches, and
    /// one pixel around them, over which colours are interpolated. Of the upright picture.
    public let reach: Mask

    /// Compares a file with the source of a picture; nil where that is no JPEG or the file does not
    /// have its blocks, because it was encoded anew.
    ///
    /// - Parameter mask: of the size of the picture; blocks where it is 0 everywhere are outside.
    public init?(_ original: Image, writtenAs data: Data, outside mask: Mask) {
        precondition(mask.width == original.width && mask.height == original.height)
        guard let source = original.metadata.jpegSource,
            let old = JPEGHeader(source.bytes), let new = JPEGHeader(data),
            new.orientation == source.orientation
        else { return nil }
        let stored = mask.turned(source.orientation.inverse)
        guard stored.width == new.width, stored.height == new.height else { return nil }
        let swaps = source.orientation.swapsSides
        let upright = Box(
            x: source.x, y: source.y, width: swaps ? old.height : old.width,
            height: swaps ? old.width : old.height)
        guard upright.end.x <= mask.width, upright.end.y <= mask.height else { return nil }
        let place = upright.turned(
            source.orientation.inverse, inWidth: mask.width, height: mask.height)
        let part = stored.cropped(to: place)
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
        guard status == codec_ok else { return nil }
        outside = found.outside
        differing = found.differing
        reach = stored.covering(
            blocksOf: Int(found.block_width), Int(found.block_height)
        ).turned(source.orientation)
    }
}

extension Mask {
    /// The mask turned as a picture is.
    func turned(_ orientation: Orientation) -> Mask {
        if orientation == .upright { return self }
        let turned = image.turned(orientation)
        return Mask(
            width: turned.width, height: turned.height,
            values: turned.samples.map { UInt8(truncatingIfNeeded: $0) })
    }

    /// White over all blocks of that size that anything not black is in, and one pixel around.
    fileprivate func covering(blocksOf blockWidth: Int, _ blockHeight: Int) -> Mask {
        var covering = Mask(width: width, height: height, filledWith: 0)
        for top in stride(from: 0, to: height, by: blockHeight) {
            for left in stride(from: 0, to: width, by: blockWidth) {
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
