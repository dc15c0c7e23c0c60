import Editing
import Foundation
import Imaging
import Recipes
import TestSupport
import Testing

/// Pictures that are large for the model, whose own size is 256x256.
@Suite struct WorkSizeTests {
    private static let editor = Result { Editor(try Model.load(Fixtures.builtInModel)) }

    private func recipe(_ verb: Verb, _ settings: [String: String] = [:]) throws -> Recipe {
        let all = [
            "prompt": "x", "steps": "4", "seed": "3", "guidance_scale": "1", "scheduler": "euler",
        ].merging(settings) { $1 }
        return try Recipe(verb, settings: all.map { Setting($0, $1, at: .argument("--set")) })
    }

    /// Waves of several lengths, the shortest of three pixels.
    private func picture(_ width: Int, _ height: Int) -> Image {
        let across = (0..<width).map { 60 * sin(Double($0) / 90) + 12 * cos(Double($0) * 2.1) }
        let down = (0..<height).map { 50 * cos(Double($0) / 70) }
        var samples: [UInt16] = []
        samples.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let value = UInt16(min(max(128 + across[x] + down[y], 0), 255))
                samples += [value, value / 2 + 40, 255 - value]
            }
        }
        return Image(width: width, height: height, channels: 3, samples: samples)
    }

    private func mask(_ width: Int, _ height: Int, _ boxes: Box...) -> Mask {
        var mask = Mask(width: width, height: height, filledWith: 0)
        for box in boxes {
            for y in box.y..<box.y + box.height {
                for x in box.x..<box.x + box.width { mask.values[y * width + x] = 255 }
            }
        }
        return mask
    }

    private func plan(_ edit: Edit) throws -> EditPlan { try Self.editor.get().plan(edit) }

    private func isDetail(_ pass: PassReport) -> Bool { pass.detailStrength != nil }

    /// How much of a picture's differences from row to row and column to column there is in a part.
    private func roughness(_ image: Image, in box: Box) -> Double {
        let part = image.cropped(to: box).converted(channels: 1, depth: 8)
        var sum = 0
        for y in 0..<box.height {
            for x in 1..<box.width {
                let place = y * box.width + x
                sum += abs(Int(part.samples[place]) - Int(part.samples[place - 1]))
            }
        }
        return Double(sum) / Double(box.width * box.height)
    }

    // MARK: - Inpainting

    @Test(arguments: [(384, 256, 384), (256, 400, 256)])
    func upToOneAndAHalfTimesTheModelsAreaAllIsSeen(_ width: Int, _ height: Int, _ work: Int)
        throws
    {
        let recipe = try recipe(.inpaint)
        let image = picture(width, height)
        let mask = mask(width, height, Box(x: 40, y: 50, width: 60, height: 50))
        let plan = try plan(.inpaint(image, mask, recipe))
        let isLarge = width * height > 384 * 256
        #expect(plan.paddedWidth == work && (plan.passes[0].box.width == width) == true)
        #expect(plan.notes.isEmpty != isLarge)
    }

    @Test func aSmallMaskIsWorkedOnAtItsOwnSize() throws {
        let image = picture(1200, 900)
        let white = mask(1200, 900, Box(x: 1120, y: 300, width: 70, height: 90))
        let edit = try Edit.inpaint(image, white, recipe(.inpaint))
        let plan = try plan(edit)
        #expect(plan.passes.map(\.box) == [Box(x: 944, y: 217, width: 256, height: 256)])
        #expect((plan.paddedWidth, plan.paddedHeight, plan.evaluations) == (256, 256, 4))
        #expect(
            plan.notes == [
                "work_size auto: the mask is repainted in a box of 256x256; "
                    + "for full size give work_size full"
            ])
        let result = try Self.editor.get()(edit)
        #expect(result.report.passes == plan.passes && result.report.settingNotes == plan.notes)
        #expect(try Comparison(image, result.image, outside: white).differing == 0)
        #expect(try Comparison(image, result.image).differing > 70 * 90 / 2)
    }

    @Test func spotsFarApartHaveBoxesOfTheirOwn() throws {
        let image = picture(1200, 900)
        let white = mask(
            1200, 900, Box(x: 20, y: 30, width: 40, height: 40),
            Box(x: 100, y: 60, width: 30, height: 30), Box(x: 1000, y: 700, width: 50, height: 60))
        let edit = try Edit.inpaint(image, white, recipe(.inpaint))
        let plan = try plan(edit)
        #expect(
            plan.passes.map(\.box) == [
                Box(x: 0, y: 0, width: 256, height: 256),
                Box(x: 897, y: 602, width: 256, height: 256),
            ])
        let result = try Self.editor.get()(edit).image
        #expect(try Comparison(image, result, outside: white).differing == 0)
        for spot in [(40, 50), (115, 75), (1020, 730)] {
            #expect(result[x: spot.0, y: spot.1] != image[x: spot.0, y: spot.1])
        }
    }

    @Test(arguments: ["auto", "off"])
    func aLargeMaskIsPaintedSmallAndRefined(_ detail: String) throws {
        let image = picture(1200, 900)
        let white = mask(1200, 900, Box(x: 300, y: 200, width: 560, height: 500))
        let edit = try Edit.inpaint(
            image, white, recipe(.inpaint, ["detail": detail, "fill": "edge", "strength": "0.9"]))
        let plan = try plan(edit)
        #expect(plan.passes[0].width == 256 && plan.passes[0].height == 256)
        #expect(plan.passes[0].box.width > 600 && !isDetail(plan.passes[0]))
        let tiles = plan.passes.dropFirst()
        #expect(tiles.isEmpty == (detail == "off"))
        #expect(tiles.allSatisfy { isDetail($0) && $0.box.width == 256 && $0.width == 256 })
        // Three of four steps at strength 0.9, one in each tile.
        #expect(plan.evaluations == 3 + tiles.count)
        let result = try Self.editor.get()(edit)
        #expect(result.report.evaluations == plan.evaluations)
        #expect(try Comparison(image, result.image, outside: white).differing == 0)
        #expect(try Comparison(image, result.image).differing > 560 * 500 * 9 / 10)
    }

    @Test func partsHaveBoxesAndPromptsOfTheirOwn() throws {
        let image = picture(800, 600)
        let white = mask(
            800, 600, Box(x: 30, y: 30, width: 60, height: 60),
            Box(x: 130, y: 30, width: 60, height: 60))
        func painted(_ prompts: String) throws -> EditResult {
            let recipe = try recipe(
                .inpaint, ["per_component": "true", "component_prompts": prompts])
            return try Self.editor.get()(Edit.inpaint(image, white, recipe))
        }
        let (plain, second) = (try painted(""), try painted("\na red house"))
        #expect(plain.report.passes.count == 2)
        let bounds = try #require(Comparison(plain.image, second.image).bounds)
        #expect(bounds.x >= 130)
    }

    @Test(arguments: [
        ["work_size": "full"], ["compat": "a1111"], ["compat": "comfy"], ["compat": "diffusers"],
    ])
    func allIsSeenWhereThatIsAskedFor(_ settings: [String: String]) throws {
        let white = mask(640, 480, Box(x: 20, y: 30, width: 40, height: 40))
        let edit = try Edit.inpaint(picture(640, 480), white, recipe(.inpaint, settings))
        let plan = try plan(edit)
        #expect((plan.paddedWidth, plan.paddedHeight) == (640, 480) && plan.notes.isEmpty)
    }

    /// Twelve megapixels, and a mask of the proportions of 500x600 at a model of 512x512.
    @Test func timeGrowsWithTheMaskAndNotWithThePicture() throws {
        let (width, height) = (4032, 3024)
        let image = Image(
            width: width, height: height, channels: 3,
            samples: [UInt16](repeating: 90, count: width * height * 3))
        let large = mask(width, height, Box(x: 2000, y: 1000, width: 250, height: 300))
        let small = mask(256, 256, Box(x: 40, y: 40, width: 125, height: 150))
        let speed = try JSONDecoder().decode(
            ModelSpeed.self,
            from: Data(
                """
                {"callSeconds": 0.01, "operationSeconds": 1e-11, "encodingSeconds": 1e-6,
                "decodingSeconds": 2e-6}
                """.utf8))
        let editor = try Self.editor.get()
        // Half the padding, for a model of half the side.
        let recipe = try recipe(.inpaint, ["mask_padding": "16"])
        let photo = try editor.plan(Edit.inpaint(image, large, recipe), speed: speed)
        let usual = try editor.plan(
            Edit.inpaint(
                image.cropped(x: 0, y: 0, width: 256, height: 256), small, recipe),
            speed: speed)
        let (one, other) = try (#require(photo.seconds?.total), #require(usual.seconds?.total))
        #expect(one <= 1.15 * other && other > 0)
        #expect(photo.passes.count == 1 && photo.passes[0].box.width < 400)
        #expect(photo.workBytes < usual.workBytes + 40 * width * height)
    }

    // MARK: - Whole pictures

    @Test func aLargePictureIsRepaintedSmallAndKeepsItsDetail() throws {
        let image = picture(1200, 900)
        func painted(_ detail: String) throws -> EditResult {
            try Self.editor.get()(
                .imageToImage(image, recipe(.imageToImage, ["detail": detail, "strength": "0.25"])))
        }
        let (kept, plain) = (try painted("auto"), try painted("off"))
        #expect(kept.report.passes.map(\.width) == [296] && kept.report.passes[0].height == 224)
        #expect(
            kept.report.settingNotes == [
                "work_size auto: repainted at 296x224 and made larger with its own detail; "
                    + "for full size give work_size full or detail tiles"
            ])
        #expect((kept.image.width, kept.image.height) == (1200, 900))
        let all = Box(x: 0, y: 0, width: 1200, height: 900)
        let (own, without) = (roughness(kept.image, in: all), roughness(plain.image, in: all))
        #expect(own > 3 * without, "\(own) \(without) \(roughness(image, in: all))")
    }

    @Test func tilesRepaintALargePicture() throws {
        let edit = try Edit.imageToImage(
            picture(700, 500), try recipe(.imageToImage, ["detail": "tiles"]))
        let plan = try plan(edit)
        #expect(plan.passes.count(where: isDetail) == plan.passes.count - 1)
        #expect(plan.passes.count > 6)
        let first = try Self.editor.get()(edit)
        #expect(first.report.evaluations == plan.evaluations)
        #expect(try Self.editor.get()(edit).image == first.image)
    }

    @Test func aSmallPictureCanBeWorkedOnLarger() throws {
        let edit = try Edit.imageToImage(
            picture(100, 80), try recipe(.imageToImage, ["work_size": "200x160"]))
        let result = try Self.editor.get()(edit)
        #expect(result.report.passes.map(\.width) == [200])
        #expect((result.image.width, result.image.height) == (100, 80))
    }

    @Test(arguments: ["auto", "tiles"])
    func aLargePictureFollowsInstructions(_ detail: String) throws {
        // This model's own size is 64x64.
        let model = Fixtures.parity.appending(path: "families/models/tiny-instruct")
        let editor = Editor(try Model.load(model))
        let image = picture(150, 120)
        let edit = Edit.instruct(image, try recipe(.instruct, ["detail": detail]))
        let result = try editor(edit)
        #expect(result.report.passes[0].width == 72 && result.report.passes[0].height == 56)
        #expect((result.report.passes.count > 1) == (detail == "tiles"))
        #expect((result.image.width, result.image.height) == (150, 120))
        #expect(try editor.plan(edit).evaluations == result.report.evaluations)
    }

    // MARK: - Canvases

    @Test(arguments: ["auto", "tiles", "off"])
    func aLargeCanvasIsPaintedSmallAndRefinedAlongThePicture(_ detail: String) throws {
        let image = picture(700, 500)
        let edit = try Edit.outpaint(
            image, recipe(.outpaint, ["left": "500", "bottom": "100", "detail": detail]))
        let plan = try plan(edit)
        #expect(plan.passes[0].box == Box(x: 0, y: 0, width: 1200, height: 600))
        #expect(plan.passes[0].width < 400)
        let tiles = plan.passes.dropFirst()
        let border = 500
        switch detail {
        case "off": #expect(tiles.isEmpty)
        case "tiles": #expect(tiles.contains { $0.box.x == 0 })
        default:
            #expect(tiles.count > 4)
            #expect(
                tiles.allSatisfy { tile in
                    tile.box.x >= border - 128
                        && (tile.box.x < border || tile.box.y + tile.box.height > 500)
                })
        }
        let result = try Self.editor.get()(edit)
        let mask = try #require(edit.mask)
        let kept = try #require(edit.original)
        #expect(try Comparison(kept, result.image, outside: mask).differing == 0)
        let changed = try Comparison(kept, result.image).differing
        #expect(Double(changed) > 0.9 * Double(1200 * 600 - 700 * 500))
    }

    @Test func aSmallPictureOnALargeCanvasIsExtendedInSteps() throws {
        let edit = try Edit.outpaint(
            picture(256, 256), recipe(.outpaint, ["right": "600", "overlap": "0"]))
        let plan = try plan(edit)
        #expect(plan.passes.allSatisfy { $0.box.width == $0.width && !isDetail($0) })
        #expect(plan.notes.isEmpty)
    }

    @Test func aCanvasOfTwoHundredMegapixelsCanBePlanned() throws {
        let image = Image(
            width: 4000, height: 3000, channels: 3,
            samples: [UInt16](repeating: 90, count: 4000 * 3000 * 3))
        let recipe = try recipe(.outpaint, ["size": "16000x12500"])
        #expect(throws: Never.self) { try recipe.sides(width: image.width, height: image.height) }
        let larger = try self.recipe(.outpaint, ["size": "16001x12500"])
        #expect(throws: ImagingError.self) { try Edit.outpaint(image, larger) }
    }

    // MARK: - Borders

    /// How far the first painted pixels lie from the photo beside them, on the mean of each tenth of the border: the
    /// grain of what is painted, made larger with it, is no step.
    private func step(_ image: Image, outside: Int, inside: Int, rows: Range<Int>) -> Double {
        var sum = 0
        let tenth = rows.count / 10
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: tenth) {
            var differences = [0, 0, 0]
            for y in first..<first + tenth {
                let pairs = zip(image[x: outside, y: y], image[x: inside, y: y])
                for (channel, (photo, painted)) in pairs.enumerated() {
                    differences[channel] += Int(painted) - Int(photo)
                }
            }
            sum += differences.reduce(0) { $0 + abs($1) }
        }
        return Double(sum) / Double(3 * rows.count)
    }

    /// What is painted smaller meets the photo without a step.
    @Test(arguments: ["auto", "off"])
    func whatIsPaintedSmallerMeetsThePhoto(_ detail: String) throws {
        let image = Image(
            width: 1200, height: 900, channels: 3,
            samples: [UInt16](repeating: 150, count: 1200 * 900 * 3))
        let settings = ["detail": detail, "mask_feather": "0", "strength": "0.9", "overlap": "0"]
        let white = mask(1200, 900, Box(x: 300, y: 200, width: 560, height: 500))
        let inpaint = try Edit.inpaint(
            image, white, recipe(.inpaint, settings.filter { $0.key != "overlap" }))
        let inside = try Self.editor.get()(inpaint).image
        #expect(step(inside, outside: 299, inside: 300, rows: 220..<680) < 4)
        let outpaint = try Edit.outpaint(
            image,
            recipe(
                .outpaint,
                settings.filter { $0.key != "mask_feather" }.merging(["right": "600"]) { $1 }))
        let beside = try Self.editor.get()(outpaint).image
        #expect(step(beside, outside: 1199, inside: 1200, rows: 20..<880) < 4)
    }

    /// On the way to the photo a canvas that is made much larger gets detail at a size between.
    @Test func aVeryLargeCanvasIsRefinedInSteps() throws {
        let image = picture(1800, 1500)
        let edit = try Edit.outpaint(image, recipe(.outpaint, ["right": "900"]))
        let tiles = try plan(edit).passes.filter(isDetail)
        let scales = tiles.map { Double($0.box.width) / Double($0.width) }
        #expect(scales.first.map { $0 > 1.9 } == true && scales.last == 1)
        #expect(scales == scales.sorted(by: >))
        #expect(tiles.allSatisfy { $0.width <= 256 && $0.height <= 256 })
        let small = try Edit.outpaint(picture(700, 500), recipe(.outpaint, ["left": "500"]))
        #expect(try plan(small).passes.filter(isDetail).allSatisfy { $0.box.width == $0.width })
    }

    // MARK: - Fills

    /// A plan must not take the time of a fill.
    @Test func aFillIsCarriedOutWithTheEditOnly() throws {
        let recipe = try recipe(
            .outpaint, ["right": "40", "fill": "color:#00ff00", "steps": "0", "prompt": ""])
        let edit = try Edit.outpaint(picture(60, 40), recipe)
        let green = [UInt16](arrayLiteral: 0, 255, 0)
        #expect(Array(try #require(edit.original)[x: 90, y: 20]) != green)
        #expect(EditPlan(filling: edit).repaintedFraction > 0.3)
        #expect(Array(try #require(try edit.filled()).image[x: 90, y: 20]) == green)
    }

    /// The model begins with the fill, at the size it works at.
    @Test func aLargeMaskIsFilledAtTheSizeOfTheWork() throws {
        let image = picture(900, 700)
        let white = mask(900, 700, Box(x: 200, y: 150, width: 400, height: 400))
        let settings = [
            "fill": "color:#e01010", "strength": "0.25", "detail": "off", "mask_feather": "0",
        ]
        let edit = try Edit.inpaint(image, white, recipe(.inpaint, settings))
        let pixel = Array(try Self.editor.get()(edit).image[x: 400, y: 350])
        #expect(pixel[0] > 140 && pixel[1] < 110 && pixel[2] < 110, "\(pixel)")
    }
}
