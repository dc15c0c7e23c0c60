import Foundation
import Imaging
import Testing

/// JPEGs written over the file they were read from.
@Suite struct JPEGBlockTests {
    /// The JPEGs of the corpus that have what can be kept.
    private static let names = [
        "444.jpg", "422.jpg", "420.jpg", "grey.jpg", "progressive.jpg", "progressive-grey.jpg",
        "other-scans.jpg",
        "restarts.jpg", "orientation-1.jpg", "orientation-2.jpg", "orientation-3.jpg",
        "orientation-4.jpg", "orientation-5.jpg", "orientation-6.jpg", "orientation-7.jpg",
        "orientation-8.jpg", "profile.jpg", "no-end-marker.jpg", "bytes-before-restart.jpg",
    ]

    private func image(_ name: String) throws -> Image {
        try Image(contentsOf: corpus.appending(path: "Good/\(name)"))
    }

    /// The picture with another colour in a box, and the mask of that.
    private func painted(_ image: Image, _ box: Box) -> (image: Image, mask: Mask) {
        var (painted, mask) = (
            image, Mask(width: image.width, height: image.height, filledWith: 0)
        )
        for y in box.y..<box.y + box.height {
            for x in box.x..<box.x + box.width {
                let pixel = y * image.width + x
                mask.values[pixel] = 255
                for c in 0..<image.channels {
                    painted.samples[pixel * image.channels + c] ^= UInt16(0x50 + 8 * c)
                }
            }
        }
        return (painted, mask)
    }

    @Test(arguments: names)
    func blocksOutsideAreKept(name: String) throws {
        let source = try image(name)
        for box in [
            Box(x: 2, y: 3, width: 4, height: 2),
            Box(x: source.width - 1, y: source.height - 1, width: 1, height: 1),
            Box(x: 7, y: 0, width: 2, height: 9),
        ] {
            let (edited, mask) = painted(source, box)
            let data = try edited.encoded(as: .jpeg)
            let blocks = try #require(BlockComparison(source, writtenAs: data, outside: mask))
            #expect(blocks.outside > 0 && blocks.differing == 0)
            let written = try Image(decoding: data, name: name)
            #expect(written.width == source.width && written.height == source.height)
            #expect(try Comparison(source, written, outside: blocks.reach).differing == 0)
            #expect(try Comparison(source, written).differing > 0)
            #expect(written.metadata.exif == source.metadata.exif)
            #expect(written.metadata.iccProfile == source.metadata.iccProfile)
            // What is painted is there, as far as a JPEG keeps it.
            #expect(try #require(Comparison(edited, written).psnr) > 15)
        }
    }

    @Test(arguments: names)
    func anUnchangedPictureKeepsAllBlocks(name: String) throws {
        let source = try image(name)
        let data = try source.encoded(as: .jpeg)
        let none = Mask(width: source.width, height: source.height, filledWith: 0)
        let blocks = try #require(BlockComparison(source, writtenAs: data, outside: none))
        #expect(blocks.differing == 0)
        #expect(try Image(decoding: data, name: name).samples == source.samples)
    }

    /// libjpeg would write its own progression, which is often larger.
    @Test(arguments: ["progressive.jpg", "progressive-grey.jpg", "other-scans.jpg"])
    func scansStay(name: String) throws {
        /// The headers of all scans.
        func scans(_ data: Data) -> [[UInt8]] {
            let data = Array(data)
            return data.indices.dropLast().filter { data[$0] == 0xFF && data[$0 + 1] == 0xDA }
                .map { Array(data[$0..<$0 + 2 + Int(data[$0 + 3])]) }
        }
        let file = try Data(contentsOf: corpus.appending(path: "Good/\(name)"))
        let (edited, _) = painted(try image(name), Box(x: 2, y: 2, width: 3, height: 3))
        let written = scans(try edited.encoded(as: .jpeg))
        #expect(written.count > 4 && written == scans(file))
    }

    @Test func progressiveAndRestartsStay() throws {
        func markers(_ name: String) throws -> Set<UInt8> {
            let (edited, _) = painted(try image(name), Box(x: 2, y: 2, width: 3, height: 3))
            let data = Array(try edited.encoded(as: .jpeg))
            return Set(data.indices.dropLast().filter { data[$0] == 0xFF }.map { data[$0 + 1] })
        }
        #expect(try markers("progressive.jpg").contains(0xC2))
        #expect(try markers("420.jpg").contains(0xC0))
        let restarts = try markers("restarts.jpg")
        #expect(restarts.contains(0xDD) && restarts.contains(0xD0))
    }

    /// A canvas that grows by whole units keeps the blocks of the picture on it.
    @Test(arguments: [
        "444.jpg", "420.jpg", "422.jpg", "grey.jpg", "orientation-6.jpg", "orientation-3.jpg",
    ])
    func aCanvasKeepsTheBlocksOnIt(name: String) throws {
        let source = try image(name)
        for insets in [
            Insets(left: 16), Insets(right: 16), Insets(top: 32), Insets(bottom: 16),
            Insets(top: 16, left: 16, bottom: 16, right: 16),
        ] {
            let canvas = try Canvas(extending: source, by: insets, overlap: 0)
            let data = try canvas.image.encoded(as: .jpeg)
            guard let blocks = BlockComparison(canvas.image, writtenAs: data, outside: canvas.mask)
            else {
                // Stored from another corner, the picture does not begin where a unit does.
                #expect(name.hasPrefix("orientation"))
                continue
            }
            #expect(blocks.outside > 0 && blocks.differing == 0)
            let written = try Image(decoding: data, name: name)
            #expect(written.width == canvas.image.width && written.height == canvas.image.height)
            #expect(try Comparison(canvas.image, written, outside: blocks.reach).differing == 0)
        }
    }

    /// Insets of which only the sums are asked for are moved to where the blocks begin.
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8])
    func alignedInsetsKeepBlocks(orientation: Int) throws {
        let source = try image("orientation-\(orientation).jpg")
        let wanted = Insets(top: 21, left: 37, bottom: 19, right: 38)
        let insets = source.aligningBlocks(wanted)
        #expect(insets.top + insets.bottom == 40 && insets.left + insets.right == 75)
        #expect(abs(insets.top - wanted.top) <= 16 && abs(insets.left - wanted.left) <= 16)
        let canvas = try Canvas(extending: source, by: insets, overlap: 0)
        let data = try canvas.image.encoded(as: .jpeg)
        let blocks = try #require(
            BlockComparison(canvas.image, writtenAs: data, outside: canvas.mask))
        #expect(blocks.outside > 0 && blocks.differing == 0)
        var plain = source
        plain.metadata.jpegSource = nil
        #expect(plain.aligningBlocks(wanted) == wanted)
    }

    @Test func anotherQualityIsEncodedAnew() throws {
        let source = try image("420.jpg")
        let (edited, mask) = painted(source, Box(x: 2, y: 2, width: 3, height: 3))
        let data = try edited.encoded(as: .jpeg, quality: 60)
        #expect(BlockComparison(source, writtenAs: data, outside: mask) == nil)
    }

    @Test func aTurnedPictureWithoutMetadataStaysTurned() throws {
        var source = try image("orientation-6.jpg")
        source.metadata.dropAllButProfile()
        let (edited, _) = painted(source, Box(x: 2, y: 2, width: 3, height: 3))
        let written = try Image(decoding: edited.encoded(as: .jpeg), name: "turned")
        #expect(written.width == source.width && written.height == source.height)
        #expect(try #require(Comparison(edited, written).psnr) > 15)
    }

    @Test func commentsComeBack() throws {
        let data = Array(try image("420.jpg").encoded(as: .jpeg))
        let comment: [UInt8] = [0xFF, 0xFE, 0, 7] + Array("hello".utf8)
        let found = try Image(decoding: Data(data[..<2] + comment + data[2...]), name: "it")
        #expect(found.metadata.comments == [Array("hello".utf8)])
        let back = try Image(decoding: found.encoded(as: .jpeg), name: "it").metadata
        #expect(back.comments == found.metadata.comments)
    }
}
