public import FoundationEssentials

/// The JPEG file that a picture was read from, of which blocks can be kept when it is written again.
public struct JPEGSource: Sendable, Equatable {
    /// The whole file.
    let bytes: Data
    /// How the file's pixels are turned to stand upright.
    let orientation: Orientation
    /// What the file says beside its pixels, as far as it is kept.
    let record: MetadataRecord
    /// Where the file's picture is on the upright picture: columns from the left, rows from the top.
    var x = 0
    var y = 0

    init(bytes: Data, orientation: Orientation, record: MetadataRecord) {
        self.bytes = bytes
        self.orientation = orientation
        self.record = record
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
    /// Whether these bytes are those of the JPEG that the picture was read from.
    public func isFile(_ data: Data) -> Bool {
        metadata.jpegSource.map { $0.bytes == data } ?? false
    }
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
