import Imaging
import Testing

/// Discs and bars with soft rims, different for every seed.
func blobs(width: Int, height: Int, seed: UInt64) -> Mask {
    var generator = Xorshift(state: seed)
    var mask = Mask(width: width, height: height, filledWith: 0)
    for _ in 0..<4 {
        let x = Int.random(in: 0..<width, using: &generator)
        let y = Int.random(in: 0..<height, using: &generator)
        let radius = Int.random(in: 1...max(width / 5, 1), using: &generator)
        let value = UInt8.random(in: 100...255, using: &generator)
        for row in 0..<height {
            for column in 0..<width {
                let distance = (row - y) * (row - y) + (column - x) * (column - x)
                if distance <= radius * radius { mask.values[row * width + column] = value }
            }
        }
    }
    return mask
}

@Suite struct MaskTests {
    @Test func coverageIsTheMean() {
        #expect(Mask(width: 2, height: 1, values: [0, 255]).coverage == 0.5)
        #expect(Mask(width: 5, height: 3, filledWith: 255).coverage == 1)
        #expect(Mask(width: 5, height: 3, filledWith: 51).coverage == 0.2)
    }

    @Test func emptyMeansAllBlack() {
        var mask = Mask(width: 3, height: 3, filledWith: 0)
        #expect(mask.isEmpty)
        mask.values[4] = 1
        #expect(!mask.isEmpty)
    }

    @Test(arguments: [0, 1, 2, 5, 40])
    func dilationTakesTheLargestOfASquare(radius: Int) {
        for seed in 1...4 as ClosedRange<UInt64> {
            let mask = blobs(width: 31, height: 22, seed: seed)
            let grown = mask.dilated(by: radius)
            for y in 0..<22 {
                for x in 0..<31 {
                    var largest: UInt8 = 0
                    for row in max(y - radius, 0)...min(y + radius, 21) {
                        for column in max(x - radius, 0)...min(x + radius, 30) {
                            largest = max(largest, mask.values[row * 31 + column])
                        }
                    }
                    #expect(grown.values[y * 31 + x] == largest)
                }
            }
        }
        let black = Mask(width: 3, height: 2, filledWith: 0)
        #expect(black.dilated(by: radius) == black)
    }

    /// Pillow's `L` of some colours.
    @Test func brightnessIsLuma() {
        let colors: [(UInt16, UInt16, UInt16, UInt8)] = [
            (255, 255, 255, 255), (255, 0, 0, 76), (0, 255, 0, 150), (0, 0, 255, 29),
            (10, 200, 30, 124), (1, 1, 1, 1), (12, 34, 56, 30),
        ]
        for (red, green, blue, expected) in colors {
            let pixel = Image(width: 1, height: 1, channels: 3, samples: [red, green, blue])
            #expect(Mask(pixel).values == [expected])
            let wide = pixel.converted(channels: 3, depth: 16)
            #expect(Mask(wide).values == [expected])
        }
    }

    @Test func transparentPartsAreBlack() {
        let image = Image(
            width: 4, height: 1, channels: 2, samples: [255, 255, 255, 0, 255, 128, 100, 51])
        #expect(Mask(image).values == [255, 0, 128, 20])
    }

    @Test func thresholdIsAHalf() {
        let mask = Mask(width: 4, height: 1, values: [0, 127, 128, 255])
        #expect(mask.thresholded.values == [0, 0, 255, 255])
        #expect(mask.inverted.values == [255, 128, 127, 0])
        #expect(mask.inverted.inverted == mask)
    }

    @Test func nearestTakesTheTopLeftPixel() {
        let mask = noiseMask(width: 19, height: 10)
        let latent = mask.latentNearest()
        #expect(latent.width == 3 && latent.height == 2)
        for y in 0..<2 {
            for x in 0..<3 {
                #expect(latent.values[y * 3 + x] == mask.values[8 * y * 19 + 8 * x])
            }
        }
    }

    @Test func maxTakesTheLargestPixel() {
        let mask = noiseMask(width: 19, height: 10)
        let latent = mask.latentMax()
        for y in 0..<2 {
            for x in 0..<3 {
                var largest: UInt8 = 0
                for row in 8 * y..<min(8 * y + 8, 10) {
                    for column in 8 * x..<min(8 * x + 8, 19) {
                        largest = max(largest, mask.values[row * 19 + column])
                    }
                }
                #expect(latent.values[y * 3 + x] == largest)
            }
        }
    }

    @Test func aThinStrokeSurvivesMaxOnly() {
        var mask = Mask(width: 64, height: 64, filledWith: 0)
        for x in 0..<64 { mask.values[13 * 64 + x] = 255 }
        #expect(mask.latentNearest().isEmpty)
        #expect(mask.latentMax().coverage == 1.0 / 8)
    }

    @Test(arguments: [1, 2, 3, 7])
    func growthIsADisc(radius: Int) {
        let mask = blobs(width: 31, height: 23, seed: UInt64(radius))
        let grown = mask.grown(by: radius)
        for y in 0..<23 {
            for x in 0..<31 {
                let near = anyPixel(of: mask, around: (x, y), radius: radius) { $0 >= 128 }
                let value = mask.values[y * 31 + x]
                #expect(grown.values[y * 31 + x] == (near ? 255 : value))
            }
        }
        #expect(mask.grown(by: -radius) == mask.inverted.grown(by: radius).inverted)
        #expect(mask.grown(by: 0) == mask)
    }

    @Test(arguments: 1...12)
    func featheringStaysInside(seed: Int) {
        let mask = blobs(width: 40, height: 33, seed: UInt64(seed))
        for radius in [1, 4, 9] {
            let soft = mask.feathered(radius: radius)
            for (before, after) in zip(mask.values, soft.values) {
                #expect(after <= before)
                #expect(before != 0 || after == 0)
            }
            // Deep inside nothing changes.
            for y in 0..<33 {
                for x in 0..<40
                where !anyPixel(
                    of: mask, around: (x, y), radius: radius + 1, where: { $0 == 0 })
                {
                    #expect(soft.values[y * 40 + x] == mask.values[y * 40 + x])
                }
            }
        }
    }

    @Test func featheringIsARamp() {
        // The left half white: the ramp falls to the right and the picture's edge is no edge.
        let values = (0..<40 * 5).map { UInt8($0 % 40 < 20 ? 255 : 0) }
        let soft = Mask(width: 40, height: 5, values: values).feathered(radius: 7)
        for y in 0..<5 {
            let row = Array(soft.values[y * 40..<(y + 1) * 40])
            #expect(row[0..<13].allSatisfy { $0 == 255 })
            for x in 13..<20 {
                let part = Float(20 - x) / 8
                #expect(row[x] == UInt8((255 * part * part * (3 - 2 * part)).rounded()))
            }
            #expect(row[20...].allSatisfy { $0 == 0 })
        }
    }

    @Test func theMiddleOfAThinStrokeStaysWhite() {
        var mask = Mask(width: 50, height: 21, filledWith: 0)
        for y in 8..<13 { for x in 0..<50 { mask.values[y * 50 + x] = 255 } }
        let soft = mask.feathered(radius: 12)
        #expect((0..<50).allSatisfy { soft.values[10 * 50 + $0] == 255 })
        #expect(soft.values[8 * 50 + 25] < 128)
    }

    @Test func aWhiteMaskHasNoEdge() {
        let mask = Mask(width: 30, height: 20, filledWith: 255)
        #expect(mask.feathered(radius: 8) == mask)
        #expect(mask.feathered(radius: 0) == mask)
    }

    @Test func fittingNeedsPermission() throws {
        let mask = blobs(width: 20, height: 10, seed: 3)
        let image = noise(width: 40, height: 20, channels: 1)
        let error = try #require(throws: ImagingError.self) {
            try mask.fitted(to: image, resizing: false)
        }
        #expect(error.description.contains("20x10") && error.description.contains("40x20"))
        #expect(error.exitCode == 65)
        #expect(try mask.fitted(to: image, resizing: true) == mask.resized(width: 40, height: 20))
        let same = noise(width: 20, height: 10, channels: 3)
        #expect(try mask.fitted(to: same, resizing: false) == mask)
    }

    private func noiseMask(width: Int, height: Int) -> Mask {
        Mask(noise(width: width, height: height, channels: 1))
    }

    private func anyPixel(
        of mask: Mask, around center: (x: Int, y: Int), radius: Int, where test: (UInt8) -> Bool
    ) -> Bool {
        for y in max(center.y - radius, 0)...min(center.y + radius, mask.height - 1) {
            for x in max(center.x - radius, 0)...min(center.x + radius, mask.width - 1) {
                let distance =
                    (x - center.x) * (x - center.x) + (y - center.y) * (y - center.y)
                if distance <= radius * radius, test(mask.values[y * mask.width + x]) {
                    return true
                }
            }
        }
        return false
    }

    /// A ramp's length does not depend on where in a long picture it is.
    @Test func feathersAreAlikeFarOut() {
        let width = 20_000
        func ramp(at edge: Int) -> [UInt8] {
            let values: [UInt8] = (0..<width).map { $0 < edge || $0 % 64 == 0 ? 0 : 255 }
            let mask = Mask(width: width, height: 1, values: values).feathered(radius: 20)
            return Array(mask.values[edge..<edge + 64])
        }
        #expect(ramp(at: 640) == ramp(at: 19_200))
    }
}
