/// What a picture file carries beside its pixels, kept from the source and written back.
public struct ImageMetadata: Sendable, Equatable {
    /// The EXIF block (a TIFF structure, without JPEG's `Exif\0\0`). Its orientation is 1, because
    /// the pixels were turned when the file was read; its thumbnail is gone, because it would go on
    /// showing the picture before the edit.
    public var exif: [UInt8]?
    /// The ICC colour profile of the samples.
    public var iccProfile: [UInt8]?
    /// The XMP packet, UTF-8.
    public var xmp: [UInt8]?
    /// Text chunks of other programs (PNG only), in file order, without `parameters`.
    public var text: [TextEntry] = []
    /// The texts in EXIF's first directory, the first 16 of them, and the user comment.
    public var exifTexts: [String] {
        exif.flatMap { EXIF($0) }.map { exif in
            exif.texts + (exif.userComment.map { [$0] } ?? [])
        } ?? []
    }
    /// How the picture was made, as text: PNG's `parameters` chunk, or EXIF's user comment that reads as settings.
    public var parameters: String?
    /// Written into the XMP packet when set; on reading it stays nil and what the file says is in
    /// ``xmp``.
    public var digitalSourceType: DigitalSourceType?
    /// Small PNG chunks that describe the samples (`gAMA`, `cHRM`, `sRGB`, `cICP`), raw.
    public var pngChunks: [PNGChunk] = []
    /// Pixels on an inch: JFIF's, PNG's or TIFF's own, which EXIF may repeat or not.
    public var resolution: Resolution?
    /// Photoshop's resources, IPTC's data among them, as a JPEG holds them behind the prefix of its APP13
    /// markers.
    public var photoshopResources: [UInt8]?
    /// How the source was compressed, if it was a JPEG.
    public var jpegCoding: JPEGCoding?
    /// Why no block of the source can be kept, if it was a JPEG of which none can.
    public var jpegObstacle: String?
    /// The file itself, if it was a JPEG of which blocks can be kept.
    public var jpegSource: JPEGSource?
    /// Comments in a JPEG, each in a marker of its own; written to JPEGs only.
    public var comments: [[UInt8]] = []
    /// What the file held beside the picture. It is not read, and it is written only where the file
    /// itself is written again, because nothing of its picture and its metadata was changed.
    public var lost: Set<Companion> = []
    /// What is said of the loss of these, one short sentence each; empty for what every program makes anew.
    public var losses: [String] { Companion.allCases.filter(lost.contains).compactMap(\.note) }
    /// What the reader let pass but wants to be known, one short sentence each. Never written.
    public var warnings: [String] = []

    /// No metadata.
    public init() {}

    /// The IPTC source type that the picture's XMP packet says, as it stands there.
    public var statedDigitalSourceType: String? { xmp.flatMap(XMP.digitalSourceType) }
}

/// A text chunk of a PNG file.
public struct TextEntry: Sendable, Equatable {
    /// 1 to 79 Latin-1 characters.
    public var keyword: String
    /// The text.
    public var value: String
    /// The language of both, as in `de-AT`; empty where it is not said.
    public var language = ""
    /// The keyword in that language; empty for none.
    public var translatedKeyword = ""

    /// A text under a keyword.
    public init(keyword: String, value: String) {
        self.keyword = keyword
        self.value = value
    }
}

/// A PNG chunk kept as it is.
public struct PNGChunk: Sendable, Equatable {
    /// Four letters.
    public var name: String
    /// The payload without length and checksum.
    public var bytes: [UInt8]

    /// A chunk with its payload.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// The quantisation tables and chroma sampling of a JPEG file.
public struct JPEGCoding: Sendable, Equatable {
    /// Sampling factors and table of one component.
    public struct Component: Sendable, Equatable {
        /// Horizontal sampling factor.
        public var horizontal: Int
        /// Vertical sampling factor.
        public var vertical: Int
        /// 64 divisors in 1...255, row by row.
        public var table: [UInt16]
    }

    /// One for grey, three for YCbCr.
    public var components: [Component]
}

/// IPTC's word for how a picture came about.
public enum DigitalSourceType: String, Sendable, CaseIterable {
    /// A photograph of which parts were painted by a trained model.
    case compositeWithTrainedAlgorithmicMedia =
        "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    /// A picture made wholly by a trained model.
    case trainedAlgorithmicMedia =
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
}
