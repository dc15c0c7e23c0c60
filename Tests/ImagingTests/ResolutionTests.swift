import Foundation
import Imaging
import Testing

/// How large a picture is shown, in whatever format it is written.
@Suite struct ResolutionTests {
    private static let formats: [ImageFormat] = [.jpeg, .png, .tiff]

    private func copy(_ image: Image, _ format: ImageFormat) throws -> Image {
        // Of another quality a JPEG is not written over its source.
        try Image(
            decoding: image.encoded(as: format, quality: format == .jpeg ? 90 : nil), name: "it")
    }

    @Test(arguments: formats, formats)
    func itGoesFromFormatToFormat(first: ImageFormat, second: ImageFormat) throws {
        for (x, y) in [(300.0, 300.0), (72.0, 96.0), (1200.0, 600.0)] {
            var image = noise(width: 16, height: 8, channels: 3)
            image.metadata.resolution = Resolution(x: x, y: y, unit: .inch)
            let found = try copy(copy(image, first), second).metadata
            #expect(found.resolution == image.metadata.resolution)
            #expect(found.warnings.isEmpty)
        }
    }

    /// As other programs read it: dots on an inch, on a metre and as a quotient.
    @Test func itIsWrittenInTheWayOfEachFormat() throws {
        var image = noise(width: 16, height: 8, channels: 3)
        image.metadata.resolution = Resolution(x: 300, y: 300, unit: .inch)
        let expected: [(ImageFormat, [UInt8])] = [
            (.jpeg, Array("JFIF\0\u{1}\u{1}\u{1}".utf8) + [1, 0x2C, 1, 0x2C]),
            (.png, Array("pHYs".utf8) + [0, 0, 0x2E, 0x23, 0, 0, 0x2E, 0x23, 1]),
            (.tiff, [0x2C, 1, 0, 0, 1, 0, 0, 0, 0x2C, 1, 0, 0, 1, 0, 0, 0]),
        ]
        for (format, bytes) in expected {
            #expect(Array(try image.encoded(as: format)).firstRange(of: bytes) != nil, "\(format)")
        }
    }

    /// What a JPEG holds in whole numbers only.
    @Test func centimetresAreKeptOrBecomeInches() throws {
        var image = noise(width: 16, height: 8, channels: 3)
        image.metadata.resolution = Resolution(x: 118, y: 118, unit: .centimetre)
        for format in [ImageFormat.jpeg, .tiff] {
            #expect(try copy(image, format).metadata.resolution == image.metadata.resolution)
        }
        image.metadata.resolution = Resolution(x: 118.11, y: 118.11, unit: .centimetre)
        let inches = Resolution(x: 300, y: 300, unit: .inch)
        #expect(try copy(image, .jpeg).metadata.resolution == inches)
        #expect(try copy(image, .png).metadata.resolution == inches)
        #expect(try copy(image, .tiff).metadata.resolution == image.metadata.resolution)
    }

    @Test(arguments: formats)
    func theSidesOfPixelsAreKept(format: ImageFormat) throws {
        var image = noise(width: 16, height: 8, channels: 3)
        image.metadata.resolution = Resolution(x: 4, y: 3, unit: .ratio)
        #expect(try copy(image, format).metadata.resolution == image.metadata.resolution)
        image.metadata.resolution = nil
        #expect(try copy(image, format).metadata.resolution == nil)
        #expect(Resolution(x: 1, y: 1, unit: .ratio) == nil)
    }

    /// It is of the screen or the paper, not of the frame.
    @Test func aLargerFrameKeepsIt() throws {
        var image = noise(width: 16, height: 8, channels: 3)
        image.metadata.resolution = Resolution(x: 300, y: 300, unit: .inch)
        let canvas = try Canvas(extending: image, by: Insets(bottom: 2, right: 4), overlap: 0)
        #expect(canvas.image.metadata.resolution == image.metadata.resolution)
    }
}
