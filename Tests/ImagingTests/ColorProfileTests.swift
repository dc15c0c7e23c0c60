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

    @Test func sRGBStaysAsItIs() throws {
        let image = try Image(contentsOf: corpus.appending(path: "Good/profile.png"))
        #expect(image.metadata.iccProfile != nil)
        #expect(image.inSRGB.samples == image.samples)
        #expect(image.inSRGB.depth == 8)
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
