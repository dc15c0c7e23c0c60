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

    /// A part is what it is of the whole, in whichever order the two passes are made.
    @Test(arguments: ResamplingFilter.allCases, [(1, 8), (3, 16), (4, 8)])
    func aPartIsCutFromTheWhole(filter: ResamplingFilter, form: (Int, Int)) {
        let source = noise(width: 23, height: 31, channels: form.0)
            .converted(channels: form.0, depth: form.1)
        for (width, height) in [(61, 70), (9, 70), (50, 7), (23, 11), (8, 31), (11, 12)] {
            let whole = source.resized(width: width, height: height, filter: filter)
            for (x, y, right, bottom) in [(0, 0, 1, 1), (3, 2, 1, 0), (0, 5, 4, 1)] {
                let part = Box(x: x, y: y, width: width - x - right, height: height - y - bottom)
                let cut = source.resized(width: width, height: height, filter: filter, part: part)
                #expect(cut == whole.cropped(to: part), "\(width)x\(height) \(part)")
            }
        }
    }

    /// Of a picture that is enlarged to 2e13 pixels only those that are wanted are made.
    @Test(arguments: ResamplingFilter.allCases)
    func aSmallPartOfAVastPicture(filter: ResamplingFilter) {
        let source = Image(
            width: 1, height: 1000, channels: 1, samples: (0..<1000).map { $0 < 500 ? 10 : 200 })
        let part = Box(x: 70_000, y: 69_999_900, width: 40, height: 200)
        let cut = source.resized(width: 140_000, height: 140_000_000, filter: filter, part: part)
        #expect((cut.width, cut.height) == (40, 200))
        #expect(cut.samples.first.map { $0 <= cut.samples[199 * 40] } == true)
        if filter == .nearest {
            #expect(cut.samples.prefix(98 * 40).allSatisfy { $0 == 10 })
            #expect(cut.samples.suffix(98 * 40).allSatisfy { $0 == 200 })
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
