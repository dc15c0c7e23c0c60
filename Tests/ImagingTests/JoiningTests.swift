import Imaging
import Testing

/// What is done to a painted area so that it fits into its picture.
@Suite struct JoiningTests {
    private func picture(_ width: Int, _ height: Int, _ color: (Int, Int) -> [Int]) -> Image {
        Image(
            width: width, height: height, channels: 3,
            samples: (0..<width * height).flatMap { pixel in
                color(pixel % width, pixel / width).map { UInt16(min(max($0, 0), 255)) }
            })
    }

    private func block(_ width: Int, _ height: Int, _ box: Box) -> Mask {
        var mask = Mask(width: width, height: height, filledWith: 0)
        for y in box.y..<box.y + box.height {
            for x in box.x..<box.x + box.width { mask.values[y * width + x] = 255 }
        }
        return mask
    }

    /// A membrane between the values of a plane is the plane.
    @Test func gradientsAreMovedByAHarmonicFunction() {
        let (width, height) = (61, 47)
        let original = picture(width, height) { x, y in [60 + x, 80 + 2 * y, 200 - x - y] }
        let flat = picture(width, height) { _, _ in [100, 100, 100] }
        let area = block(width, height, Box(x: 9, y: 6, width: 40, height: 33))
        let met = flat.meeting(original, around: area)
        for pixel in area.values.indices {
            for c in 0..<3 {
                let sample = Int(met.samples[3 * pixel + c])
                let wanted = area.values[pixel] > 0 ? Int(original.samples[3 * pixel + c]) : 100
                #expect(abs(sample - wanted) <= 1)
            }
        }
    }

    @Test func anAreaWithoutBorderStays() {
        let a = picture(9, 7) { x, y in [x, y, 3] }
        let b = picture(9, 7) { _, _ in [200, 1, 1] }
        let all = Mask(width: 9, height: 7, filledWith: 255)
        #expect(a.meeting(b, around: all) == a)
        #expect(a.matchingColors(of: b, around: all, by: .drift) == a)
    }

    @Test(arguments: [ColorMatching.drift, .surroundings])
    func aCastIsTakenOff(_ method: ColorMatching) {
        let original = picture(64, 64) { x, y in
            let grain = (x * 7 + y * 13) % 20
            return [110 + grain, 120 + grain, 100 + grain]
        }
        var cast = original
        for i in stride(from: 0, to: cast.samples.count, by: 3) { cast.samples[i] += 30 }
        let area = block(64, 64, Box(x: 20, y: 20, width: 24, height: 24))
        let matched = cast.matchingColors(of: original, around: area, by: method)
        let before = Seam(of: area, in: composite(original: original, generated: cast, mask: area))
        let after = Seam(
            of: area, in: composite(original: original, generated: matched, mask: area))
        #expect(before.pairs == 96)
        #expect(before.colorStep > 12)
        #expect(after.colorStep < before.colorStep * 0.6)
        #expect(after.gradientStep < before.gradientStep)
    }

    @Test func aSeamIsMeasuredWherePicturesBreak() {
        let grey = picture(20, 20) { _, _ in [90, 90, 90] }
        let area = block(20, 20, Box(x: 5, y: 5, width: 8, height: 8))
        let seam = Seam(of: area, in: grey)
        #expect(seam.pairs == 32 && seam.colorStep == 0 && seam.gradientStep == 0)
        #expect(Seam(of: Mask(width: 20, height: 20, filledWith: 255), in: grey).pairs == 0)
    }

    @Test func partsAreFoundInTheOrderOfReading() {
        var mask = block(30, 20, Box(x: 18, y: 2, width: 4, height: 5))
        mask = mask.united(with: block(30, 20, Box(x: 2, y: 6, width: 6, height: 6)))
        mask.values[12 * 30 + 8] = 7
        mask.values[19 * 30 + 29] = 255
        let parts = mask.components
        #expect(
            parts.map(\.bounds) == [
                Box(x: 18, y: 2, width: 4, height: 5), Box(x: 2, y: 6, width: 7, height: 7),
                Box(x: 29, y: 19, width: 1, height: 1),
            ])
        let whole = Box(x: 0, y: 0, width: 30, height: 20)
        let sum = parts.map { $0.placed(in: whole) }.reduce(
            Mask(width: 30, height: 20, filledWith: 0)
        ) { $0.united(with: $1) }
        #expect(sum == mask.support)
    }

    @Test(arguments: [
        (Box(x: 10, y: 10, width: 20, height: 10), Box(x: 2, y: 0, width: 36, height: 36)),
        (Box(x: 90, y: 60, width: 10, height: 10), Box(x: 74, y: 52, width: 26, height: 26)),
        (Box(x: 0, y: 20, width: 100, height: 10), Box(x: 0, y: 0, width: 100, height: 80)),
    ])
    func contextIsSquareAndInside(_ bounds: Box, _ expected: Box) {
        #expect(bounds.withContext(padding: 8, least: 24, inWidth: 100, height: 80) == expected)
    }

    /// By AUTOMATIC1111's `expand_crop_region`, computed from its rule.
    @Test(arguments: [
        (
            Box(x: 40, y: 20, width: 50, height: 40), 0, 128, 64,
            Box(x: 25, y: 20, width: 80, height: 40)
        ),
        (
            Box(x: 40, y: 20, width: 50, height: 40), 8, 64, 128,
            Box(x: 32, y: 0, width: 66, height: 96)
        ),
        (
            Box(x: 0, y: 0, width: 10, height: 10), 0, 512, 768,
            Box(x: 0, y: 0, width: 10, height: 15)
        ),
        (
            Box(x: 100, y: 70, width: 1, height: 1), 0, 512, 512,
            Box(x: 100, y: 70, width: 1, height: 1)
        ),
        (Box(x: 3, y: 3, width: 47, height: 6), 5, 96, 640, Box(x: 0, y: 0, width: 55, height: 96)),
    ])
    func contextTakesAShape(
        _ bounds: Box, _ padding: Int, _ width: Int, _ height: Int, _ expected: Box
    ) {
        let box = bounds.withContext(
            padding: padding, shape: (width, height), inWidth: 160, height: 96)
        #expect(box == expected)
    }

    @Test func workFillsASize() {
        func work(_ width: Int, _ height: Int, _ size: (Int, Int)) -> (width: Int, height: Int) {
            Box(x: 0, y: 0, width: width, height: height).workSize(within: size, multiple: 8)
        }
        #expect(work(101, 151, (512, 768)) == (512, 768))
        #expect(work(1, 1, (512, 512)) == (512, 512))
        #expect(work(400, 266, (300, 200)) == (296, 200))
        #expect(work(55, 96, (96, 640)) == (96, 168))
        #expect(work(10, 1000, (64, 64)) == (8, 64))
    }

    @Test func workIsNeverEnlargedBeyondWhatIsSensible() {
        let small = Box(x: 0, y: 0, width: 40, height: 40).workSize(side: 512, multiple: 8)
        #expect(small == (160, 160))
        let wide = Box(x: 0, y: 0, width: 1024, height: 256).workSize(side: 512, multiple: 8)
        #expect(wide == (1024, 256))
        #expect(Box(x: 0, y: 0, width: 1, height: 1).workSize(side: 512, multiple: 8) == (8, 8))
    }

    /// The kernel of A1111, against the sum done by hand.
    @Test func aBlurReachesOutAsFarAsIn() {
        let mask = block(40, 9, Box(x: 20, y: 0, width: 20, height: 9))
        let blurred = mask.blurred(sigma: 4)
        #expect(blurred.values[9] == 0 && blurred.values[10] > 0)
        #expect(blurred.values[19] > 100 && blurred.values[19] < 128)
        #expect((0..<40).allSatisfy { blurred.values[$0] == blurred.values[4 * 40 + $0] })
        #expect(mask.blurred(sigma: 0) == mask)
    }
}
