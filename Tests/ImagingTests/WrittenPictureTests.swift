import Foundation
import Imaging
import TestSupport
import Testing

/// Picture files that are read a band of rows at a time.
@Suite struct WrittenPictureTests {
    /// A picture of several bands, the last of which is not whole.
    private static let drawn: Image = {
        let (width, height) = (37, 150)
        let samples = (0..<width * height * 3).map { (index: Int) -> UInt16 in
            UInt16((index * 7 + index / 97 * 31) % 256)
        }
        return Image(width: width, height: height, channels: 3, samples: samples)
    }()

    /// The parts of a file, put together.
    private func joined(_ data: Data) throws -> (image: Image?, parts: Int) {
        var (joined, parts) = (Image?.none, 0)
        try WrittenPicture(data, name: "it").forEachPart { part, box, size in
            let black = [UInt16](repeating: 0, count: size.width * size.height * part.channels)
            var whole =
                joined
                ?? Image(
                    width: size.width, height: size.height, channels: part.channels,
                    depth: part.depth, samples: black)
            whole.replace(box, by: part)
            (joined, parts) = (whole, parts + 1)
        }
        return (joined, parts)
    }

    @Test(arguments: ImageFormat.written)
    func partsAreThePicture(format: ImageFormat) throws {
        let data = try Self.drawn.encoded(as: format)
        let (image, parts) = try joined(data)
        #expect(image?.samples == (try Image(decoding: data, name: "it")).samples)
        #expect(parts == ([.png, .jpeg].contains(format) ? 3 : 1))
    }

    /// The drawn picture with the EXIF block of a file of the corpus.
    @Test(arguments: 1...8)
    func partsAreTurned(orientation: Int) throws {
        let turned = Array(
            try Data(
                contentsOf: Fixtures.images.appending(path: "Good/orientation-\(orientation).jpg")))
        let start = try #require(
            turned.indices.dropLast().first { turned[$0] == 0xFF && turned[$0 + 1] == 0xE1 })
        let length = Int(turned[start + 2]) * 256 + Int(turned[start + 3])
        let end = start + 2 + length
        let plain = Array(try Self.drawn.encoded(as: .jpeg))
        let data = Data(plain[..<2] + turned[start..<end] + plain[2...])
        let image = try Image(decoding: data, name: "it")
        #expect((image.width > image.height) == (orientation > 4))
        let (found, parts) = try joined(data)
        #expect(found?.width == image.width && found?.samples == image.samples)
        #expect(parts == 3)
    }

    @Test func differencesAreFoundInEachPart() throws {
        var edited = Self.drawn
        let mask = Mask(width: edited.width, height: edited.height, filledWith: 0)
        for y in [3, 70, 149] { edited.samples[(y * edited.width + 5) * 3 + 1] ^= 9 }
        let file = WrittenPicture(try edited.encoded(as: .png), name: "it")
        var outside = mask
        outside.values[70 * edited.width + 5] = 1
        let found = try Comparison.outside([mask, outside], of: Self.drawn, writtenAs: file)
        #expect(found[0] == (try Comparison(Self.drawn, edited, outside: mask)))
        #expect(found[1] == (try Comparison(Self.drawn, edited, outside: outside)))
        #expect(found.map(\.differing) == [3, 2])
    }

    @Test(arguments: [ImageFormat.png, .jpeg])
    func aCutFileIsRefused(format: ImageFormat) throws {
        let data = try Self.drawn.encoded(as: format)
        #expect(throws: ImagingError.self) {
            try WrittenPicture(data.prefix(data.count * 3 / 4), name: "it").forEachPart { _, _, _ in
            }
        }
    }
}
