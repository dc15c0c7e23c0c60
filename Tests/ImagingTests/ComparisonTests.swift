import Foundation
import Imaging
import Testing

@Suite struct ComparisonTests {
    private func grey(_ samples: [UInt16], width: Int, depth: Int = 8) -> Image {
        Image(
            width: width, height: samples.count / width, channels: 1, depth: depth,
            samples: samples)
    }

    @Test func countsAreExact() throws {
        let a = grey([10, 20, 30, 40, 50, 60], width: 3)
        let b = grey([10, 20, 33, 40, 46, 60], width: 3)
        let found = try Comparison(a, b)
        #expect(found.pixels == 6)
        #expect(found.differing == 2)
        #expect(found.largestDifference == 4)
        #expect(found.bounds.map { [$0.x, $0.y, $0.width, $0.height] } == [1, 0, 2, 2])
        #expect(abs(found.share - 1 / 3) < 1e-12)
        // (3² + 4²) / 6 = 25/6; 10 log10(255² · 6 / 25) = 41.9329 dB
        #expect(abs(found.meanSquaredError - 25 / 6) < 1e-12)
        #expect(abs((found.psnr ?? 0) - 41.932916) < 1e-5)
    }

    @Test func equalPicturesHaveNoEnd() throws {
        let a = grey(Array(0..<144), width: 12)
        let found = try Comparison(a, a)
        #expect(found.differing == 0)
        #expect(found.psnr == nil)
        #expect(found.bounds == nil)
        #expect(try structuralSimilarity(a, a) == 1)
    }

    /// One level of 65535 counts, in colour and in alpha.
    @Test func theLastBitCounts() throws {
        for channel in 0..<4 {
            let a = Image(
                width: 2, height: 1, channels: 4, depth: 16,
                samples: [1, 2, 3, 65535, 5, 6, 7, 40000])
            var b = a
            b.samples[4 + channel] += 1
            let found = try Comparison(a, b)
            #expect(found.differing == 1)
            #expect(found.largestDifference == 1)
            #expect(found.maximum == 65535)
            #expect(found.bounds?.x == 1)
        }
    }

    @Test func kindsMeetInTheWiderOne() throws {
        let a = grey([0, 128, 255], width: 3)
        let same = Image(
            width: 3, height: 1, channels: 4, depth: 16,
            samples: [0, 128 * 257, 65535].flatMap { [$0, $0, $0, 65535] })
        #expect(try Comparison(a, same).differing == 0)
        var seeThrough = same
        seeThrough.samples[3] = 0
        #expect(try Comparison(a, seeThrough).differing == 1)
    }

    @Test func aMaskLimitsWhatIsLookedAt() throws {
        let a = grey([1, 2, 3, 4], width: 2)
        let b = grey([9, 2, 3, 5], width: 2)
        let mask = Mask(width: 2, height: 2, values: [1, 0, 0, 0])
        let found = try Comparison(a, b, outside: mask)
        #expect(found.pixels == 3)
        #expect(found.differing == 1)
        #expect(found.bounds.map { [$0.x, $0.y] } == [1, 1])
        let all = Mask(width: 2, height: 2, filledWith: 255)
        #expect(try Comparison(a, b, outside: all).pixels == 0)
    }

    @Test func sizesMustAgree() {
        let (a, b) = (grey([1, 2], width: 2), grey([1, 2], width: 1))
        #expect(throws: ImagingError.self) { try Comparison(a, b) }
        #expect(throws: ImagingError.self) { try structuralSimilarity(a, b) }
        #expect(throws: ImagingError.self) {
            try Comparison(a, a, outside: Mask(width: 1, height: 2, filledWith: 0))
        }
    }

    /// Two patterns, 24x20; the expected numbers are numpy's and scipy's, with scikit-image's recipe:
    /// `gaussian_filter(x, 1.5, truncate=3.5)` for the means, the border of 5 cut off.
    private func pattern(_ ripple: Int, scale: Int = 1, slope: Int = 0) -> [UInt16] {
        (0..<20 * 24).map { pixel in
            let (x, y) = (pixel % 24, pixel / 24)
            let level = (x * 9 + y * 4 + (x * y) % 7 * ripple) % 256
            return UInt16(min(level * scale + slope * x, 65535))
        }
    }

    @Test func similarityIsThatOfThePaper() throws {
        let (a, b) = (grey(pattern(0), width: 24), grey(pattern(3), width: 24))
        #expect(try abs((structuralSimilarity(a, b) ?? 0) - 0.8902956988307232) < 1e-9)
        #expect(try abs((Comparison(a, b).psnr ?? 0) - 16.592108956788543) < 1e-9)
        #expect(try Comparison(a, b).differing == 340)
    }

    @Test func similarityKeepsSixteenBits() throws {
        let a = grey(pattern(0, scale: 257, slope: 1), width: 24, depth: 16)
        let b = grey(pattern(3, scale: 257), width: 24, depth: 16)
        #expect(try abs((structuralSimilarity(a, b) ?? 0) - 0.8903333951182791) < 1e-9)
        #expect(try abs((Comparison(a, b).psnr ?? 0) - 16.591581135496497) < 1e-9)
    }

    /// The luma is Pillow's `convert("L")`.
    @Test func similarityOfColoursIsThatOfLuma() throws {
        func picture(_ first: [UInt16], _ second: [UInt16]) -> Image {
            let samples = zip(first, second).flatMap { [$0, $1, ($0 + $1) / 2] }
            return Image(width: 24, height: 20, channels: 3, samples: samples)
        }
        let a = picture(pattern(0), pattern(3))
        let b = picture(pattern(3), pattern(0))
        #expect(try abs((structuralSimilarity(a, b) ?? 0) - 0.9872403634453032) < 1e-9)
        #expect(try abs((Comparison(a, b).psnr ?? 0) - 18.353021547345353) < 1e-9)
    }

    @Test func aPictureBelowAWindowHasNoSimilarity() throws {
        let a = grey(Array(repeating: 1, count: 100), width: 10)
        #expect(try structuralSimilarity(a, a) == nil)
    }

    @Test func heatRisesFromBlackToWhite() throws {
        let map = try Image.heatMap(
            grey([5, 5, 5, 5], width: 4), grey([5, 6, 55, 105], width: 4))
        #expect(Array(map[x: 0, y: 0]) == [0, 0, 0])
        #expect(map[x: 1, y: 0].first.map { $0 > 100 } == true)
        #expect(Array(map[x: 3, y: 0]) == [255, 255, 255])
    }
}
