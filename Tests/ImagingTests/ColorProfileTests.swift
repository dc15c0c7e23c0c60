import Foundation
import Imaging
import Testing

/// Colours go to sRGB for the model and come back in the picture's own profile.
@Suite struct ColorProfileTests {
    private struct Colors: Decodable {
        let samples: Data
        let srgb: Data
    }

    private func profile(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: corpus.appending(path: "Profiles/\(name).icc")))
    }

    private func picture(_ name: String, _ samples: [UInt16], depth: Int = 8) throws -> Image {
        let channels = name == "grey" ? 1 : 3
        var image = Image(
            width: samples.count / channels, height: 1, channels: channels, depth: depth,
            samples: samples)
        image.metadata.iccProfile = try profile(name)
        return image
    }

    @Test(arguments: ["adobe-rgb", "display-p3", "grey"])
    func theModelSeesWhatPillowShows(name: String) throws {
        let data = try Data(contentsOf: corpus.appending(path: "Colors.json"))
        let colors = try #require(
            JSONDecoder().decode([String: Colors].self, from: data)[name])
        let seen = try picture(name, colors.samples.map { UInt16($0) }).inSRGB
        #expect(seen.channels == 3 && seen.depth == 16 && seen.metadata.iccProfile == nil)
        let expected = colors.srgb.map { Int($0) }
        let found = seen.rgb8.samples.map { Int($0) }
        try #require(found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1 })
        #expect(zip(found, colors.samples).contains { abs($0 - Int($1)) > 8 })
    }

    /// There and back again in 16 bit, within a profile's gamut.
    @Test(arguments: ["adobe-rgb", "display-p3", "grey"])
    func paintedPixelsComeBackInTheProfile(name: String) throws {
        let values: [UInt16] = (0..<60).map { index in
            let step: Int = 97 * (index % 3 + 1)
            return UInt16(24_000 + step * index)
        }
        let original = try picture(name, values, depth: 16)
        let mask = Mask(width: original.width, height: 1, filledWith: 255)
        let back = composite(original: original, generated: original.inSRGB, mask: mask)
        #expect(back.metadata.iccProfile == original.metadata.iccProfile)
        #expect(zip(back.samples, values).allSatisfy { abs(Int($0) - Int($1)) <= 12 })
        // Untouched pixels never go through it.
        let none = Mask(width: original.width, height: 1, filledWith: 0)
        #expect(composite(original: original, generated: original.inSRGB, mask: none) == original)
    }

    /// sRGB's curve from light, and back (IEC 61966-2-1).
    private func encoded(_ light: Double) -> Double {
        let light = min(max(light, 0), 1)
        return 255 * (light <= 0.003_130_8 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055)
    }

    private func light(_ sample: UInt16) -> Double {
        let value = Double(sample) / 255
        return value <= 0.040_45 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }

    /// Chunks that say what the curve is stand for a profile of it.
    @Test(arguments: ["gamma", "gamma-grey"])
    func samplesThatAreLight(name: String) throws {
        let image = try Image(contentsOf: corpus.appending(path: "Good/\(name).png"))
        let seen = image.inSRGB.rgb8.converted(channels: image.channels, depth: 8)
        for (sample, found) in zip(image.samples, seen.samples) {
            #expect(abs(encoded(Double(sample) / 255) - Double(found)) <= 1)
        }
    }

    /// The same for the primaries of Display P3, by numbers or by name.
    @Test(arguments: ["points", "code-points"])
    func primariesInChunks(name: String) throws {
        let image = try Image(contentsOf: corpus.appending(path: "Good/\(name).png"))
        let seen = image.inSRGB.rgb8.samples
        for start in stride(from: 0, to: seen.count, by: 3) {
            let p3 = image.samples[start..<start + 3].map(light)
            let red = 1.224_940 * p3[0] - 0.224_940 * p3[1]
            let green = -0.042_057 * p3[0] + 1.042_057 * p3[1]
            let blue = -0.019_638 * p3[0] - 0.078_636 * p3[1] + 1.098_274 * p3[2]
            for (expected, found) in zip([red, green, blue], seen[start...]) {
                #expect(abs(encoded(expected) - Double(found)) <= 2)
            }
        }
    }

    @Test func sRGBStaysAsItIs() throws {
        let image = try Image(contentsOf: corpus.appending(path: "Good/profile.png"))
        #expect(image.metadata.iccProfile != nil)
        #expect(image.inSRGB.samples == image.samples)
        #expect(image.inSRGB.depth == 8)
    }

    /// Printers' profiles have megabytes: they are kept to the byte and used.
    @Test(arguments: ImageFormat.written)
    func aLargeProfileIsKept(format: ImageFormat) throws {
        var image = noise(width: 9, height: 4, channels: 3)
        image.metadata.iccProfile = try padded(profile("adobe-rgb"), to: 6 << 20)
        let back = try Image(decoding: image.encoded(as: format), name: "it")
        #expect(back.metadata.warnings.isEmpty)
        #expect(back.metadata.iccProfile == image.metadata.iccProfile)
        #expect(back.inSRGB.depth == 16)
    }

    @Test(arguments: [ImageFormat.png, .webp])
    func anAbsurdProfileIsRefused(format: ImageFormat) throws {
        var image = noise(width: 9, height: 4, channels: 3)
        image.metadata.iccProfile = try padded(profile("adobe-rgb"), to: 16 << 20)
        let file = try image.encoded(as: format)
        let error = try #require(throws: ImagingError.self) {
            try Image(decoding: file, name: "it")
        }
        #expect(error.exitCode == 65)
        #expect(error.description.contains("colour profile of more than 15 MiB"))
    }

    /// A profile with nothing behind what it says.
    private func padded(_ profile: [UInt8], to size: Int) -> [UInt8] {
        let length = (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) }
        return length + profile[4...] + [UInt8](repeating: 0, count: size - profile.count)
    }

    /// Colours that a user names are sRGB's, whatever the picture's profile.
    @Test(arguments: ["adobe-rgb", "display-p3", "grey"], [8, 16])
    func namedColorsAreSRGB(name: String, depth: Int) throws {
        let samples = [UInt16](repeating: depth == 8 ? 90 : 23_130, count: 12)
        let image = try picture(name, samples, depth: depth)
        let hole = Mask(
            width: image.width, height: 1, values: (0..<image.width).map { $0 < 2 ? 255 : 0 })
        let color: (red: UInt8, green: UInt8, blue: UInt8) =
            name == "grey" ? (140, 140, 140) : (200, 120, 90)
        let filled = image.filled(
            where: hole, with: .color(red: color.red, green: color.green, blue: color.blue))
        let seen = filled.inSRGB.rgb8
        for (found, wanted) in zip(
            seen.samples, [color.red, color.green, color.blue].map { Int($0) })
        {
            #expect(abs(Int(found) - wanted) <= 1)
        }
        #expect(filled.samples.suffix(3) == image.samples.suffix(3))
        #expect(Mask(of: filled, near: color, tolerance: 1) == hole)
        let tinted = image.tinted(by: Mask(width: image.width, height: 1, filledWith: 0))
        #expect(tinted.samples == image.inSRGB.rgb8.samples && tinted.metadata.iccProfile == nil)
    }

    @Test func alphaTakesNoPart() throws {
        var image = noise(width: 9, height: 4, channels: 4)
        image.metadata.iccProfile = try profile("adobe-rgb")
        let seen = image.inSRGB
        #expect(seen.channels == 4)
        for pixel in 0..<36 {
            #expect(seen.samples[4 * pixel + 3] == image.samples[4 * pixel + 3] * 257)
        }
    }

    /// WebP has no grey: equal channels look as the grey did.
    @Test func greyLooksTheSameInAWebP() throws {
        let grey = try picture("grey", (0..<256).map { UInt16($0) })
        let webp = try Image(decoding: grey.encoded(as: .webp), name: "it")
        #expect(webp.channels == 3 && webp.metadata.warnings.isEmpty)
        #expect(webp.samples == grey.converted(channels: 3, depth: 8).samples)
        let (a, b) = (webp.inSRGB.rgb8.samples, grey.inSRGB.rgb8.samples)
        #expect(zip(a, b).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }
}
