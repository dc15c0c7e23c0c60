import Foundation
import Gesso
import Imaging

extension FuzzTarget {
    /// A reader of pictures for each format.
    static let pictures: [FuzzTarget] = [
        picture("png", ["png"], ["IHDR", "IDAT", "PLTE", "tRNS", "iTXt", "zTXt", "eXIf", "iCCP"]),
        picture("jpeg", ["jpg"], ["Exif\0\0", "JFIF\0", "ICC_PROFILE\0", "Photoshop 3.0\0"]),
        picture("webp", ["webp"], ["VP8X", "VP8L", "VP8 ", "ALPH", "ICCP", "EXIF", "XMP "]),
        picture(
            "heif", ["heic", "avif"], ["meta", "iprp", "ipco", "ipma", "ispe", "irot", "grid"]),
        picture("tiff", ["tif"], ["II*\0", "MM\0*"]),
        picture("gif", ["gif"], ["GIF89a", "NETSCAPE2.0"]),
        picture("bmp", ["bmp"], ["BM"]),
    ]

    /// Reads a file as `info` does, and writes and reads it once more, as PNG or as JPEG by the length of the input,
    /// so that a search has time for many.
    private static func picture(
        _ name: String, _ endings: [String], _ words: [String]
    ) -> FuzzTarget {
        FuzzTarget(
            name, words: words, longest: 1 << 13,
            from: {
                files("Images/Good", endings) + files("Images/Bad", endings)
                    + files("Credentials", endings)
                    + (name == "png" ? files("Pictures/Hidden", endings) : [])
            }
        ) { data in
            let info = try PictureInfo(data, named: "input")
            _ = try JSON.text(info.document(path: "input"))
            let image = info.image
            try require(
                image.samples.count == image.width * image.height * image.channels,
                "samples are missing")
            // Larger ones are written by the same code, and would be most of the time of a search.
            guard image.width * image.height <= 1 << 12 else { return }
            if data.count.isMultiple(of: 2) || image.isTransparent {
                let copy = try Image(decoding: image.encoded(as: .png), name: "copy")
                return try require(copy.samples == image.samples, "PNG changed the samples")
            }
            let jpeg = try Image(decoding: image.encoded(as: .jpeg), name: "copy")
            try require(jpeg.width == image.width, "JPEG changed the size")
        }
    }

    /// Readers of what is beside the pixels: each is put into a picture, which is written in every format
    /// and read again.
    static let metadata: [FuzzTarget] = [
        FuzzTarget(
            "exif", words: ["II*\0", "MM\0*", "UNICODE\0", "ASCII\0\0\0"], from: { found(\.exif) }
        ) {
            data in
            try writeAndRead(data) { $0.exif = Array(data) }
        },
        FuzzTarget(
            "xmp",
            words: [
                "<rdf:Description", "rdf:about=\"\"", "</rdf:Description>", "exif:GPSLatitude",
                "xmlns:exif=\"http://ns.adobe.com/exif/1.0/\"", "<!--", "-->", "<![CDATA[", "]]>",
                "xmpNote:HasExtendedXMP", "hdrgm:Version", "Container:Directory", "<rdf:li>",
            ], from: { found(\.xmp) }
        ) { data in
            try writeAndRead(data) { $0.xmp = Array(data) }
        },
        FuzzTarget(
            "icc", words: ["acsp", "RGB ", "GRAY", "curv", "para", "XYZ "],
            from: { found(\.iccProfile) }
        ) {
            data in
            for channels in 1...4 {
                var image = square(channels)
                image.metadata.iccProfile = Array(data)
                let inSRGB = image.inSRGB
                try require(inSRGB.width == image.width, "the profile changed the size")
                _ = try Image(decoding: image.encoded(as: .png), name: "copy")
            }
        },
    ]

    /// What the pictures of the corpus hold of a kind.
    private static func found(_ kind: KeyPath<ImageMetadata, [UInt8]?>) -> [Seed] {
        files("Images/Good", ["png", "jpg", "webp", "heic", "tif"]).compactMap { seed in
            guard let image = try? Image(decoding: seed.data, name: seed.name),
                let bytes = image.metadata[keyPath: kind], bytes.count <= 1 << 16
            else { return nil }
            return Seed(name: seed.name, data: Data(bytes))
        } + files("Images/Profiles")
    }

    private static func square(_ channels: Int) -> Image {
        Image(
            width: 2, height: 2, channels: channels,
            samples: (0..<4 * channels).map { UInt16($0 * 37 % 256) })
    }

    /// In one format only, by the length of the input, so that a search has time for many.
    private static func writeAndRead(
        _ data: Data, _ change: (inout ImageMetadata) -> Void
    ) throws {
        let formats: [ImageFormat] = [.png, .jpeg, .webp, .tiff]
        let format = formats[data.count % formats.count]
        var image = square(3)
        change(&image.metadata)
        var copy = try Image(decoding: image.encoded(as: format), name: "copy")
        copy.metadata.dropLocation()
        copy.metadata.parameters = "a lake"
        copy.metadata.digitalSourceType = .trainedAlgorithmicMedia
        _ = try Image(decoding: copy.encoded(as: format), name: "copy")
    }
}
