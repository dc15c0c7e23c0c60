import CCodecs
public import FoundationEssentials
import Glibc

extension Image {
    /// Writes the picture with its metadata. The same picture always gives the same bytes.
    ///
    /// PNG keeps channels and depth. JPEG takes 8 bits without alpha: a 16-bit picture is rounded,
    /// an alpha channel that is opaque everywhere is dropped, and a transparent one is an error.
    /// Without a quality a picture that was read from a JPEG is written over it: blocks whose pixels
    /// are unchanged keep their coefficients, and the file stays turned as it was.
    ///
    /// WebP takes 8 bits, too, and has no grey: grey becomes RGB, its profile one for RGB. So does AVIF's
    /// grey; its samples have 8 bits, or 12 where the picture has 16. TIFF keeps channels and depth, deflated.
    ///
    /// - Parameter quality: 1...100. Of a JPEG, without chroma subsampling; nil means: compressed as
    ///   the source was if that was a JPEG, otherwise quality 95. Of a WebP or AVIF, lossy; nil means
    ///   lossless.
    /// - Throws: ``ImagingError/cannotEncode(format:reason:)``.
    public func encoded(as format: ImageFormat, quality: Int? = nil) throws -> Data {
        try checkEncodable(as: format)
        if format != .jpeg, metadata.jpegSource != nil {
            return try upright.encoded(as: format, quality: quality)
        }
        // A lossy encoder lets colours that are hidden under transparency run into those that are seen.
        let seen = quality == nil ? self : withoutHiddenColors
        switch format {
        case .png: return try encodedPNG()
        case .jpeg: return try flattened.encodedJPEG(quality: quality).data
        case .webp: return try seen.colored(depth: 8).encodedWebP(quality: quality)
        case .avif: return try seen.colored(depth: depth).encodedAVIF(quality: quality)
        case .tiff: return try encodedTIFF()
        case .heic, .gif, .bmp:
            throw ImagingError.cannotEncode(format: format, reason: "it is only read")
        }
    }

    /// The same, and whether it is a JPEG that was written over the one that the picture was read from, whose blocks are
    /// kept where no pixel was changed.
    package func encodedNotingBlocks(
        as format: ImageFormat, quality: Int? = nil
    ) throws -> (data: Data, keepsBlocks: Bool) {
        guard format == .jpeg else { return (try encoded(as: format, quality: quality), false) }
        try checkEncodable(as: format)
        return try flattened.encodedJPEG(quality: quality)
    }

    /// Throws now what ``encoded(as:quality:)`` would throw after a long edit.
    public func checkEncodable(as format: ImageFormat) throws {
        func refuse(_ reason: String) -> ImagingError {
            .cannotEncode(format: format, reason: reason)
        }
        let side: Int
        switch format {
        case .png: return
        case .tiff:
            guard Self.libraries["tiff"] == nil else { return }
            throw refuse("this build is without libtiff")
        case .jpeg:
            if isTransparent { throw refuse("it has transparent parts; write a PNG or WebP") }
            side = ImageLimits.side
        case .webp: side = ImageLimits.webPSide
        case .avif:
            if codec_writes_avif() == 0 {
                throw refuse("there is no encoder for AVIF; see gesso doctor")
            }
            side = ImageLimits.avifSide
        case .heic, .gif, .bmp: throw refuse("it is only read")
        }
        if max(width, height) > side {
            throw ImagingError.cannotEncode(
                format: format, reason: "a side is longer than \(side); write a PNG")
        }
    }

    /// Whether a file of that format and quality holds the picture's very samples.
    public func isKept(by format: ImageFormat, quality: Int?) -> Bool {
        switch format {
        case .png, .tiff: true
        case .webp: quality == nil && depth == 8
        case .avif: quality == nil && hasTwelveBits
        case .jpeg, .heic, .gif, .bmp: false
        }
    }

    /// As it is written where not over the JPEG that it was read from, which may be stored turned.
    private var upright: Image {
        var image = self
        image.metadata = metadata.upright
        return image
    }

    /// Without alpha, 8 bit.
    private var flattened: Image { converted(channels: isGrey ? 1 : 3, depth: 8) }

    /// RGB or RGBA.
    private func colored(depth: Int) -> Image {
        var image = converted(channels: hasAlpha ? 4 : 3, depth: depth)
        if isGrey {
            image.metadata.iccProfile = metadata.iccProfile.flatMap(ColorProfile.colors(ofGrey:))
        }
        return image
    }

    private func encodedPNG() throws -> Data {
        let chunks = metadata.chunks(for: self).map { (name: $0.name, bytes: $0.bytes) }
        let stripeRows = max((1 << 20) / (width * channels * depth / 8), 1)
        let deflated = samples.withUnsafeBufferPointer { samples in
            nonisolated(unsafe) let samples = samples
            return Bands.map(of: height, height: stripeRows) { rows in
                var stripe = codec_png_stripe()
                let status = codec_png_deflate(
                    samples.baseAddress, UInt32(width), Int32(channels), Int32(depth),
                    UInt32(rows.lowerBound), UInt32(rows.count),
                    rows.upperBound == height ? 1 : 0, &stripe)
                return (stripe: stripe, status: status)
            }
        }
        defer { for part in deflated { free(part.stripe.bytes) } }
        return try written(as: .png, items: chunks) { writer, _ in
            if let failed = deflated.first(where: { $0.status != codec_ok }) {
                return failed.status
            }
            return codec_png_write(
                writer, UInt32(width), UInt32(height), Int32(channels), Int32(depth),
                deflated.map(\.stripe), deflated.count)
        }
    }

    private func encodedJPEG(quality: Int?) throws -> (data: Data, keepsBlocks: Bool) {
        let coding = quality == nil ? metadata.jpegCoding?.forWriting(channels: channels) : nil
        if coding != nil, let kept = try encodedOverSource() { return (kept, true) }
        let written = try writtenJPEG(
            upright.metadata.markers(width: width, height: height, orientation: .upright),
            quality: quality ?? 95, coding)
        return (written, false)
    }

    /// - Parameter quality: counts only without `coding`.
    func writtenJPEG(
        _ items: [(name: String, bytes: [UInt8])], quality: Int, _ coding: codec_jpeg_coding?
    ) throws -> Data {
        let number = Int32(min(max(quality, 1), 100))
        let density = metadata.resolution?.density ?? codec_density()
        return try written(as: .jpeg, items: items) { writer, samples in
            func write(_ coding: UnsafePointer<codec_jpeg_coding>?) -> codec_status {
                codec_jpeg_write(
                    writer, samples, UInt32(width), UInt32(height), Int32(channels), number, coding,
                    density)
            }
            return coding.map { withUnsafePointer(to: $0) { write($0) } } ?? write(nil)
        }
    }

    private func encodedWebP(quality: Int?) throws -> Data {
        let number = quality.map { Int32(min(max($0, 1), 100)) } ?? -1
        let encoded = try written(as: .webp, items: []) { writer, samples in
            codec_webp_write(
                writer, samples, UInt32(width), UInt32(height), Int32(channels), number)
        }
        return Data(metadata.webP(Array(encoded), for: self))
    }

    /// Whether all samples are such as 12 bits have, or 8.
    private var hasTwelveBits: Bool {
        depth == 8
            || samples.allSatisfy { sample in
                let value = (UInt32(sample) * 4095 + 32_767) / 65_535
                return (value * 65_535 + 2047) / 4095 == UInt32(sample)
            }
    }

    /// - Parameter threads: the bytes are the same for any number.
    package func encodedAVIF(
        quality: Int?, threads: Int = min(ProcessInfo.processInfo.activeProcessorCount, 16)
    ) throws -> Data {
        let number = quality.map { Int32(min(max($0, 1), 100)) } ?? -1
        let items = [
            ("ICCP", metadata.iccProfile), ("XMP ", metadata.packetWithIPTC),
            ("EXIF", metadata.exifBlock(for: self)),
        ].compactMap { item in item.1.map { (name: item.0, bytes: $0) } }
        return try written(as: .avif, items: items) { writer, samples in
            codec_avif_write(
                writer, samples, UInt32(width), UInt32(height), Int32(channels), Int32(depth),
                number, Int32(threads))
        }
    }

    private func encodedTIFF() throws -> Data {
        let exif = metadata.exifBlock(for: self)
        let isBigEndian = exif.map(EXIF.isBigEndian) ?? false
        let data = try written(as: .tiff, items: metadata.tiffItems()) { writer, samples in
            codec_tiff_write(
                writer, samples, UInt32(width), UInt32(height), Int32(channels), Int32(depth),
                isBigEndian ? 1 : 0)
        }
        let iptc = metadata.photoshopResources.flatMap(PhotoshopResources.iptc)
        let entries =
            TIFFTags.entries(
                exif.map(EXIF.entries) ?? [], with: metadata.resolution, isBigEndian: isBigEndian)
            + (iptc.map { [TIFFTags.iptcEntry($0)] } ?? [])
        guard !entries.isEmpty else { return data }
        var file = Array(data)
        TIFFTags.add(entries, isBigEndian: isBigEndian, to: &file)
        return Data(file)
    }

    func written(
        as format: ImageFormat, items: [(name: String, bytes: [UInt8])],
        by encode: (UnsafeMutablePointer<codec_writer>, UnsafePointer<UInt16>?) -> codec_status
    ) throws -> Data {
        guard let writer = codec_writer_open() else {
            throw ImagingError.outOfMemory(name: "output")
        }
        defer { codec_writer_close(writer) }
        for item in items {
            let status = item.bytes.withUnsafeBufferPointer {
                codec_writer_add(writer, item.name, $0.baseAddress, $0.count)
            }
            guard status == codec_ok else { throw ImagingError.outOfMemory(name: "output") }
        }
        let status = samples.withUnsafeBufferPointer { encode(writer, $0.baseAddress) }
        let bytes = writer.pointee.bytes
        guard status == codec_ok, let bytes else {
            free(bytes)
            if status == codec_no_memory { throw ImagingError.outOfMemory(name: "output") }
            let reason = withUnsafeBytes(of: &writer.pointee.message) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw ImagingError.cannotEncode(format: format, reason: reason)
        }
        return Data(bytesNoCopy: bytes, count: writer.pointee.count, deallocator: .free)
    }
}
