import CCodecs
import Files
public import FoundationEssentials

extension Image {
    /// Reads a picture of an ``ImageFormat``; the bytes decide which one, not the name.
    ///
    /// Damage is an error, never a half-grey picture. The orientation is applied and set to 1 in the kept
    /// metadata. CMYK becomes sRGB by its profile, RGB by the naive conversion without one; so do colours
    /// whose profile only says what they look like, not how to store others; a palette becomes colours, a transparent colour becomes alpha; of an animation, or of several pictures, the
    /// first is read. Samples of 10 and 12 bits become 16, and so do floats from 0 to 1. All other samples
    /// are those of the file, whatever its profile.
    ///
    /// - Parameter name: How errors call the file.
    /// - Throws: ``ImagingError``.
    public init(decoding data: Data, name: String) throws {
        let mended = JPEGMending(data)
        let data = mended?.file ?? data
        let (stored, format) = try data.withUnsafeBytes { bytes -> (StoredImage, ImageFormat) in
            guard let format = ImageFormat(sniffing: bytes) else {
                throw ImagingError.notAPicture(name: name, found: foreignKind(of: bytes))
            }
            let source = bytes.assumingMemoryBound(to: UInt8.self)
            if format == .png { try checkPNGSize(source, name: name) }
            return (try decode(source, as: format, name: name), format)
        }
        let orientation = stored.orientation
        self = stored.image.turned(orientation)
        metadata.normalise(after: orientation)
        metadata.warnings += [mended?.note].compactMap(\.self)
        if format == .jpeg, metadata.jpegCoding != nil {
            metadata.jpegSource = JPEGSource(data, orientation: orientation, read: self)
        } else if orientation != .upright {
            metadata.dropStoredPlaces()
        }
    }
}

/// What a JPEG says of itself before its pixels.
struct JPEGHeader {
    let width: Int
    let height: Int
    let orientation: Orientation

    /// Nil for what is no JPEG that can be read.
    init?(_ data: Data) {
        let data = JPEGMending(data)?.file ?? data
        let header: JPEGHeader? = data.withUnsafeBytes { bytes in
            let source = bytes.assumingMemoryBound(to: UInt8.self)
            guard let reader = codec_jpeg_open(source.baseAddress, source.count) else { return nil }
            defer { codec_jpeg_close(reader) }
            guard codec_jpeg_header(reader) == codec_ok else { return nil }
            return JPEGHeader(
                width: Int(reader.pointee.width), height: Int(reader.pointee.height),
                orientation: ImageMetadata.orientation(reader, .jpeg))
        }
        guard let header else { return nil }
        self = header
    }

    private init(width: Int, height: Int, orientation: Orientation) {
        (self.width, self.height, self.orientation) = (width, height, orientation)
    }
}

/// The calls of one codec, as CCodecs names them.
struct CodecCalls {
    let open: (UnsafePointer<UInt8>?, Int) -> UnsafeMutablePointer<codec_reader>?
    let header: (UnsafeMutablePointer<codec_reader>?) -> codec_status
    let pixels: (UnsafeMutablePointer<codec_reader>?, UnsafeMutablePointer<UInt16>?) -> codec_status
    let close: (UnsafeMutablePointer<codec_reader>?) -> Void
    /// Nil where all pixels come at once.
    var rows:
        (
            (UnsafeMutablePointer<codec_reader>?, UnsafeMutablePointer<UInt16>?, UInt32) ->
                codec_status
        )?

    init(_ format: ImageFormat) {
        switch format {
        case .png:
            open = codec_png_open
            header = codec_png_header
            pixels = codec_png_pixels
            close = codec_png_close
            rows = codec_png_rows
        case .jpeg:
            open = codec_jpeg_open
            header = codec_jpeg_header
            pixels = codec_jpeg_pixels
            close = codec_jpeg_close
            rows = codec_jpeg_rows
        case .webp:
            open = codec_webp_open
            header = codec_webp_header
            pixels = codec_webp_pixels
            close = codec_webp_close
        case .heic, .avif:
            open = codec_heif_open
            header = codec_heif_header
            pixels = codec_heif_pixels
            close = codec_heif_close
        case .tiff:
            open = codec_tiff_open
            header = codec_tiff_header
            pixels = codec_tiff_pixels
            close = codec_tiff_close
        case .gif:
            open = codec_gif_open
            header = codec_gif_header
            pixels = codec_gif_pixels
            close = codec_gif_close
        case .bmp:
            open = codec_bmp_open
            header = codec_bmp_header
            pixels = codec_bmp_pixels
            close = codec_bmp_close
        }
    }
}

/// The size is at a fixed place; looking there first gives one wording for all absurd sizes.
private func checkPNGSize(_ bytes: UnsafeBufferPointer<UInt8>, name: String) throws {
    guard bytes.count >= 24, bytes[12..<16].elementsEqual("IHDR".utf8) else { return }
    func number(at offset: Int) -> Int {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    try ImageLimits.check(width: number(at: 16), height: number(at: 20), name: name)
}

/// A picture as it is in its file, and how it is to be turned.
private struct StoredImage {
    let image: Image
    let orientation: Orientation

    /// libheif turns pictures itself, and EXIF plays no part there (ISO/IEC 23008-12, 6.5.10).
    init(_ image: Image, _ format: ImageFormat, orientation: Int32) {
        self.image = image
        self.orientation =
            switch format {
            case .heic, .avif: .upright
            case .tiff: Orientation(rawValue: Int(orientation)) ?? .upright
            default: image.metadata.exif.flatMap { EXIF($0)?.orientation } ?? .upright
            }
    }
}

/// The picture as it is stored, not yet turned.
private func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, as format: ImageFormat, name: String
) throws -> StoredImage {
    let calls = CodecCalls(format)
    guard let reader = calls.open(bytes.baseAddress, bytes.count) else {
        throw ImagingError.outOfMemory(name: name)
    }
    defer { calls.close(reader) }
    func check(_ status: codec_status) throws {
        try codec_reader.check(status, reader, format, name: name)
    }
    // Before libheif looks at it, which follows items that contain themselves.
    let items = [.heic, .avif].contains(format) ? HEIFItems(bytes) : nil
    try items?.check(name: name, format: format)
    try check(calls.header(reader))
    let (width, height) = (Int(reader.pointee.width), Int(reader.pointee.height))
    try ImageLimits.check(width: width, height: height, name: name)
    let count = width * height * Int(reader.pointee.channels)
    // The samples, and once more what the codec and the turning upright need.
    // A small picture is read in less time than asking takes.
    let needed = count * 2 * MemoryLayout<UInt16>.size
    if needed > 4 << 20, let available = availableMemory(), needed > available {
        throw ImagingError.outOfMemory(name: name)
    }
    let samples = try [UInt16](count: count) { try check(calls.pixels(reader, $0.baseAddress)) }
    let image = Image(
        width: width, height: height, channels: Int(reader.pointee.channels),
        depth: Int(reader.pointee.depth), samples: samples,
        metadata: try ImageMetadata(reader, bytes, items, format: format, name: name))
    return StoredImage(image.withWayBack, format, orientation: reader.pointee.orientation)
}

extension codec_reader {
    /// Throws what a status stands for.
    static func check(
        _ status: codec_status, _ reader: UnsafeMutablePointer<codec_reader>,
        _ format: ImageFormat, name: String
    ) throws {
        guard status != codec_ok else { return }
        if status == codec_no_memory { throw ImagingError.outOfMemory(name: name) }
        let detail = string(of: &reader.pointee.message)
        throw status == codec_unsupported
            ? ImagingError.unsupported(name: name, format: format, detail: detail)
            : ImagingError.damaged(name: name, format: format, detail: detail)
    }
}

/// The text in a C character array that Swift sees as a tuple.
private func string<Characters>(of characters: inout Characters) -> String {
    withUnsafeBytes(of: &characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

extension ImageMetadata {
    fileprivate init(
        _ reader: UnsafeMutablePointer<codec_reader>, _ bytes: UnsafeBufferPointer<UInt8>,
        _ heif: HEIFItems?, format: ImageFormat, name: String
    ) throws {
        for line in string(of: &reader.pointee.warnings).split(separator: "\n")
        where !warnings.contains(String(line)) {
            warnings.append(String(line))
        }
        let items = UnsafeBufferPointer(
            start: reader.pointee.items.list, count: reader.pointee.items.count
        ).map(CodecItem.init)
        switch format {
        case .png:
            try readChunks(items, name: name)
            describeColors(channels: Int(reader.pointee.channels))
        case .jpeg:
            try readMarkers(items, name: name)
            jpegCoding = JPEGCoding(reader.pointee.coding)
            resolution = Resolution(reader.pointee.density)
            if jpegCoding == nil {
                jpegObstacle =
                    reader.pointee.converted_from_cmyk != 0
                    ? "its CMYK became RGB" : "its colours, sampling or tables are unusual"
            }
        case .webp, .gif, .bmp: try readBlocks(items, format, name: name)
        case .heic, .avif:
            try readBlocks(items, format, name: name)
            readHEIF(reader.pointee, heif)
        case .tiff:
            try readBlocks(items, format, name: name)
            readTIFF(reader.pointee, bytes)
        }
        if reader.pointee.converted_from_cmyk == 2 {
            iccProfile = nil
            warnings.append("converted from CMYK to sRGB by its profile")
        } else if reader.pointee.converted_from_cmyk != 0 {
            warnings.append("converted from CMYK to RGB")
        }
        keepProfile(channels: Int(reader.pointee.channels))
        let isConverted =
            reader.pointee.converted_from_cmyk != 0
            || reader.pointee.reductions & codec_from_lab.rawValue != 0
        if ![.heic, .avif].contains(format), !isConverted {
            takeColorsOfEXIF(channels: Int(reader.pointee.channels))
        }
        dropCompanions()
        if reader.pointee.animated != 0 || heif?.isAnimated == true {
            warnings.append("animated; only the first frame is read")
        } else if reader.pointee.pictures > 1 {
            warnings.append("holds \(reader.pointee.pictures) pictures; only the first is read")
        }
        if reader.pointee.items.dropped > 0 {
            warnings.append("\(reader.pointee.items.dropped) pieces of metadata were left out")
        }
        if format == .jpeg, Self.isFilm(bytes.suffix(reader.pointee.trailing_bytes)) {
            lost.insert(.motion)
        }
        if reader.pointee.trailing_bytes > 0, !lost.contains(where: \.isAppended) {
            warnings.append("\(reader.pointee.trailing_bytes) bytes after the picture were ignored")
        }
    }

    /// Drops what XMP says of things that are not read, and XMP that is broken.
    private mutating func dropCompanions() {
        if let packet = xmp.map(XMP.inUTF8) {
            let kept = XMP.withoutCompanions(packet)
            xmp = kept?.packet
            lost.formUnion(kept?.found ?? [])
            if kept == nil { warnings.append("the XMP is broken and was left out") }
        }
        // What is known by its name needs no second word.
        if lost.contains(where: { [.gainMap, .depth].contains($0) }) {
            lost.remove(.otherPictures)
        }
    }

    /// Drops a profile that is broken or for other channels than the samples have.
    private mutating func keepProfile(channels: Int) {
        guard let profile = iccProfile else { return }
        let space = channels < 3 ? "GRAY" : "RGB "
        let size = profile.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        if size >= 132, size < profile.count {
            iccProfile = Array(profile.prefix(size))
            warnings.append("bytes behind the end of the colour profile were left out")
            return keepProfile(channels: channels)
        }
        guard profile.count >= 132, size == profile.count,
            profile[36..<40].elementsEqual("acsp".utf8), profile[16..<20].elementsEqual(space.utf8),
            ColorProfile(profile, channels: channels) != nil
        else {
            iccProfile = nil
            warnings.append("the colour profile is broken or for other channels and was left out")
            return
        }
    }

    /// Brings the metadata in line with the turned pixels.
    fileprivate mutating func normalise(after orientation: Orientation) {
        if let bytes = exif {
            exif = EXIF(bytes)?.normalised
            if exif == nil { warnings.append("the EXIF block is broken and was left out") }
        }
        // Where something else stood before its word for Adobe RGB, a copy of the picture may lack that.
        if iccProfile == nil, var block = exif.flatMap({ EXIF($0) }) {
            block.setStandardColors()
            exif = block.bytes
        }
        if orientation != .upright { xmp = xmp.map { XMP.turned($0, .upright) } }
    }
}

/// A `codec_item` as a Swift value.
struct CodecItem {
    let name: String
    let keyword: String
    let bytes: [UInt8]

    init(_ item: codec_item) {
        var item = item
        name = string(of: &item.name)
        keyword = withUnsafeBytes(of: &item.keyword) { latin1($0.prefix { $0 != 0 }) }
        bytes = Array(UnsafeBufferPointer(start: item.bytes, count: item.count))
    }
}

/// Latin-1 text: every byte is a Unicode scalar.
func latin1(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
}

/// A text, as many programs write it without saying in which characters: UTF-8, otherwise Latin-1. Some end it with a
/// zero, as texts in memory end.
func textBeforeZero(_ bytes: some Collection<UInt8>) -> String {
    let bytes = bytes.prefix { $0 != 0 }
    return String(validating: bytes, as: UTF8.self) ?? latin1(bytes)
}
