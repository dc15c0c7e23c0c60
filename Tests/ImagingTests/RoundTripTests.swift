import FoundationEssentials
import Imaging
import Testing

/// Pictures of noise: every sample takes part.
func noise(
    width: Int, height: Int, channels: Int, depth: Int = 8, seed: UInt64 = 1
) -> Image {
    var generator = Xorshift(state: seed)
    let samples = (0..<width * height * channels).map { _ in
        UInt16(truncatingIfNeeded: generator.next() >> 16) & (depth == 16 ? 0xFFFF : 0xFF)
    }
    return Image(width: width, height: height, channels: channels, depth: depth, samples: samples)
}

/// George Marsaglia's generator (2003): the same numbers everywhere.
struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

@Suite struct RoundTripTests {
    @Test(arguments: 1...4, [8, 16])
    func pngKeepsEverySample(channels: Int, depth: Int) throws {
        let image = noise(width: 37, height: 23, channels: channels, depth: depth)
        let file = try image.encoded(as: .png)
        let back = try Image(decoding: file, name: "noise.png")
        #expect(back == image)
        #expect(try image.encoded(as: .png) == file)
    }

    @Test(arguments: [1, 3])
    func jpegAtFullQualityStaysClose(channels: Int) throws {
        let image = smooth(width: 40, height: 24, channels: channels)
        let file = try image.encoded(as: .jpeg, quality: 100)
        let back = try Image(decoding: file, name: "smooth.jpg")
        let worst = zip(image.samples, back.samples).map { abs(Int($0) - Int($1)) }.max()
        #expect(try #require(worst) <= 2)
        #expect(try image.encoded(as: .jpeg, quality: 100) == file)
    }

    @Test(arguments: [1, 3])
    func jpegKeepsItsCompression(channels: Int) throws {
        let image = smooth(width: 64, height: 48, channels: channels)
        let first = try Image(decoding: image.encoded(as: .jpeg, quality: 71), name: "a.jpg")
        let second = try Image(decoding: first.encoded(as: .jpeg), name: "b.jpg")
        #expect(first.metadata.jpegCoding != nil)
        #expect(first.metadata.jpegCoding == second.metadata.jpegCoding)
        let worst = zip(first.samples, second.samples).map { abs(Int($0) - Int($1)) }.max()
        #expect(try #require(worst) <= 2)
    }

    @Test func jpegRefusesTransparencyButTakesOpaqueAlpha() throws {
        var image = noise(width: 8, height: 8, channels: 4)
        #expect(throws: ImagingError.self) { try image.encoded(as: .jpeg) }
        for pixel in 0..<64 { image.samples[4 * pixel + 3] = 255 }
        let back = try Image(decoding: image.encoded(as: .jpeg), name: "opaque.jpg")
        #expect(back.channels == 3)
    }

    private func smooth(width: Int, height: Int, channels: Int) -> Image {
        let samples = (0..<width * height * channels).map { index in
            let (x, y, c) = (index / channels % width, index / channels / width, index % channels)
            return UInt16(60 + 2 * x + y + 10 * c)
        }
        return Image(width: width, height: height, channels: channels, samples: samples)
    }
}
