import Imaging
import Testing

@Suite struct MaskDrawingTests {
    @Test(arguments: [8, 16])
    func transparencyIsWhite(depth: Int) {
        let most: UInt16 = depth == 8 ? 255 : 65535
        let image = Image(
            width: 3, height: 1, channels: 4, depth: depth,
            samples: [1, 2, 3, 0, 1, 2, 3, most, 1, 2, 3, most / 255 * 55])
        #expect(Mask(transparencyOf: image).values == [255, 0, 200])
        #expect(Mask(transparencyOf: noise(width: 5, height: 4, channels: 3)).isEmpty)
    }

    @Test func aColorHasATolerance() {
        let image = Image(
            width: 4, height: 1, channels: 3,
            samples: [10, 200, 30, 12, 199, 30, 13, 200, 30, 10, 200, 255])
        func mask(_ tolerance: Int) -> [UInt8] {
            Mask(of: image, near: (10, 200, 30), tolerance: tolerance).values
        }
        #expect(mask(0) == [255, 0, 0, 0])
        #expect(mask(2) == [255, 255, 0, 0])
        #expect(mask(3) == [255, 255, 255, 0])
        #expect(mask(255) == [255, 255, 255, 255])
        let wide = image.converted(channels: 4, depth: 16)
        #expect(Mask(of: wide, near: (10, 200, 30), tolerance: 2).values == mask(2))
    }

    @Test func aRectangleIsExact() {
        let mask = Mask(width: 20, height: 10, polygon: [(3, 2), (8, 2), (8, 9), (3, 9)])
        for y in 0..<10 {
            for x in 0..<20 {
                let isInside = (3..<8).contains(x) && (2..<9).contains(y)
                #expect(mask.values[y * 20 + x] == (isInside ? 255 : 0))
            }
        }
    }

    @Test func whatLiesOutsideIsCutOff() {
        let wide = Mask(width: 6, height: 4, polygon: [(-9, -9), (99, -9), (99, 99), (-9, 99)])
        #expect(wide == Mask(width: 6, height: 4, filledWith: 255))
        let off = Mask(width: 6, height: 4, polygon: [(7, 0), (9, 0), (9, 4)])
        #expect(off.isEmpty)
    }

    /// Two triangles of one square share no pixel and leave none out, whichever way round they go.
    @Test func neighboursMeetWithoutAGap() {
        let a = Mask(width: 31, height: 31, polygon: [(1, 2), (30, 2), (1, 29)])
        let b = Mask(width: 31, height: 31, polygon: [(1, 29), (30, 29), (30, 2)])
        let square = Mask(width: 31, height: 31, polygon: [(1, 2), (30, 2), (30, 29), (1, 29)])
        #expect(a.united(with: b) == square)
        #expect(a.subtracting(b) == a)
        #expect(square.subtracting(a) == b)
    }

    @Test func aStarHasAHole() {
        let star = Mask(
            width: 100, height: 100, polygon: [(50, 2), (79, 95), (4, 38), (96, 38), (21, 95)])
        #expect(star.values[20 * 100 + 50] == 255)
        #expect(star.values[55 * 100 + 50] == 0)
    }

    @Test func masksAreUnitedAndSubtracted() {
        let a = Mask(width: 4, height: 1, values: [0, 255, 255, 100])
        let b = Mask(width: 4, height: 1, values: [255, 255, 0, 200])
        #expect(a.united(with: b).values == [255, 255, 255, 200])
        #expect(a.subtracting(b).values == [0, 0, 255, 55])
    }

    @Test func theThresholdIsWhereWhiteBegins() {
        let mask = Mask(width: 5, height: 1, values: [0, 1, 99, 100, 255])
        #expect(mask.thresholded(at: 100).values == [0, 0, 0, 255, 255])
        #expect(mask.thresholded(at: 255).values == [0, 0, 0, 0, 255])
        #expect(mask.thresholded(at: 0).values == [0, 255, 255, 255, 255])
        #expect(mask.thresholded(at: 128) == mask.thresholded)
    }

    @Test func theTintShowsTheMask() {
        let image = noise(width: 2, height: 1, channels: 4, depth: 16)
        let tinted = image.tinted(by: Mask(width: 2, height: 1, values: [0, 255]))
        let plain = image.rgb8
        #expect(tinted.channels == 3 && tinted.depth == 8)
        #expect(tinted[x: 0, y: 0].elementsEqual(plain[x: 0, y: 0]))
        let red = (Int(plain[x: 1, y: 0].first ?? 0) + 255 + 1) / 2
        #expect(abs(Int(tinted[x: 1, y: 0].first ?? 0) - red) <= 1)
    }

    @Test func revealingRaisesAlphaOnly() {
        let image = Image(width: 2, height: 1, channels: 2, samples: [7, 9, 8, 0])
        let revealed = image.revealed(by: Mask(width: 2, height: 1, values: [0, 255]))
        #expect(revealed.samples == [7, 9, 8, 255])
    }
}
