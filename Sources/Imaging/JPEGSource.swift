public import FoundationEssentials
import Glibc

/// The JPEG file that a picture was read from, of which blocks can be kept when it is written again.
public struct JPEGSource: Sendable, Equatable {
    /// The whole file.
    let bytes: Data
    /// How the file's pixels are turned to stand upright.
    let orientation: Orientation
    /// What the file says beside its pixels, as far as it is kept.
    let record: MetadataRecord
    /// The samples of its upright picture: those that the edited picture began with, so they take no memory of
    /// their own as long as that is there.
    let samples: [UInt16]
    /// The size of that picture.
    let width: Int
    let height: Int
    /// Where the file's picture is on the upright picture: columns from the left, rows from the top.
    var x = 0
    var y = 0
    /// Whether something was taken out of the metadata, so that nothing beside the picture may be kept.
    var isStripped = false

    /// - Parameter image: as it was read from `bytes`, upright.
    init(_ bytes: Data, orientation: Orientation, read image: Image) {
        self.bytes = bytes
        self.orientation = orientation
        record = MetadataRecord(image.metadata)
        (samples, width, height) = (image.samples, image.width, image.height)
    }

    /// The place of the source on the upright picture that it is on.
    var place: Box { Box(x: x, y: y, width: width, height: height) }

    /// Where a picture of `channels` channels differs from the source: what holds all of it, counted from the
    /// source's top left; nil where nothing does.
    func bounds(ofChangesIn image: Image) -> Box? {
        let (place, length, channels) = (place, width * image.channels, image.channels)
        let found = samples.withUnsafeBufferPointer { old in
            image.samples.withUnsafeBufferPointer { new in
                nonisolated(unsafe) let (old, new) = (old, new)
                return Bands.map(of: height) { rows in
                    var (left, right, top, bottom) = (length, -1, height, -1)
                    for y in rows {
                        let from = old[y * length..<(y + 1) * length]
                        let start = ((place.y + y) * image.width + place.x) * channels
                        let to = new[start..<start + length]
                        guard !areEqual(from, to) else { continue }
                        (top, bottom) = (min(top, y), y)
                        let differing = { (i: Int) in old[y * length + i] != new[start + i] }
                        left = (0..<left).first(where: differing) ?? left
                        right = (max(right, 0)..<length).last(where: differing) ?? right
                    }
                    return (left: left, right: right, top: top, bottom: bottom)
                }
            }
        }
        let (top, bottom) = (found.map(\.top).min() ?? height, found.map(\.bottom).max() ?? -1)
        guard bottom >= 0 else { return nil }
        let left = (found.map(\.left).min() ?? 0) / channels
        let right = (found.map(\.right).max() ?? 0) / channels
        return Box(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
    }

    /// 255 where the picture differs from the source in a box, which is counted from the source's top left.
    func changes(in image: Image, _ box: Box) -> Mask {
        let (width, channels) = (width, image.channels)
        let values = samples.withUnsafeBufferPointer { old in
            image.samples.withUnsafeBufferPointer { new in
                nonisolated(unsafe) let (old, new) = (old, new)
                return [UInt8].rows(box.height, of: box.width) { rows, values in
                    for y in rows {
                        let before = ((box.y + y) * width + box.x) * channels
                        let after =
                            ((self.y + box.y + y) * image.width + self.x + box.x) * channels
                        for column in 0..<box.width {
                            let range = column * channels..<(column + 1) * channels
                            let differs = range.contains { old[before + $0] != new[after + $0] }
                            values[y * box.width + column] = differs ? 255 : 0
                        }
                    }
                }
            }
        }
        return Mask(width: box.width, height: box.height, values: values)
    }

    /// The source of the picture on a canvas that adds these insets.
    func extended(by insets: Insets) -> JPEGSource {
        var source = self
        source.x += insets.left
        source.y += insets.top
        return source
    }
}

/// The metadata that a JPEG is written with.
struct MetadataRecord: Sendable, Equatable {
    private let blocks: [[UInt8]?]
    private let comments: [[UInt8]]
    private let parameters: String?
    private let digitalSourceType: DigitalSourceType?

    init(_ metadata: ImageMetadata) {
        blocks = [metadata.exif, metadata.iccProfile, metadata.xmp, metadata.photoshopResources]
        comments = metadata.comments
        parameters = metadata.parameters
        digitalSourceType = metadata.digitalSourceType
    }
}

extension Image {
    /// Insets of the same sums, moved so that the JPEG that the picture was read from begins on a block of the
    /// larger picture, whose blocks can then be kept; the same for other pictures.
    public func aligningBlocks(_ insets: Insets) -> Insets {
        guard let source = metadata.jpegSource, let components = metadata.jpegCoding?.components,
            let across = components.map(\.horizontal).max(),
            let down = components.map(\.vertical).max()
        else { return insets }
        /// What is added on both sides of one direction. Blocks begin at the first, or at the second where the
        /// file's picture is turned.
        func aligned(
            _ first: Int, _ second: Int, behind base: (first: Int, second: Int), unit: Int,
            isTurned: Bool
        ) -> (first: Int, second: Int) {
            if isTurned {
                let turned = aligned(
                    second, first, behind: (base.second, base.first), unit: unit, isTurned: false)
                return (turned.second, turned.first)
            }
            // A side that does not grow stays as it is.
            guard first > 0, second > 0 else { return (first, second) }
            let sum = first + second
            let moved = (base.first + first + unit / 2) / unit * unit - base.first
            let fitting = [moved, moved - unit].first { (0...sum).contains($0) } ?? first
            return (fitting, sum - fitting)
        }
        let (place, orientation) = (source.place, source.orientation)
        let (left, right) = aligned(
            insets.left, insets.right, behind: (place.x, width - place.end.x), unit: 8 * across,
            isTurned: [.mirrored, .turnedHalf, .turnedRight, .transversed].contains(orientation))
        let (top, bottom) = aligned(
            insets.top, insets.bottom, behind: (place.y, height - place.end.y), unit: 8 * down,
            isTurned: [.flipped, .turnedHalf, .turnedLeft, .transversed].contains(orientation))
        return Insets(top: top, left: left, bottom: bottom, right: right)
    }

    /// Whether these bytes are those of the JPEG that the picture was read from.
    public func isFile(_ data: Data) -> Bool {
        metadata.jpegSource.map { $0.bytes == data } ?? false
    }
}

/// Whether both, of one length, hold the same.
func areEqual(_ a: Slice<UnsafeBufferPointer<UInt16>>, _ b: Slice<UnsafeBufferPointer<UInt16>>)
    -> Bool
{
    let (first, second) = (
        UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: a)),
        UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: b))
    )
    guard first.count == second.count, let one = first.baseAddress, let other = second.baseAddress
    else { return first.count == second.count }
    return memcmp(one, other, first.count) == 0
}

extension Orientation {
    /// What undoes it.
    var inverse: Orientation {
        switch self {
        case .turnedRight: .turnedLeft
        case .turnedLeft: .turnedRight
        default: self
        }
    }
}

extension Box {
    /// Where the box is once the picture of that size that it is in has been turned.
    func turned(_ orientation: Orientation, inWidth width: Int, height: Int) -> Box {
        let (right, bottom) = (width - end.x, height - end.y)
        return switch orientation {
        case .upright: self
        case .mirrored: Box(x: right, y: y, width: self.width, height: self.height)
        case .turnedHalf: Box(x: right, y: bottom, width: self.width, height: self.height)
        case .flipped: Box(x: x, y: bottom, width: self.width, height: self.height)
        case .transposed: Box(x: y, y: x, width: self.height, height: self.width)
        case .turnedRight: Box(x: bottom, y: x, width: self.height, height: self.width)
        case .transversed: Box(x: bottom, y: right, width: self.height, height: self.width)
        case .turnedLeft: Box(x: y, y: right, width: self.height, height: self.width)
        }
    }
}
