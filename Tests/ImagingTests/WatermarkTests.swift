import Foundation
import Imaging
import Testing

/// What the package's own decoder reads is checked by Scripts/check-metadata.
@Suite struct WatermarkTests {
    private let message = Array("gesso".utf8)

    private func landscape() throws -> Image {
        try Image(contentsOf: corpus.appending(path: "../Pictures/landscape.jpg"))
    }

    @Test(arguments: [8, 16])
    func theMessageComesBack(depth: Int) throws {
        let image = try landscape().converted(channels: 3, depth: depth)
        #expect(image.watermark(length: 5) != message)
        let marked = image.watermarked(message)
        #expect(marked.watermark(length: 5) == message)
        let psnr = try #require(try Comparison(image, marked).psnr)
        #expect(psnr > 33)
    }

    /// What the package reads, right or wrong, is read here, too: of marked pictures, and of compressed ones.
    /// Of these, numbers of `dwtDct` may be exactly between two intervals, where the rounding of its
    /// wavelets decides.
    @Test(arguments: WatermarkMethod.allCases)
    func theBitsAreThoseOfThePackage(_ method: WatermarkMethod) throws {
        let folder = corpus.appending(path: "../Watermarks")
        let expected = try JSONDecoder().decode(
            [String: [UInt8]].self, from: Data(contentsOf: folder.appending(path: "bits.json")))
        for state in method == .dwtDct ? ["marked"] : ["marked", "compressed"] {
            let name = "\(method.rawValue)-\(state).png"
            let image = try Image(contentsOf: folder.appending(path: name))
            #expect(image.watermark(length: 8, by: method) == expected[name], "\(name)")
        }
    }

    @Test(arguments: WatermarkMethod.allCases)
    func theMessageComesBackByEachMethod(_ method: WatermarkMethod) throws {
        let marked = try landscape().watermarked(message, by: method)
        #expect(marked.watermark(length: 5, by: method) == message)
        let psnr = try #require(try Comparison(landscape(), marked).psnr)
        #expect(psnr > 32)
    }

    @Test func nothingOutsideTheMaskIsTouched() throws {
        let image = try landscape()
        var mask = Mask(width: image.width, height: image.height, filledWith: 255)
        for y in 0..<image.height {
            for x in 0..<image.width / 7 { mask.values[y * image.width + x] = 0 }
        }
        let marked = image.watermarked(message, within: mask)
        #expect(try Comparison(image, marked, outside: mask).differing == 0)
        #expect(marked.watermark(length: 5) == message)
        // A small part has room for none, and that shows.
        let spot = Mask(
            width: image.width, height: image.height,
            values: (0..<image.width * image.height).map { $0 % 97 == 0 ? 255 : 0 })
        #expect(image.watermarked(message, within: spot).watermark(length: 5) != message)
    }

    @Test func oddAndTinyPicturesAreSafe() {
        for (width, height) in [(1, 1), (7, 5), (8, 8), (13, 30)] {
            let image = noise(width: width, height: height, channels: 3)
            #expect(image.watermarked(message).samples.count == image.samples.count)
            _ = image.watermark(length: 5)
        }
        let grey = noise(width: 40, height: 40, channels: 2)
        #expect(grey.watermarked(message) == grey)
    }
}
