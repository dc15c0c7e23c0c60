import CCodecs
public import FoundationEssentials
import Glibc

extension Image {
    /// Writes the picture with its metadata. The same picture always gives the same bytes.
    ///
    /// PNG keeps channels and depth. JPEG takes 8 bits without alpha: a 16-bit picture is rounded,
    /// an alpha channel that is opaque everywhere is dropped, and a transparent one is an error.
    ///
    /// - Parameter quality: JPEG only, 1...100, without chroma subsampling. Nil means: compressed
    ///   as the source was if that was a JPEG, otherwise quality 95.
    /// - Throws: ``ImagingError/cannotEncode(format:reason:)``.
    public func encoded(as format: ImageFormat, quality: Int? = nil) throws -> Data {
        try checkEncodable(as: format)
        switch format {
        case .png: return try encodedPNG()
        case .jpeg: return try flattened.encodedJPEG(quality: quality)
        }
    }

    /// Throws now what ``encoded(as:quality:)`` would throw after a long edit.
    public func checkEncodable(as format: ImageFormat) throws {
        guard format == .jpeg else { return }
        if isTransparent {
            throw ImagingError.cannotEncode(
                format: format, reason: "it has transparent parts; write a PNG")
        }
        if max(width, height) > ImageLimits.side {
            throw ImagingError.cannotEncode(
                format: format, reason: "a side is longer than \(ImageLimits.side); write a PNG")
        }
    }

    /// Without alpha, 8 bit.
    private var flattened: Image { converted(channels: isGrey ? 1 : 3, depth: 8) }

    private func encodedPNG() throws -> Data {
        let chunks = metadata.chunks(for: self).map { (name: $0.name, bytes: $0.bytes) }
        return try written(as: .png, items: chunks) { writer, samples in
            codec_png_write(
                writer, samples, UInt32(width), UInt32(height), Int32(channels), Int32(depth))
        }
    }

    private func encodedJPEG(quality: Int?) throws -> Data {
        let coding = quality == nil ? metadata.jpegCoding?.forWriting(channels: channels) : nil
        let number = Int32(min(max(quality ?? 95, 1), 100))
        return try written(as: .jpeg, items: metadata.markers(for: self)) { writer, samples in
            func write(_ coding: UnsafePointer<codec_jpeg_coding>?) -> codec_status {
                codec_jpeg_write(
                    writer, samples, UInt32(width), UInt32(height), Int32(channels), number, coding)
            }
            return coding.map { withUnsafePointer(to: $0) { write($0) } } ?? write(nil)
        }
    }

    private func written(
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
