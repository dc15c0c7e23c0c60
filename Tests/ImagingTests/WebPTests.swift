import Foundation
import Imaging
import Testing

@Suite struct WebPTests {
    @Test(arguments: 1...4)
    func losslessKeepsEverySample(channels: Int) throws {
        let image = noise(width: 37, height: 11, channels: channels)
        #expect(image.isKept(by: .webp, quality: nil))
        let file = try image.encoded(as: .webp)
        let back = try Image(decoding: file, name: "it")
        let expected = image.converted(channels: image.hasAlpha ? 4 : 3, depth: 8)
        #expect(back.samples == expected.samples)
        #expect(try image.encoded(as: .webp) == file)
    }

    @Test func qualityMakesItSmaller() throws {
        let image = try Image(contentsOf: corpus.appending(path: "../Pictures/landscape.jpg"))
        let sizes = try [nil, 90, 30].map { try image.encoded(as: .webp, quality: $0).count }
        #expect(sizes[0] > sizes[1] && sizes[1] > sizes[2])
        let lossy = try Image(decoding: image.encoded(as: .webp, quality: 90), name: "it")
        let psnr = try #require(try Comparison(image, lossy).psnr)
        #expect(psnr > 30)
    }

    @Test func metadataStayWhereTheyWere() throws {
        let old = try Image(contentsOf: corpus.appending(path: "Good/profile.webp"))
        var image = noise(width: 5, height: 4, channels: 4)
        image.metadata.iccProfile = old.metadata.iccProfile
        image.metadata.exif = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0]
        image.metadata.xmp = Array("<x:xmpmeta><rdf:RDF></rdf:RDF></x:xmpmeta>".utf8)
        image.metadata.parameters = "a hill — 丘\nSteps: 2, Sampler: Euler, Seed: 1"
        for quality in [nil, 80] {
            let back = try Image(decoding: image.encoded(as: .webp, quality: quality), name: "it")
            #expect(back.metadata.iccProfile == image.metadata.iccProfile)
            #expect(back.metadata.xmp == image.metadata.xmp)
            #expect(back.metadata.parameters == image.metadata.parameters)
            #expect(back.metadata.warnings.isEmpty)
            #expect(back.channels == 4)
        }
    }

    @Test func whatItCannotHoldIsSaidBefore() {
        let long = Image(
            width: 16_384, height: 1, channels: 1, samples: .init(repeating: 0, count: 16_384))
        #expect(throws: ImagingError.self) { try long.checkEncodable(as: .webp) }
        #expect(!noise(width: 2, height: 2, channels: 3, depth: 16).isKept(by: .webp, quality: nil))
    }
}
