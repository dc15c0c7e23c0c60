import Foundation
import Gesso

/// An img2img's source and mask, brought to the sizes that the request asks for.
struct PreparedPictures: Sendable {
    struct File: Sendable {
        let data: Data
        var type = "image/png"
        let width: Int
        let height: Int
    }

    let order: Order
    let source: File
    /// The file that was sent as the source, where it has Content Credentials.
    let origin: File?
    let mask: File?
    /// What of the request is not done.
    let warnings: [String]

    /// - Throws: `Complaint` for what is no picture; addresses are never fetched.
    init(_ asked: PictureRequestReader.Pictures, _ order: Order) throws {
        var order = order
        let paper = Color(asked.background) ?? Color("#ffffff")
        let bytes = try base64Bytes(asked.source, field: "init_images")
        let sent = try decodedPicture(bytes, field: "init_images")
        origin =
            EmbeddedManifest(in: bytes) == nil
            ? nil
            : File(
                data: bytes, type: ImageFormat(sniffing: bytes)?.mediaType ?? "image/png",
                width: sent.width, height: sent.height)
        var image = sent.flattened(
            on: (UInt16(paper?.red ?? 255), UInt16(paper?.green ?? 255), UInt16(paper?.blue ?? 255))
        )
        image.metadata = ImageMetadata()
        var mask = try asked.mask.map { text in
            let picture = try decodedBase64(text, field: "mask")
            let mask = Self.mask(picture)
            let fitted =
                mask.width == image.width && mask.height == image.height
                ? mask : mask.resized(width: image.width, height: image.height, filter: .bilinear)
            return asked.invertsMask ? fitted.inverted : fitted
        }
        var warnings: [String] = []
        if let all = mask, all.support.isEmpty, asked.isOnlyMasked {
            // As there: a black mask with "only masked" is plain img2img.
            mask = nil
            order.verb = "img2img"
            order.settings = order.settings.filter {
                !PictureRequestReader.isOfMasks($0.key) && $0.key != "fill"
                    && !$0.key.hasPrefix("soft_")
            }
            warnings.append("The mask is black: the whole picture is repainted")
        }
        self.warnings = warnings
        let keepsSize = order.verb == "outpaint" || order.verb == "upscale"
        if keepsSize { mask = nil }
        if mask == nil ? !keepsSize : !asked.isOnlyMasked {
            image = Self.sized(image, asked, filter: .lanczos)
            mask = mask.map { Mask(Self.sized($0.image, asked, filter: .bilinear)) }
        }
        self.order = order
        source = File(
            data: try image.encoded(as: .png), width: image.width, height: image.height)
        self.mask = try mask.map {
            File(data: try $0.image.encoded(as: .png), width: $0.width, height: $0.height)
        }
    }

    /// White where it is repainted: of a picture with transparent parts what is opaque, else the luma.
    private static func mask(_ picture: Image) -> Mask {
        guard picture.isTransparent else { return Mask(picture.rgb8) }
        let rgba = picture.converted(channels: 4, depth: 8)
        let values = (0..<rgba.width * rgba.height).map { pixel in
            rgba.samples[4 * pixel + 3] > 128 ? UInt8(255) : 0
        }
        return Mask(width: rgba.width, height: rgba.height, values: values)
    }

    /// A picture at the size asked for: stretched, cropped to cover it, or fitted with its edges
    /// drawn out.
    private static func sized(
        _ image: Image, _ asked: PictureRequestReader.Pictures, filter: ResamplingFilter
    ) -> Image {
        let (width, height) = (asked.width, asked.height)
        let across = Double(width) / Double(image.width)
        let down = Double(height) / Double(image.height)
        guard asked.resizeMode == 1 || asked.resizeMode == 2, across != down else {
            return image.resized(width: width, height: height, filter: filter)
        }
        return asked.resizeMode == 1
            ? image.covering(width: width, height: height, filter: filter)
            : image.fitting(width: width, height: height, filter: filter)
                .centred(width: width, height: height)
    }
}

extension Image {
    /// The picture at the least size that covers another, and of that the middle. Nothing is made of the
    /// rest, which may be much more than both.
    func covering(
        width newWidth: Int, height newHeight: Int, filter: ResamplingFilter = .lanczos
    ) -> Image {
        let scale = max(Double(newWidth) / Double(width), Double(newHeight) / Double(height))
        func length(_ side: Int, _ least: Int) -> Int {
            max(Int((Double(side) * scale).rounded()), least)
        }
        let (wide, high) = (length(width, newWidth), length(height, newHeight))
        return resized(
            width: wide, height: high, filter: filter,
            part: Box(
                x: (wide - newWidth) / 2, y: (high - newHeight) / 2, width: newWidth,
                height: newHeight))
    }

    /// The picture at the largest size that fits into another.
    func fitting(
        width newWidth: Int, height newHeight: Int, filter: ResamplingFilter = .lanczos
    ) -> Image {
        let scale = min(Double(newWidth) / Double(width), Double(newHeight) / Double(height))
        func length(_ side: Int, _ most: Int) -> Int {
            min(max(Int((Double(side) * scale).rounded()), 1), most)
        }
        return resized(
            width: length(width, newWidth), height: length(height, newHeight), filter: filter)
    }

    /// The picture in the middle of a larger one, its edges drawn out.
    fileprivate func centred(width newWidth: Int, height newHeight: Int) -> Image {
        let (left, top) = ((newWidth - width) / 2, (newHeight - height) / 2)
        var samples: [UInt16] = []
        samples.reserveCapacity(newWidth * newHeight * channels)
        for row in 0..<newHeight {
            let from = min(max(row - top, 0), height - 1)
            for column in 0..<newWidth {
                let start = (from * width + min(max(column - left, 0), width - 1)) * channels
                samples += self.samples[start..<start + channels]
            }
        }
        return Image(
            width: newWidth, height: newHeight, channels: channels, depth: depth, samples: samples)
    }
}

/// The bytes behind base64 with or without a `data:` address, padding, or line ends, in either alphabet.
///
/// - Throws: `Complaint` with 422 for other addresses, which are not fetched.
func base64Bytes(_ text: String, field: String) throws -> Data {
    var rest = Substring(text)
    if rest.hasPrefix("data:") {
        guard let comma = rest.firstIndex(of: ",") else {
            throw invalidPicture(field)
        }
        rest = rest[rest.index(after: comma)...]
    } else if rest.prefix(20).contains("://") || rest.hasPrefix("file:") || rest.hasPrefix("/etc") {
        throw Complaint.invalid(field, "addresses are not fetched; send the picture itself")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(rest.utf8.count + 3)
    for byte in rest.utf8 {
        switch byte {
        case UInt8(ascii: "-"): bytes.append(UInt8(ascii: "+"))
        case UInt8(ascii: "_"): bytes.append(UInt8(ascii: "/"))
        case 0x20, 0x09, 0x0a, 0x0d, UInt8(ascii: "="): continue
        default: bytes.append(byte)
        }
    }
    while bytes.count % 4 != 0 { bytes.append(UInt8(ascii: "=")) }
    guard !bytes.isEmpty, let data = Data(base64Encoded: Data(bytes)) else {
        throw invalidPicture(field)
    }
    return data
}

/// The picture in base64.
func decodedBase64(_ text: String, field: String) throws -> Image {
    try decodedPicture(base64Bytes(text, field: field), field: field)
}

func decodedPicture(_ data: Data, field: String) throws -> Image {
    guard ImageFormat(sniffing: data) != nil else { throw invalidPicture(field) }
    return try decoded(data, field: field)
}

private func invalidPicture(_ field: String) -> Complaint {
    Complaint(500, "Invalid encoded image (\(field))")
}
