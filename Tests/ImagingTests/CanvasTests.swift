import Foundation
import Imaging
import Testing

@Suite struct CanvasTests {
    private let insets = Insets(top: 5, left: 12, bottom: 0, right: 7)

    @Test(arguments: 1...4, [8, 16])
    func theOriginalIsUntouched(channels: Int, depth: Int) throws {
        var original = noise(width: 30, height: 20, channels: channels, depth: depth)
        original.metadata.parameters = "kept"
        let canvas = try Canvas(extending: original, by: insets, overlap: 4)
        #expect(canvas.image.width == 49 && canvas.image.height == 25)
        #expect(canvas.image.cropped(x: 12, y: 5, width: 30, height: 20) == original)
    }

    @Test func theNewAreaIsOpaque() throws {
        let original = noise(width: 10, height: 10, channels: 4)
        let image = try Canvas(extending: original, by: insets, overlap: 0).image
        for y in 0..<image.height {
            for x in 0..<image.width where y < 5 || x < 12 || x >= 22 {
                #expect(image[x: x, y: y].last == 255)
            }
        }
    }

    @Test func aFlatPictureStaysFlat() throws {
        let flat = Image(
            width: 8, height: 9, channels: 1, depth: 16, samples: Array(repeating: 777, count: 72))
        let wide = Insets(top: 40, left: 30, bottom: 20, right: 100)
        let image = try Canvas(extending: flat, by: wide, overlap: 0).image
        #expect(image.samples.allSatisfy { $0 == 777 })
    }

    /// Next to the edge the fill repeats it, far away it is much smoother than the edge.
    @Test func theFillGetsSmoother() throws {
        let original = noise(width: 64, height: 64, channels: 1)
        let image = try Canvas(extending: original, by: Insets(right: 64), overlap: 0).image
        func roughness(column x: Int) -> Int {
            (1..<64).reduce(0) {
                $0 + abs(Int(image.samples[$1 * 128 + x]) - Int(image.samples[$1 * 128 - 128 + x]))
            }
        }
        #expect(roughness(column: 64) > roughness(column: 63) / 4)
        #expect(roughness(column: 80) * 10 < roughness(column: 63))
        #expect(roughness(column: 127) * 4 < roughness(column: 80))
    }

    @Test func theMaskCoversTheNewAreaAndTheOverlap() throws {
        let original = noise(width: 30, height: 20, channels: 1)
        for overlap in [0, 1, 6] {
            let mask = try Canvas(extending: original, by: insets, overlap: overlap).mask
            for y in 0..<25 {
                for x in 0..<49 {
                    let value = mask.values[y * 49 + x]
                    // How many pixels inside the original, counted from a side that grew.
                    let depth = min(x - 12, 41 - x, y - 5)
                    if depth < 0 {
                        #expect(value == 255)
                    } else if depth >= overlap {
                        #expect(value == 0)
                    } else {
                        #expect(value > 0 && value < 255)
                    }
                }
            }
        }
    }

    @Test func nothingAddedMeansNothingMasked() throws {
        let original = noise(width: 12, height: 8, channels: 3)
        let canvas = try Canvas(extending: original, by: Insets(), overlap: 5)
        #expect(canvas.image == original)
        #expect(canvas.mask.isEmpty)
        #expect(Insets().isEmpty && !insets.isEmpty)
    }

    @Test func aCanvasBeyondTheLimitsIsRefused() throws {
        let original = noise(width: 12, height: 8, channels: 3)
        let error = try #require(throws: ImagingError.self) {
            try Canvas(extending: original, by: Insets(right: 70_000), overlap: 5)
        }
        #expect(error.exitCode == 65)
    }
}

@Suite struct FramingTests {
    @Test(arguments: [1, 7, 8, 9, 16, 23])
    func paddingIsUndoneByCropping(side: Int) {
        let image = noise(width: side, height: side + 3, channels: 3)
        let padded = image.padded(toMultipleOf: 8)
        #expect(padded.width % 8 == 0 && padded.width - side < 8)
        #expect(padded.height % 8 == 0 && padded.height - side - 3 < 8)
        #expect(padded.cropped(x: 0, y: 0, width: side, height: side + 3) == image)
        let last = padded[x: padded.width - 1, y: padded.height - 1]
        #expect(last.elementsEqual(image[x: side - 1, y: side + 2]))
        let mask = Mask(image)
        #expect(mask.padded(toMultipleOf: 8) == Mask(padded))
    }

    @Test func croppingTakesThePart() {
        let image = noise(width: 10, height: 10, channels: 2)
        let part = image.cropped(x: 3, y: 4, width: 5, height: 2)
        #expect(part[x: 4, y: 1].elementsEqual(image[x: 7, y: 5]))
        #expect(Mask(image).cropped(x: 3, y: 4, width: 5, height: 2) == Mask(part))
    }
}

@Suite struct ContactSheetTests {
    @Test func picturesStandInACell() {
        let pictures = (1...3).map { noise(width: 40, height: 30, channels: $0, seed: UInt64($0)) }
        let sheet = Image.contactSheet(
            pictures.enumerated().map { (label: "No \($0)", image: $1) }, columns: 2, cellSide: 64)
        #expect(sheet.channels == 3 && sheet.depth == 8)
        #expect(sheet.width == 2 * 48 + 8)
        #expect(sheet.cropped(x: 8, y: 8, width: 40, height: 30) == pictures[0].rgb8)
        // There is writing below.
        let label = sheet.cropped(x: 8, y: 40, width: 40, height: 20)
        #expect(label.samples.contains(where: { $0 < 90 }) && label.samples.contains(225))
    }

    /// The label below a picture of 100 by 10.
    private func label(_ text: String) -> [UInt16] {
        let picture = Image(
            width: 100, height: 10, channels: 1, samples: Array(repeating: 0, count: 1000))
        let sheet = Image.contactSheet([(label: text, image: picture)])
        return sheet.cropped(x: 0, y: 20, width: sheet.width, height: sheet.height - 20).samples
    }

    @Test func lettersAreDrawn() {
        let blank = label(" ")
        for pair in [("a", "A"), ("é", "e"), ("ж", "?"), ("Ω", "O"), ("ế", "ê"), ("i", "l")] {
            #expect(label(pair.0) != label(pair.1))
            #expect(label(pair.0) != blank && label(pair.1) != blank)
        }
        // However the marks are coded, and without those that no letter of the typeface has.
        #expect(label("e\u{301}") == label("é"))
        #expect(label("x\u{301}") == label("x"))
        #expect(label("山") == label("?"))
    }

    @Test func aLabelThatIsTooLongEndsWithAnEllipsis() {
        let long = String(repeating: "w", count: 40)
        #expect(label(long) == label(long + "w"))
        #expect(label(long) != label("wwww"))
        // Nothing is drawn beside the picture's 100 pixels.
        let right = label(long).enumerated().filter { $0.offset / 3 % 116 >= 108 }
        #expect(right.allSatisfy { $0.element == 225 })
    }

    @Test func largePicturesAreScaledDown() {
        let sheet = Image.contactSheet(
            [(label: "", image: noise(width: 200, height: 50, channels: 4))], cellSide: 100)
        #expect(sheet.width == 116)
    }
}

/// The pictures that examples and other tests use (Scripts/draw-fixture-pictures.py).
@Suite struct PictureTests {
    @Test func theLandscapeHasItsMask() throws {
        let folder = corpus.appending(path: "../Pictures").standardized
        let image = try Image(contentsOf: folder.appending(path: "landscape.jpg"))
        let picture = try Image(contentsOf: folder.appending(path: "landscape-mask.png"))
        #expect(image.width == 384 && image.height == 256 && image.channels == 3)
        let mask = try Mask(picture).fitted(to: image, resizing: false)
        #expect(mask.coverage > 0.05 && mask.coverage < 0.15)
    }
}
