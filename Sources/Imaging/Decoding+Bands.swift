import CCodecs
public import FoundationEssentials

/// A picture file that was just written, read again a band of rows at a time: what it takes does not grow with
/// the picture where its format has rows.
public struct WrittenPicture {
    let data: Data
    private let name: String
    /// Rows that are read at once.
    private static let bandRows = 64

    /// - Parameters:
    ///   - data: a file whose metadata is before its pixels.
    ///   - name: how errors call the file.
    public init(_ data: Data, name: String) {
        (self.data, self.name) = (data, name)
    }

    /// Reads all of the file, and gives `body` each part of the upright picture with its place; a part has no
    /// metadata.
    ///
    /// - Returns: the size of the picture.
    /// - Throws: ``ImagingError``, and what `body` throws.
    @discardableResult
    public func forEachPart(
        _ body: (_ part: Image, _ box: Box, _ size: (width: Int, height: Int)) throws -> Void
    ) throws -> (width: Int, height: Int) {
        let format = data.withUnsafeBytes { ImageFormat(sniffing: $0) }
        if let format, let rows = CodecCalls(format).rows {
            let size = try data.withUnsafeBytes {
                try readBands(
                    $0.assumingMemoryBound(to: UInt8.self), format, CodecCalls(format), rows, body)
            }
            if let size { return size }
        }
        let image = try Image(decoding: data, name: name)
        let size = (width: image.width, height: image.height)
        try body(image, Box(x: 0, y: 0, width: image.width, height: image.height), size)
        return size
    }

    /// - Returns: nil where rows do not come one after the other.
    private func readBands(
        _ bytes: UnsafeBufferPointer<UInt8>, _ format: ImageFormat, _ calls: CodecCalls,
        _ rows: (
            UnsafeMutablePointer<codec_reader>?, UnsafeMutablePointer<UInt16>?, UInt32
        ) -> codec_status, _ body: (Image, Box, (width: Int, height: Int)) throws -> Void
    ) throws -> (width: Int, height: Int)? {
        guard let reader = calls.open(bytes.baseAddress, bytes.count) else {
            throw ImagingError.outOfMemory(name: name)
        }
        defer { calls.close(reader) }
        func check(_ status: codec_status) throws {
            try codec_reader.check(status, reader, format, name: name)
        }
        try check(calls.header(reader))
        guard reader.pointee.interlaced == 0 else { return nil }
        let (width, height) = (Int(reader.pointee.width), Int(reader.pointee.height))
        let (channels, depth) = (Int(reader.pointee.channels), Int(reader.pointee.depth))
        try ImageLimits.check(width: width, height: height, name: name)
        let orientation = ImageMetadata.orientation(reader, format)
        let swaps = orientation.swapsSides
        let size = swaps ? (width: height, height: width) : (width: width, height: height)
        for y in stride(from: 0, to: height, by: Self.bandRows) {
            let count = min(Self.bandRows, height - y)
            let samples = try [UInt16](count: count * width * channels) {
                try check(rows(reader, $0.baseAddress, UInt32(count)))
            }
            let band = Image(
                width: width, height: count, channels: channels, depth: depth, samples: samples)
            let box = Box(x: 0, y: y, width: width, height: count)
                .turned(orientation, inWidth: width, height: height)
            try body(band.turned(orientation), box, size)
        }
        return size
    }
}

extension ImageMetadata {
    /// How a JPEG or PNG is to be turned, as far as it says so before its pixels.
    static func orientation(
        _ reader: UnsafeMutablePointer<codec_reader>, _ format: ImageFormat
    ) -> Orientation {
        let items = UnsafeBufferPointer(
            start: reader.pointee.items.list, count: reader.pointee.items.count
        ).map(CodecItem.init)
        var metadata = ImageMetadata()
        if format == .png {
            try? metadata.readChunks(items, name: "")
        } else {
            try? metadata.readMarkers(items, name: "")
        }
        return metadata.exif.flatMap { EXIF($0)?.orientation } ?? .upright
    }
}
