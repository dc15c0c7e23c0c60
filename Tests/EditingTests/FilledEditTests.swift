import Editing
import Foundation
import Imaging
import Recipes
import TestSupport
import Testing

/// What a fill comes to under a model.
@Suite struct FilledEditTests {
    private static let model = Fixtures.builtInModel

    private func recipe(_ settings: [String: String]) throws -> Recipe {
        let all = ["prompt": "", "seed": "3", "guidance_scale": "1"].merging(settings) { $1 }
        return try Recipe(
            .inpaint, settings: all.map { Setting($0, $1, at: .argument("--set")) })
    }

    /// Brighter from left to right.
    private let ramp: Image = {
        let samples: [UInt16] = (0..<48 * 40 * 3).map { (index: Int) -> UInt16 in
            let column = index / 3 % 48
            return UInt16(60 + 3 * column)
        }
        return Image(width: 48, height: 40, channels: 3, samples: samples)
    }()
    private let middle = Mask(
        width: 48, height: 40, polygon: [(12, 10), (36, 10), (36, 30), (12, 30)])

    /// The memory of a fill has the picture, its result and the encoder in it.
    @Test func theMemoryOfAFillIsThatOfTheWholeEdit() throws {
        let (width, height) = (1200, 1000)
        let image = Image(
            width: width, height: height, channels: 3,
            samples: Array(repeating: 90, count: width * height * 3))
        let hole = Mask(
            width: width, height: height,
            polygon: [(100, 100), (1000, 100), (1000, 900), (100, 900)])
        func bytes(_ fill: String, _ format: ImageFormat) throws -> Int {
            let edit = try Edit.inpaint(image, hole, recipe(["steps": "0", "fill": fill]))
            return EditPlan(filling: edit, writing: format).workBytes
        }
        let (pixels, color) = (width * height, "color:#204060")
        #expect(try bytes(color, .png) > 28 * pixels)
        #expect(try bytes("patch", .png) > 115 * pixels)
        #expect(try bytes(color, .webp) > bytes(color, .png))
        #expect(try bytes(color, .avif) > bytes(color, .webp))
    }

    /// Where soft inpainting shows little of what was painted, it shows the fill: what it covered does
    /// not come back.
    @Test func softInpaintingShowsTheFill() throws {
        let recipe = try recipe([
            "prompt": "x", "steps": "2", "strength": "0.5", "fill": "color:#e01010",
            "mask_mode": "soft", "mask_feather": "0", "soft_threshold": "8", "soft_difference": "8",
        ])
        let edit = try Edit.inpaint(ramp, middle, recipe)
        let result = try Editor(Model.load(Self.model))(edit).image
        let pixel = Array(result[x: 24, y: 20])
        #expect(pixel[0] > 150 && pixel[1] < 100 && pixel[2] < 100, "\(pixel)")
        #expect(try Comparison(ramp, result, outside: middle).differing == 0)
    }
}
