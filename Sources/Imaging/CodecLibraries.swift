import CCodecs

extension Image {
    /// The libraries that read and write pictures, with their versions; `nil` in place of one that this
    /// build is without.
    public static let codecLibraries: [(format: String, version: String?)] = [
        ("png", codec_png_version().map { "libpng " + String(cString: $0) }),
        ("jpeg", codec_jpeg_version().map { String(cString: $0) }),
        ("webp", codec_webp_version().map { "libwebp " + String(cString: $0) }),
        ("heif", codec_heif_version().map { "libheif " + String(cString: $0) }),
        ("tiff", codec_tiff_version().map { "libtiff " + String(cString: $0) }),
    ]

    /// Those that are built in, by what they are for.
    public static let libraries = Dictionary(
        uniqueKeysWithValues: codecLibraries.compactMap { library in
            library.version.map { (library.format, $0) }
        })

    /// What cannot be done with pictures for want of a library or a codec of it, a sentence each; empty
    /// where everything can.
    public static let missingCodecs: [String] = {
        var missing: [String] = []
        if codec_tiff_version() == nil {
            missing.append(
                "TIFF is neither read nor written: install libtiff-dev and build again")
        }
        if codec_heif_version() == nil {
            return missing + [
                "HEIC and AVIF are neither read nor written: install libheif-dev and build again"
            ]
        }
        if codec_reads_heic() == 0 {
            missing.append("HEIC is not read: install libheif-plugin-libde265")
        }
        if codec_reads_avif() == 0 {
            missing.append("AVIF is not read: install libheif-plugin-dav1d")
        }
        if codec_writes_avif() == 0 {
            missing.append("AVIF is not written: install libheif-plugin-aomenc")
        }
        return missing
    }()
}
