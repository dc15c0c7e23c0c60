import CCodecs

extension Image {
    /// The libraries that read and write pictures, with their versions.
    public static let libraries = [
        "png": codec_png_version().map { "libpng " + String(cString: $0) } ?? "unknown",
        "jpeg": codec_jpeg_version().map { String(cString: $0) } ?? "unknown",
    ]
}
