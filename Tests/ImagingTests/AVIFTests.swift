import Foundation
import Imaging
import TestSupport
import Testing

/// What is written as AVIF, where there is an encoder.
@Suite(.enabled(if: !Image.missingCodecs.contains { $0.contains("AVIF") })) struct AVIFTests {
    @Test(arguments: [nil, 60], [8, 16])
    func theBytesAreTheSameForAnyNumberOfThreads(quality: Int?, depth: Int) throws {
        let picture = noise(width: 300, height: 200, channels: 3, depth: depth)
        let alone = try picture.encodedAVIF(quality: quality, threads: 1)
        for threads in [2, 3, 8, 16] {
            #expect(try picture.encodedAVIF(quality: quality, threads: threads) == alone)
        }
    }

    /// A track of pictures beside the first one, and not the film that some cameras put behind a file.
    @Test(arguments: [true, false]) func anAnimationIsNamed(isFilm: Bool) throws {
        let url = Fixtures.images.appending(path: "Good/plain.avif")
        var file = try Data(contentsOf: url)
        // A film begins as a file of its own does.
        if isFilm { file += file.prefix(Int(file[3])) }
        file += Data("\0\0\0\u{8}moov".utf8)
        let warnings = try Image(decoding: file, name: "it").metadata.warnings
        #expect(warnings == (isFilm ? [] : ["animated; only the first frame is read"]))
    }

    /// Samples of 10 bits are written with 12, which hold each of them.
    @Test func tenBitsComeBack() throws {
        let url = Fixtures.images.appending(path: "Good/ten-bits.avif")
        let image = try Image(contentsOf: url)
        let copy = try Image(decoding: image.encoded(as: .avif), name: "copy")
        func tenBits(_ image: Image) -> [Int] {
            image.samples.map { (Int($0) * 1023 + 32_767) / 65_535 }
        }
        #expect(tenBits(copy) == tenBits(image.converted(channels: copy.channels, depth: 16)))
        #expect(copy.depth == 16)
    }
}
