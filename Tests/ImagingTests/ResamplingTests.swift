import Foundation
import Imaging
import Testing

private struct Recording: Decodable {
    struct Case: Decodable {
        let channels: Int, width: Int, height: Int
        let filter: String
        let source: Data, expected: Data
    }
    let width: Int, height: Int
    let cases: [Case]
}

@Suite struct ResamplingTests {
    /// Byte for byte what Pillow gave (Scripts/make-image-corpus.py).
    @Test func agreesWithPillow() throws {
        let file = try Data(contentsOf: corpus.appending(path: "Resampling.json"))
        let recording = try JSONDecoder().decode(Recording.self, from: file)
        try #require(recording.cases.count == 160)
        for item in recording.cases {
            let source = Image(
                width: recording.width, height: recording.height, channels: item.channels,
                samples: item.source.map { UInt16($0) })
            let filter = try #require(ResamplingFilter(rawValue: item.filter))
            let resized = source.resized(width: item.width, height: item.height, filter: filter)
            #expect(
                resized.samples == item.expected.map { UInt16($0) },
                "\(item.filter) \(item.channels) \(item.width)x\(item.height)")
        }
    }

    /// 16-bit samples that are bytes times 257 come out near the 8-bit result times 257: the bytes
    /// are rounded after each of the two passes.
    @Test(arguments: ResamplingFilter.allCases, [1, 3])
    func sixteenBitsAgreeWithEight(filter: ResamplingFilter, channels: Int) throws {
        let bytes = noise(width: 20, height: 14, channels: channels)
        let wide = bytes.converted(channels: channels, depth: 16)
        let small = bytes.resized(width: 9, height: 21, filter: filter)
        let large = wide.resized(width: 9, height: 21, filter: filter)
        for (byte, word) in zip(small.samples, large.samples) {
            #expect(abs(Int(byte) * 257 - Int(word)) <= 2 * 257)
        }
    }

    @Test(arguments: ResamplingFilter.allCases, [8, 16])
    func aFlatPictureStaysFlat(filter: ResamplingFilter, depth: Int) {
        let value: UInt16 = depth == 8 ? 173 : 44_321
        let flat = Image(
            width: 17, height: 9, channels: 1, depth: depth,
            samples: Array(repeating: value, count: 17 * 9))
        for (width, height) in [(5, 3), (40, 31), (17, 20)] {
            let resized = flat.resized(width: width, height: height, filter: filter)
            #expect(resized.samples.allSatisfy { $0 == value })
        }
    }

    @Test func transparentColorsDoNotBleed() {
        // Opaque white beside transparent green: only white may show.
        let source = Image(
            width: 2, height: 1, channels: 4, samples: [255, 255, 255, 255, 0, 255, 0, 0])
        let resized = source.resized(width: 6, height: 1, filter: .bilinear)
        for x in 0..<6 where resized[x: x, y: 0].last != 0 {
            #expect(Array(resized[x: x, y: 0].prefix(3)) == [255, 255, 255])
        }
    }
}
