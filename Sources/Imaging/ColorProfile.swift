import CCodecs
import Dispatch
import Glibc

/// The two ways between a profile's colours and sRGB: relative colorimetric, with black point
/// compensation (ICC.1:2010, 6.4; Little CMS).
final class ColorProfile {
    private let transforms: OpaquePointer
    private let channels: Int

    /// - Parameter channels: those of the picture.
    /// - Returns: Nil for a profile that is broken or for other channels.
    init?(_ profile: [UInt8], channels: Int) {
        let opened = profile.withUnsafeBufferPointer {
            codec_color_open($0.baseAddress, $0.count, Int32(channels))
        }
        guard let opened else { return nil }
        transforms = opened
        self.channels = channels < 3 ? 1 : 3
    }

    deinit { codec_color_close(transforms) }

    /// Whether its colours are sRGB's, to half a level of 255.
    var isSRGB: Bool { codec_color_is_srgb(transforms) != 0 }

    /// Whether it says which samples a colour has. A scanner's profile may say only which colours samples have.
    var hasWayBack: Bool { codec_color_has_way_back(transforms) != 0 }

    /// 16-bit samples without alpha, one or three a pixel, as three of sRGB.
    func toSRGB(_ samples: [UInt16]) -> [UInt16] {
        converted(samples, channels, 3, by: codec_color_to_srgb)
    }

    /// 16-bit sRGB, three samples a pixel, in the profile's one or three. Only where there is a way back.
    func fromSRGB(_ rgb: [UInt16]) -> [UInt16] {
        converted(rgb, 3, channels, by: codec_color_from_srgb)
    }

    /// Converts pieces of the pixels on all cores; each pixel by itself, so the result does not depend on
    /// their number.
    private func converted(
        _ samples: [UInt16], _ channels: Int, _ newChannels: Int,
        by convert:
            @Sendable (
                OpaquePointer?, UnsafePointer<UInt16>?, UnsafeMutablePointer<UInt16>?, Int
            ) -> Void
    ) -> [UInt16] {
        let pixels = samples.count / channels
        let piece = 1 << 16
        return [UInt16](unsafeUninitializedCapacity: pixels * newChannels) { made, count in
            samples.withUnsafeBufferPointer { samples in
                guard let source = samples.baseAddress, let target = made.baseAddress else {
                    return
                }
                nonisolated(unsafe) let from = source
                nonisolated(unsafe) let to = target
                nonisolated(unsafe) let own = self.transforms
                DispatchQueue.concurrentPerform(iterations: (pixels + piece - 1) / piece) { index in
                    let start = index * piece
                    convert(
                        own, from + start * channels, to + start * newChannels,
                        min(piece, pixels - start))
                }
            }
            count = pixels * newChannels
        }
    }

    /// An RGB profile in which equal channels look as one of a grey profile does.
    static func colors(ofGrey profile: [UInt8]) -> [UInt8]? {
        made { codec_color_profile_of_grey(profile, profile.count, $0) }
    }

    /// The profile that a function of the codecs makes, which states its size; nil where it makes none.
    static func made(
        by function: (_ count: UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<UInt8>?
    ) -> [UInt8]? {
        var count = 0
        guard let bytes = function(&count) else { return nil }
        defer { free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}

extension Image {
    /// The profile of the picture's colours; nil where they are sRGB's, which is what a picture
    /// without a profile is taken for.
    private var ownProfile: ColorProfile? {
        guard let bytes = metadata.iccProfile,
            let profile = ColorProfile(bytes, channels: channels), !profile.isSRGB
        else { return nil }
        return profile
    }

    /// The picture in sRGB, without profile: itself where it is so already, else its colours by its
    /// profile, as 16-bit RGB with its alpha. This is what the networks see of it.
    public var inSRGB: Image {
        guard let profile = ownProfile else {
            var image = self
            image.metadata.iccProfile = nil
            return image
        }
        var metadata = metadata
        metadata.iccProfile = nil
        let deep = converted(channels: channels, depth: 16)
        let colors = isGrey ? 1 : 3
        let rgb = profile.toSRGB(deep.picked(0..<colors))
        return Image(
            width: width, height: height, channels: hasAlpha ? 4 : 3, depth: 16,
            samples: hasAlpha ? interleaved(rgb, deep.picked(colors..<colors + 1)) : rgb,
            metadata: metadata)
    }

    /// The picture with three colours: a grey one in sRGB, as painted colours need it.
    public var withColors: Image {
        guard isGrey else { return self }
        return withSRGBColors
    }

    /// The picture in sRGB where its profile has no way back: what is painted could not be stored in it.
    var withWayBack: Image {
        guard let bytes = metadata.iccProfile,
            let profile = ColorProfile(bytes, channels: channels), !profile.hasWayBack
        else { return self }
        var image = withSRGBColors
        image.metadata.warnings.append(
            "converted to sRGB by its profile, in which no colours can be stored")
        return image
    }

    private var withSRGBColors: Image {
        var image = inSRGB.converted(channels: hasAlpha ? 4 : 3, depth: depth)
        image.metadata.pngChunks.removeAll { $0.name != "pHYs" }
        if image.metadata.jpegCoding != nil {
            (image.metadata.jpegCoding, image.metadata.jpegObstacle) = (
                nil, "its colours became sRGB"
            )
        }
        return image
    }

    /// The picture's colours as `other` would hold them: of its profile, depth and one or three
    /// channels, without alpha.
    func inColors(of other: Image) -> Image {
        let channels = other.isGrey ? 1 : 3
        guard metadata.iccProfile != other.metadata.iccProfile, let profile = other.ownProfile,
            profile.hasWayBack
        else { return converted(channels: channels, depth: other.depth) }
        let rgb = inSRGB.converted(channels: 3, depth: 16)
        return Image(
            width: width, height: height, channels: channels, depth: 16,
            samples: profile.fromSRGB(rgb.samples)
        ).converted(channels: channels, depth: other.depth)
    }

    /// Some channels of every pixel.
    private func picked(_ range: Range<Int>) -> [UInt16] {
        if range.count == channels { return samples }
        var picked: [UInt16] = []
        picked.reserveCapacity(width * height * range.count)
        for start in stride(from: 0, to: samples.count, by: channels) {
            for c in range { picked.append(samples[start + c]) }
        }
        return picked
    }

    /// Three channels and one, side by side.
    private func interleaved(_ rgb: [UInt16], _ alpha: [UInt16]) -> [UInt16] {
        var pixels: [UInt16] = []
        pixels.reserveCapacity(4 * alpha.count)
        for index in alpha.indices {
            for c in 0..<3 { pixels.append(rgb[3 * index + c]) }
            pixels.append(alpha[index])
        }
        return pixels
    }
}
