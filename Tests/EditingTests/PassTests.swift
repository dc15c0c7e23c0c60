import Editing
import Foundation
import Imaging
import Recipes
import TestSupport
import Testing

/// Edits that fall into several passes.
@Suite struct PassTests {
    private static let editor = Result {
        Editor(
            try Model.load(
                Fixtures.builtInModel))
    }

    private func recipe(_ verb: Verb, _ settings: [String: String]) throws -> Recipe {
        let all = ["prompt": "x", "steps": "2", "seed": "3", "guidance_scale": "1"]
            .merging(settings) { $1 }
        return try Recipe(
            verb, settings: all.map { Setting($0, $1, at: .argument("--set")) })
    }

    private func picture(_ width: Int, _ height: Int) -> Image {
        Image(
            width: width, height: height, channels: 3,
            samples: (0..<width * height * 3).map { UInt16($0 / 3 % width * 3 % 256) })
    }

    @Test func aRegionIsWorkedOnAtItsOwnSize() throws {
        let image = picture(400, 300)
        let mask = Mask(
            width: 400, height: 300,
            polygon: [(300, 200), (340, 200), (340, 230), (300, 230)])
        let recipe = try recipe(.inpaint, ["region": "mask", "mask_padding": "32"])
        let edit = try Edit.inpaint(image, mask, recipe)
        let plan = try Self.editor.get().plan(edit)
        #expect(plan.passes.count == 1)
        #expect(plan.passes[0].box == Box(x: 268, y: 163, width: 104, height: 104))
        #expect((plan.paddedWidth, plan.paddedHeight) == (256, 256))
        let report = try Self.editor.get()(edit).report
        #expect(report.passes == plan.passes && report.evaluations == plan.evaluations)
        #expect(try #require(report.seams).result.pairs == 140)
    }

    @Test func partsHavePromptsOfTheirOwn() throws {
        let image = picture(96, 64)
        let left = Mask(width: 96, height: 64, polygon: [(8, 8), (24, 8), (24, 24), (8, 24)])
        let right = Mask(
            width: 96, height: 64, polygon: [(60, 30), (80, 30), (80, 50), (60, 50)])
        let mask = left.united(with: right)
        func painted(_ prompts: String) throws -> Image {
            let recipe = try recipe(
                .inpaint, ["per_component": "true", "component_prompts": prompts])
            return try Self.editor.get()(Edit.inpaint(image, mask, recipe)).image
        }
        let (plain, second) = (try painted(""), try painted("\na red house"))
        let differences = try Comparison(plain, second)
        let bounds = try #require(differences.bounds)
        #expect(bounds.x >= 60 && bounds.y >= 30)
        #expect(try painted("x\nx") == plain)
    }

    @Test func theRegionOfAMaskTakesTheShapeOfAWorkSize() throws {
        let mask = Mask(
            width: 160, height: 96,
            values: (0..<160 * 96).map {
                (40..<90).contains($0 % 160) && (20..<60).contains($0 / 160) ? 255 : 0
            })
        for (size, box) in [
            ("64x128", Box(x: 40, y: 0, width: 50, height: 96)),
            ("128x64", Box(x: 25, y: 20, width: 80, height: 40)),
        ] {
            let recipe = try recipe(
                .inpaint,
                ["region": "mask", "mask_padding": "0", "mask_feather": "0", "work_size": size])
            let plan = try Self.editor.get().plan(Edit.inpaint(picture(160, 96), mask, recipe))
            let pass = try #require(plan.passes.first)
            #expect(plan.passes.count == 1 && pass.box == box)
            let work = "\(pass.width)x\(pass.height)"
            #expect(size == "128x64" ? work == size : work == "64x120")
        }
    }

    @Test(arguments: ["left", "right", "center", "top-left", "bottom"])
    func aWideCanvasIsPaintedInSteps(_ gravity: String) throws {
        let image = picture(120, 90)
        let recipe = try recipe(
            .outpaint,
            ["size": "360x200", "gravity": gravity, "overlap": "0", "region_size": "128"])
        let edit = try Edit.outpaint(image, recipe)
        let plan = try Self.editor.get().plan(edit)
        #expect(plan.passes.count >= 4)
        #expect(plan.passes.allSatisfy { $0.box.width <= 128 && $0.box.height <= 128 })
        let result = try Self.editor.get()(edit)
        let mask = try #require(edit.mask)
        let kept = try #require(edit.original)
        #expect(try Comparison(kept, result.image, outside: mask).differing == 0)
        // Every new pixel was painted: what the canvas began with is nowhere left as it was.
        let old = try Comparison(kept, result.image)
        #expect(Double(old.differing) > 0.97 * Double(360 * 200 - 120 * 90))
    }

    @Test func tilesFadeIntoEachOther() throws {
        let recipe = try recipe(
            .upscale, ["scale": "1.5", "tile_size": "64", "tile_overlap": "16", "strength": "1"])
        let edit = try Edit.upscale(picture(101, 77), recipe)
        let plan = try Self.editor.get().plan(edit)
        #expect((plan.width, plan.height) == (152, 116))
        #expect(plan.passes.count == 6 || plan.passes.count == 9)
        #expect(plan.passes.allSatisfy { $0.box.width == 64 && $0.box.height == 64 })
        let first = try Self.editor.get()(edit)
        #expect(try Self.editor.get()(edit).image == first.image)
    }

    /// It gets detail of its own at full size, however large it is.
    @Test func aLargePictureIsMadeLargerInTiles() throws {
        let recipe = try recipe(.upscale, ["scale": "2", "tile_size": "128", "strength": "1"])
        let plan = try Self.editor.get().plan(Edit.upscale(picture(400, 300), recipe))
        #expect(plan.passes.count > 40)
        #expect(plan.passes.allSatisfy { $0.width == 128 && $0.height == 128 })
        #expect(plan.notes.allSatisfy { !$0.contains("work_size") })
    }

    @Test func anUpscaleOfNoStrengthIsLanczos() throws {
        let recipe = try recipe(.upscale, ["scale": "2", "strength": "0"])
        let image = picture(33, 20)
        let result = try Self.editor.get()(Edit.upscale(image, recipe))
        #expect(result.image == image.resized(width: 66, height: 40))
    }

    @Test func strengthCanBeANoiseLevel() throws {
        let image = picture(64, 48)
        func painted(_ strength: String, _ mode: String) throws -> Image {
            let recipe = try recipe(
                .imageToImage,
                ["steps": "4", "strength": strength, "strength_mode": mode, "scheduler": "euler"])
            return try Self.editor.get()(.imageToImage(image, recipe)).image
        }
        #expect(try painted("0.5", "steps") == painted("0.52", "steps"))
        #expect(try painted("0.5", "noise-level") == painted("0.5", "steps"))
        #expect(try painted("0.5", "noise-level") != painted("0.52", "noise-level"))
        #expect(try painted("0", "noise-level") == image)
    }
}
