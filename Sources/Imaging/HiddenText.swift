import CCodecs
import Foundation

extension Image {
    /// A text of settings that a program hid in the lowest bits of the alpha samples, or of red, green
    /// and blue: column by column, the first bit of each byte the highest. It begins with a signature
    /// and the number of bits that follow (32 bits); `comp` in the signature means gzip.
    ///
    /// Nil where there is none. The text is at most 1 MiB.
    public var hiddenText: String? {
        guard depth == 8 else { return nil }
        if channels == 4, let text = hiddenText(in: [3], kind: "png") { return text }
        return channels >= 3 ? hiddenText(in: [0, 1, 2], kind: "rgb") : nil
    }

    private static let longestHiddenText = 1 << 20

    private func hiddenText(in channels: [Int], kind: String) -> String? {
        var bits = LowestBits(image: self, channels: channels)
        let signature = String(decoding: bits.bytes(15) ?? [], as: UTF8.self)
        let isPacked = signature == "stealth_\(kind)comp"
        guard isPacked || signature == "stealth_\(kind)info", let length = bits.bytes(4) else {
            return nil
        }
        let count = length.reduce(0) { $0 << 8 | Int($1) } / 8
        guard count <= Self.longestHiddenText, let bytes = bits.bytes(count) else { return nil }
        return (isPacked ? gunzipped(bytes) : bytes).flatMap {
            String(validating: $0, as: UTF8.self)
        }
    }

    private func gunzipped(_ bytes: [UInt8]) -> [UInt8]? {
        var (text, length) = (nil as UnsafeMutablePointer<UInt8>?, 0)
        let status = codec_gunzip(
            bytes, bytes.count, Self.longestHiddenText, &text, &length)
        defer { free(text) }
        return status == codec_ok ? Array(UnsafeBufferPointer(start: text, count: length)) : nil
    }
}

/// The lowest bits of an image's samples, column by column.
private struct LowestBits {
    let image: Image
    let channels: [Int]
    private var next = 0

    init(image: Image, channels: [Int]) { (self.image, self.channels) = (image, channels) }

    /// The next bytes; nil where there are not as many.
    mutating func bytes(_ count: Int) -> [UInt8]? {
        let most = image.width * image.height * channels.count
        guard count * 8 <= most - next else { return nil }
        return (0..<count).map { _ in
            (0..<8).reduce(0) { byte, _ in byte << 1 | bit() }
        }
    }

    private mutating func bit() -> UInt8 {
        let (pixel, channel) = next.quotientAndRemainder(dividingBy: channels.count)
        let (x, y) = pixel.quotientAndRemainder(dividingBy: image.height)
        next += 1
        let sample = (y * image.width + x) * image.channels + channels[channel]
        return UInt8(image.samples[sample] & 1)
    }
}
