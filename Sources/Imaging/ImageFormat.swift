/// The file formats that are read and written.
public enum ImageFormat: String, CaseIterable, Sendable, CustomStringConvertible {
    case png = "PNG"
    case jpeg = "JPEG"
    case webp = "WebP"

    /// The format a file name asks for: `png`, `webp`, or `jpg`, `jpeg`, `jpe`, in any case.
    public init?(pathExtension: String) {
        switch pathExtension.lowercased() {
        case "png": self = .png
        case "jpg", "jpeg", "jpe": self = .jpeg
        case "webp": self = .webp
        default: return nil
        }
    }

    /// The format that the first bytes of a file show. The name of a file plays no part.
    public init?(sniffing bytes: some Collection<UInt8>) {
        if bytes.starts(with: Self.pngSignature) {
            self = .png
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if bytes.starts(with: Self.riffSignature),
            bytes.dropFirst(8).starts(with: "WEBP".utf8)
        {
            self = .webp
        } else {
            return nil
        }
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

/// Names what a file is when it is neither PNG nor JPEG nor WebP, with its article: "a GIF".
func foreignKind(of bytes: some Collection<UInt8>) -> String {
    if bytes.isEmpty { return "empty" }
    if ImageFormat.pngSignature.starts(with: bytes) || bytes.elementsEqual([0xFF, 0xD8])
        || bytes.count < 12 && bytes.starts(with: ImageFormat.riffSignature)
    {
        return "cut off within its first bytes"
    }
    let signatures: [(offset: Int, text: String, kind: String)] = [
        (0, "GIF8", "a GIF"), (0, "BM", "a BMP"),
        (0, "II*\0", "a TIFF"), (0, "MM\0*", "a TIFF"), (0, "II+\0", "a TIFF"),
        (4, "ftypavi", "an AVIF"), (4, "ftyphei", "an HEIC"), (4, "ftyphev", "an HEIC"),
        (4, "ftypmif1", "an HEIC"), (4, "ftypmsf1", "an HEIC"), (4, "ftyp", "a video"),
        (4, "JXL ", "a JPEG XL"),
        (4, "jP  ", "a JPEG 2000"), (0, "8BPS", "a Photoshop file"), (0, "%PDF", "a PDF"),
        (0, "gimp xcf", "a GIMP file"), (0, "PK\u{3}\u{4}", "a ZIP archive"),
        (0, "version https://git-lfs", "a Git LFS pointer"),
    ]
    for (offset, text, kind) in signatures where bytes.dropFirst(offset).starts(with: text.utf8) {
        return kind
    }
    if bytes.starts(with: [0xFF, 0x0A]) { return "a JPEG XL" }
    let head = String(decoding: bytes.prefix(512), as: UTF8.self).lowercased()
    if head.contains("<svg") { return "an SVG" }
    if head.contains("<html") || head.contains("<!doctype html") { return "an HTML page" }
    return "of an unknown kind"
}
