/// The file formats that are read and written.
public enum ImageFormat: String, CaseIterable, Sendable, CustomStringConvertible {
    case png = "PNG"
    case jpeg = "JPEG"
    case webp = "WebP"
    case avif = "AVIF"
    case tiff = "TIFF"
    case heic = "HEIC"
    case gif = "GIF"
    case bmp = "BMP"

    /// Those that are written, too.
    public static let written: [ImageFormat] = allCases.filter(\.isWritten)

    /// Whether pictures are written in it; the others are only read.
    public var isWritten: Bool {
        switch self {
        case .png, .jpeg, .webp, .avif, .tiff: true
        case .heic, .gif, .bmp: false
        }
    }

    /// Whether its files have a quality.
    public var hasQuality: Bool { [.jpeg, .webp, .avif].contains(self) }

    /// Its media type.
    public var mediaType: String { "image/" + rawValue.lowercased() }

    /// The endings of files' names, the usual one of each format first.
    private var endings: [String] {
        switch self {
        case .jpeg: ["jpg", "jpeg", "jpe", "jfif", "jif"]
        case .tiff: ["tif", "tiff"]
        case .heic: ["heic", "heif", "hif"]
        default: [rawValue.lowercased()]
        }
    }

    /// The endings of all files that are read.
    public static let pathExtensions = allCases.flatMap(\.endings)

    /// The usual ending of a file's name.
    public var fileExtension: String { endings[0] }

    /// The format that a file's ending shows, in any case: `png`, `jpg`, `tif`, `heic` and so on.
    public init?(pathExtension: String) {
        let ending = pathExtension.lowercased()
        guard let format = Self.allCases.first(where: { $0.endings.contains(ending) }) else {
            return nil
        }
        self = format
    }

    /// The format that is written under a name with that ending; nil for those that are only read.
    public init?(written pathExtension: String) {
        self.init(pathExtension: pathExtension)
        guard isWritten else { return nil }
    }

    /// The format that the first bytes of a file show. The name of a file plays no part.
    public init?(sniffing bytes: some Collection<UInt8>) {
        let head = Array(bytes.prefix(256))
        func begins(_ text: String, at offset: Int = 0) -> Bool {
            head.dropFirst(offset).starts(with: text.utf8)
        }
        if head.starts(with: Self.pngSignature) {
            self = .png
        } else if head.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if begins("RIFF"), begins("WEBP", at: 8) {
            self = .webp
        } else if let format = Self.brand(of: head) {
            self = format
        } else if ["II*\0", "MM\0*", "II+\0", "MM\0+"].contains(where: { begins($0) }),
            !begins("CR", at: 8)
        {
            self = .tiff
        } else if begins("GIF87a") || begins("GIF89a") {
            self = .gif
        } else if begins("BM"), head.count >= 18, head[14] >= 12,
            head[15...17].allSatisfy({ $0 == 0 })
        {
            self = .bmp
        } else {
            return nil
        }
    }

    /// HEIF has its kinds in a list at its begin (ISO/IEC 23008-12, 10.2; AV1 Image File Format, 6).
    private static func brand(of head: [UInt8]) -> ImageFormat? {
        guard head.count >= 12, head[4..<8].elementsEqual("ftyp".utf8) else { return nil }
        let size = head[0..<4].reduce(0) { $0 << 8 | Int($1) }
        let end = min(max(size, 12), head.count)
        let brands = stride(from: 8, to: end - 3, by: 4).filter { $0 != 12 }
            .map { latin1(head[$0..<$0 + 4]) }
        if brands.contains(where: ["avif", "avis"].contains) { return .avif }
        let known = ["heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs"]
        if brands.contains(where: known.contains) { return .heic }
        return ["mif1", "msf1"].contains(brands.first) ? .heic : nil
    }

    /// As people write it.
    public var description: String { rawValue }

    static let riffSignature = Array("RIFF".utf8)
    static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
}

/// What pictures may be read; checked before any memory is taken for pixels.
public enum ImageLimits {
    /// The longest side in pixels, as in JPEG.
    public static let side = 65_500
    /// The longest side of a WebP in pixels.
    public static let webPSide = 16_383
    /// The longest side of an AVIF in pixels: what libheif reads again.
    public static let avifSide = 32_767
    /// The largest area in pixels.
    public static let pixels = 200_000_000
    /// The largest file in bytes.
    public static let fileBytes = 2_000_000_000
    /// The largest colour profile in bytes; the markers of a JPEG hold hardly more.
    public static let profileBytes = 15 << 20

    /// - Throws: ``ImagingError/tooLarge(name:width:height:)`` for a size beyond the limits.
    public static func check(width: Int, height: Int, name: String) throws {
        guard width <= side, height <= side, width * height <= pixels else {
            throw ImagingError.tooLarge(name: name, width: width, height: height)
        }
    }
}

private let jpegXL = "a JPEG XL"
private let cutOff = "cut off within its first bytes"
private let pointer = "a Git LFS pointer"
private let webPage = "an HTML page"

/// What helps where a file is no picture that is read but something else.
func remedy(forForeign kind: String) -> String {
    switch kind {
    case jpegXL: "convert it first, as with djxl"
    case pointer: "fetch the picture with git lfs pull"
    case webPage: "download the picture itself"
    case "empty", cutOff: "give the whole picture"
    default: "convert it to PNG or JPEG first"
    }
}

/// Names what a file is when it is no picture that is read, with its article: "a PDF".
func foreignKind(of bytes: some Collection<UInt8>) -> String {
    if bytes.isEmpty { return "empty" }
    if ImageFormat.pngSignature.starts(with: bytes) || bytes.elementsEqual([0xFF, 0xD8])
        || bytes.count < 12 && bytes.starts(with: ImageFormat.riffSignature)
    {
        return cutOff
    }
    let signatures: [(offset: Int, text: String, kind: String)] = [
        (4, "ftypcrx", "a camera's raw file"), (8, "CR\u{2}", "a camera's raw file"),
        (0, "IIRO", "a camera's raw file"), (0, "IIU\0", "a camera's raw file"),
        (0, "FUJIFILMCCD-RAW", "a camera's raw file"), (4, "ftyp", "a video"),
        (4, "JXL ", jpegXL), (4, "jP  ", "a JPEG 2000"), (0, "8BPS", "a Photoshop file"),
        (0, "%PDF", "a PDF"), (0, "gimp xcf", "a GIMP file"), (0, "PK\u{3}\u{4}", "a ZIP archive"),
        (0, "version https://git-lfs", pointer), (0, "v/1\u{1}", "an OpenEXR"),
        (0, "#?RADIANCE", "a Radiance picture"), (0, "DDS ", "a DirectDraw surface"),
        (0, "\0\0\u{1}\0", "a Windows icon"), (0, "P5\n", "a Netpbm picture"),
        (0, "P6\n", "a Netpbm picture"),
    ]
    for (offset, text, kind) in signatures where bytes.dropFirst(offset).starts(with: text.utf8) {
        return kind
    }
    if bytes.starts(with: [0xFF, 0x0A]) { return jpegXL }
    let head = String(decoding: bytes.prefix(512), as: UTF8.self).lowercased()
    if head.contains("<svg") { return "an SVG" }
    if head.contains("<html") || head.contains("<!doctype html") { return webPage }
    return "of an unknown kind"
}
