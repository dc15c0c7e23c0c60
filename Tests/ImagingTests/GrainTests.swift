import Imaging
import Tensors
import Testing

/// What is painted gets the grain of the photo around it.
@Suite struct GrainTests {
    private let width = 384
    private let height = 256

    /// A grey ramp with normally distributed grain, from a generator of its own.
    private func photo(grain: Double, depth: Int = 8, channels: Int = 3) -> Image {
        var state: UInt64 = 7
        func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 40) / Double(1 << 24)
        }
        let maximum = depth == 16 ? 65535.0 : 255
        let samples = (0..<width * height).flatMap { pixel -> [UInt16] in
            let noise = (0..<12).reduce(-6) { sum, _ in sum + uniform() } * grain
            let value = (90 + Double(pixel % width) / 6 + noise) / 255 * maximum
            let sample = UInt16(min(max(value.rounded(), 0), maximum))
            return (0..<channels).map {
                [2, 4].contains(channels) && $0 == channels - 1 ? UInt16(maximum) : sample
            }
        }
        return Image(
            width: width, height: height, channels: channels, depth: depth, samples: samples)
    }

    private let mask: Mask = {
        var values = [UInt8](repeating: 0, count: 384 * 256)
        for y in 60..<200 { for x in 100..<280 { values[y * 384 + x] = 255 } }
        return Mask(width: 384, height: 256, values: values)
    }()

    /// The standard deviation of what pixels differ by from the next in their row, in levels of 255.
    private func roughness(_ image: Image, _ columns: Range<Int>) -> Double {
        var sum = 0.0
        for y in 70..<190 {
            for x in columns {
                let place = (y * width + x) * image.channels
                let step =
                    Double(image.samples[place]) - Double(image.samples[place + image.channels])
                sum += step * step
            }
        }
        return (sum / Double(120 * columns.count)).squareRoot() * 255 / Double(image.maximum)
    }

    @Test(arguments: [(3, 8), (3, 16), (4, 8), (1, 8), (2, 16)])
    func whatIsFlatGetsIt(channels: Int, depth: Int) {
        let photo = self.photo(grain: 3, depth: depth, channels: channels)
        let flat = self.photo(grain: 0, depth: depth, channels: channels)
        let painted = composite(
            original: photo, generated: flat.converted(channels: 3, depth: depth), mask: mask)
        #expect(roughness(painted, 110..<270) < 1)
        let result = painted.withGrain(of: photo, within: mask, seed: 1)
        let (inside, outside) = (roughness(result, 110..<270), roughness(result, 5..<90))
        #expect(abs(inside / outside - 1) < 0.15, "\(inside) \(outside)")
        for pixel in mask.values.indices where mask.values[pixel] == 0 {
            #expect(result.samples[pixel * channels] == photo.samples[pixel * channels])
        }
        if result.hasAlpha {
            #expect(
                stride(from: channels - 1, to: result.samples.count, by: channels).allSatisfy {
                    result.samples[$0] == result.maximum
                })
        }
        #expect(result == painted.withGrain(of: photo, within: mask, seed: 1))
        #expect(result != painted.withGrain(of: photo, within: mask, seed: 2))
    }

    /// No grain that is there already is doubled, and none is made up.
    @Test func noMoreThanThereIs() {
        let (rough, smooth) = (photo(grain: 3), photo(grain: 0))
        let kept = rough.withGrain(of: rough, within: mask, seed: 1)
        #expect(abs(roughness(kept, 110..<270) / roughness(rough, 110..<270) - 1) < 0.1)
        #expect(smooth.withGrain(of: smooth, within: mask, seed: 1) == smooth)
        let all = Mask(width: width, height: height, filledWith: 255)
        #expect(smooth.withGrain(of: rough, within: all, seed: 1) == smooth)
    }

    /// A fading mask takes less, and a picture smaller than a piece has none.
    @Test func smallAndFaint() {
        let rough = photo(grain: 3)
        let flat = composite(original: rough, generated: photo(grain: 0), mask: mask)
        let faint = Mask(width: width, height: height, values: mask.values.map { $0 / 2 })
        let half = roughness(flat.withGrain(of: rough, within: faint, seed: 1), 110..<270)
        let whole = roughness(flat.withGrain(of: rough, within: mask, seed: 1), 110..<270)
        #expect(abs(half / whole - 0.5) < 0.1)
        let tiny = Image(width: 3, height: 2, channels: 3, samples: Array(repeating: 90, count: 18))
        let all = Mask(width: 3, height: 2, values: [0, 255, 255, 0, 0, 255])
        #expect(tiny.withGrain(of: tiny, within: all, seed: 1) == tiny)
    }

    /// A mask that reaches the picture's border on all sides but one, over which the grain must be the same
    /// for any number of threads and as rough at the border as in the middle.
    @Test(arguments: [(3, 8), (4, 16), (1, 8)])
    func upToTheBorderForAnyThreads(channels: Int, depth: Int) {
        let photo = photo(grain: 3, depth: depth, channels: channels)
        let all = Mask(
            width: width, height: height,
            values: (0..<width * height).map { $0 % width >= 120 ? 255 : 0 })
        let painted = composite(
            original: photo,
            generated: self.photo(grain: 0, depth: depth, channels: channels)
                .converted(channels: 3, depth: depth), mask: all)
        let alone = ThreadPool(threads: 1).run {
            painted.withGrain(of: photo, within: all, seed: 5)
        }
        for threads in [2, 3, 7] {
            let shared = ThreadPool(threads: threads).run {
                painted.withGrain(of: photo, within: all, seed: 5)
            }
            #expect(shared == alone)
        }
        let photos = roughness(photo, 5..<115)
        for columns in [121..<133, 200..<300, 368..<383] {
            let share = roughness(alone, columns) / photos
            #expect(abs(share - 1) < 0.2, "\(columns): \(share)")
        }
    }

    /// Clear parts of a cut-out have no grain, and say nothing of the photo's.
    @Test func clearPartsAreNoPhoto() {
        var cut = photo(grain: 3, channels: 4)
        for pixel in 0..<width * height where pixel % width > 300 || pixel / width < 50 {
            cut.samples.replaceSubrange(pixel * 4..<pixel * 4 + 4, with: [120, 120, 120, 0])
        }
        let painted = composite(original: cut, generated: photo(grain: 0), mask: mask)
        let result = painted.withGrain(of: cut, within: mask, seed: 1)
        #expect(abs(roughness(result, 110..<270) / roughness(cut, 5..<90) - 1) < 0.15)
    }
}
