import Foundation
import Imaging
import Testing

/// How much of what happens to pictures a mark survives is measured by Scripts/measure-watermark.py.
@Suite struct PictureMarkTests {
    private let mark = PictureMark(
        UUID(uuid: (0x4F, 0x2A, 0x1B, 0x2C, 0x3D, 0x4E, 0x4F, 0, 0x80, 1, 2, 3, 4, 5, 6, 7)))

    private func landscape() throws -> Image {
        try Image(contentsOf: corpus.appending(path: "../Pictures/landscape.jpg"))
    }

    @Test func itsNameIsTheManifestsBeginning() {
        #expect(mark.description == "4f2a1b2c3d4e")
        #expect(mark.manifestPrefix == "urn:c2pa:4f2a1b2c-3d4e")
    }

    @Test(arguments: [8, 16]) func itIsFound(depth: Int) throws {
        let image = try landscape().converted(channels: 3, depth: depth)
        let marked = image.carrying(mark)
        #expect(marked.foundMark()?.mark == mark)
        #expect(marked.foundMark()?.scale == 1)
        #expect(marked.holds(mark))
        #expect(!image.holds(mark))
        let psnr = try #require(try Comparison(image, marked).psnr)
        #expect(psnr > 34)
    }

    @Test func noneIsFoundWhereNoneIs() throws {
        #expect(try landscape().foundMark() == nil)
    }

    @Test func itIsFoundInAScaledCropAfterCompression() throws {
        let image = try landscape().carrying(mark)
        let part = image.cropped(
            to: Box(x: 31, y: 17, width: image.width - 60, height: image.height - 40))
        for scale in [0.6, 1.7] {
            let scaled = part.resized(
                width: Int(Double(part.width) * scale), height: Int(Double(part.height) * scale))
            let read = try Image(decoding: scaled.encoded(as: .jpeg, quality: 85), name: "it")
            let found = try #require(read.foundMark())
            #expect(found.mark == mark)
            #expect(abs(found.scale / scale - 1) < 0.01)
        }
    }

    @Test func nothingOutsideTheMaskIsTouched() throws {
        let image = try landscape()
        var mask = Mask(width: image.width, height: image.height, filledWith: 255)
        for y in 0..<image.height {
            for x in 0..<image.width / 3 { mask.values[y * image.width + x] = 0 }
        }
        let marked = image.carrying(mark, within: mask)
        #expect(try Comparison(image, marked, outside: mask).differing == 0)
        #expect(marked.foundMark()?.mark == mark)
    }

    @Test func oddAndTinyPicturesAreSafe() {
        for (width, height) in [(1, 1), (7, 5), (8, 8), (13, 300)] {
            let image = noise(width: width, height: height, channels: 3)
            #expect(image.carrying(mark).samples.count == image.samples.count)
            #expect(image.foundMark() == nil)
        }
        let grey = noise(width: 40, height: 40, channels: 2)
        #expect(grey.carrying(mark) == grey)
        #expect(grey.foundMark() == nil)
    }
}
