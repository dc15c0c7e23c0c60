import CCodecs
import FoundationEssentials

/// Writing a picture over the JPEG that it was read from, block by block.
extension Image {
    /// Why a JPEG of the picture is encoded anew as a whole, as far as blocks of a JPEG could have been kept;
    /// nil where the source is no JPEG.
    public func reasonForNewBlocks(quality: Int?) -> String? {
        if let obstacle = metadata.jpegObstacle { return obstacle }
        guard let source = metadata.jpegSource, let coding = metadata.jpegCoding else { return nil }
        if quality != nil { return "a quality is given" }
        if coding.components.count != (isGrey ? 1 : 3) { return "the source has other colours" }
        let stored = source.place.turned(
            source.orientation.inverse, inWidth: width, height: height)
        return stored.x != 0 || stored.y != 0
            ? "the source does not begin on a block of the result"
            : "no block of the source is left"
    }

    /// The file with every block of the source whose pixels are unchanged kept bit for bit, stored and
    /// turned as the source is; nil where no block can be kept.
    ///
    func encodedOverSource() throws -> Data? {
        guard let source = metadata.jpegSource else { return nil }
        let place = source.place
        guard place.end.x <= width, place.end.y <= height,
            source.samples.count == place.width * place.height * channels
        else { return nil }
        return place.width == width && place.height == height
            ? try encoded(over: source) : try encoded(around: source)
    }

    /// The source with the blocks that were changed.
    private func encoded(over source: JPEGSource) throws -> Data? {
        let orientation = source.orientation
        let (storedWidth, storedHeight) =
            orientation.swapsSides ? (height, width) : (width, height)
        let items = metadata.markers(
            width: storedWidth, height: storedHeight, orientation: orientation)
        guard let bounds = source.bounds(ofChangesIn: self) else {
            // Nothing was changed: what the file holds beside the picture still holds, too.
            if !source.isStripped, MetadataRecord(metadata) == source.record { return source.bytes }
            return try spliced(onto: source.bytes, nil, items)
        }
        guard let unit = coding(storedAs: orientation)?.unit else { return nil }
        let box = bounds.turned(orientation.inverse, inWidth: width, height: height)
            .extended(toMultiplesOf: unit, inWidth: storedWidth, height: storedHeight)
        let area = box.turned(orientation, inWidth: storedWidth, height: storedHeight)
        let changed = source.changes(in: self, area)
        if area.width == width, area.height == height, !changed.values.contains(0) { return nil }
        let part = cropped(to: area).turned(orientation.inverse)
        let donor = try part.writtenJPEG([], quality: 0, coding(storedAs: orientation))
        return try spliced(
            onto: source.bytes,
            Donor(
                bytes: donor, x: box.x, y: box.y, mask: changed.turned(orientation.inverse),
                givesTouched: true), items)
    }

    /// A larger picture with the blocks of the source that were not changed.
    private func encoded(around source: JPEGSource) throws -> Data? {
        let orientation = source.orientation
        let place = source.place.turned(orientation.inverse, inWidth: width, height: height)
        guard let coding = coding(storedAs: orientation), place.x % coding.unit.width == 0,
            place.y % coding.unit.height == 0
        else { return nil }
        let stored = turned(orientation.inverse)
        let whole = try stored.writtenJPEG([], quality: 0, coding)
        let all = Box(x: 0, y: 0, width: source.width, height: source.height)
        return try spliced(
            onto: whole,
            Donor(
                bytes: source.bytes, x: place.x, y: place.y,
                mask: source.changes(in: self, all).turned(orientation.inverse),
                givesTouched: false),
            metadata.markers(
                width: stored.width, height: stored.height, orientation: orientation))
    }

    /// The coding of the source for the picture as it is stored.
    private func coding(storedAs orientation: Orientation) -> codec_jpeg_coding? {
        let coding = metadata.jpegCoding
        return (orientation.swapsSides ? coding?.transposed : coding)?.forWriting(
            channels: channels)
    }

    /// A file that gives another some of its blocks.
    private struct Donor {
        let bytes: Data
        /// Where it is on the other.
        let x: Int
        let y: Int
        /// Of its size.
        let mask: Mask
        /// Whether it gives the blocks that the mask touches, or the others.
        let givesTouched: Bool
    }

    private func spliced(
        onto base: Data, _ donor: Donor?, _ items: [(name: String, bytes: [UInt8])]
    ) throws -> Data? {
        func splice(
            _ writer: UnsafeMutablePointer<codec_writer>, _ base: UnsafePointer<codec_jpeg_part>
        ) -> codec_status {
            guard let donor else { return codec_jpeg_splice(writer, base, nil, 0, 0, nil, 1) }
            return donor.bytes.withPart { part in
                withUnsafePointer(to: part) { part in
                    codec_jpeg_splice(
                        writer, base, part, UInt32(donor.x), UInt32(donor.y), donor.mask.values,
                        donor.givesTouched ? 1 : 0)
                }
            }
        }
        do {
            return try base.withPart { base in
                try written(as: .jpeg, items: items) { writer, _ in
                    withUnsafePointer(to: base) { splice(writer, $0) }
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
    func withPart<Result>(
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
        toMultiplesOf unit: (width: Int, height: Int), inWidth width: Int, height: Int
    ) -> Box {
        let (left, top) = (x / unit.width * unit.width, y / unit.height * unit.height)
        let right = min((end.x + unit.width - 1) / unit.width * unit.width, width)
        let bottom = min((end.y + unit.height - 1) / unit.height * unit.height, height)
        return Box(x: left, y: top, width: right - left, height: bottom - top)
    }
}
