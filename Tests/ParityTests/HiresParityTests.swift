import Checkpoints
import Editing
import Foundation
import Imaging
import Recipes
import Sampling
import Tensors
import TestSupport
import Testing

/// Second runs over a picture made larger, against two pipelines of diffusers one after the other
/// (`Scripts/goldens/hires.py`).
@Suite struct HiresParityTests {
    /// What a recording says beside the edit.
    private struct Second: Decodable {
        let upscaler: String
        let hiresSize: [Int]?
        let hiresScale: Double
        let hiresSteps: Int
        let hiresStrength: Double
        let hiresScheduler: String?
        let hiresPrompt: String
        let hiresGuidanceScale: Double?

        var choice: Hires {
            var hires = Hires()
            hires.upscaler = HiresUpscaler(rawValue: upscaler) ?? hires.upscaler
            hires.size = hiresSize.map { Size(width: $0[0], height: $0[1]) }
            (hires.scale, hires.steps, hires.strength) = (hiresScale, hiresSteps, hiresStrength)
            hires.scheduler = hiresScheduler.flatMap { try? SchedulerChoice(alias: $0) }
            (hires.prompt, hires.guidanceScale) = (hiresPrompt, hiresGuidanceScale)
            return hires
        }
    }

    private static func cases() throws -> [(RecordedEdit, Second)] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = RecordedEdit.folder.appending(path: "hires.json")
        let seconds = try decoder.decode([Second].self, from: Data(contentsOf: file))
        return Array(zip(try RecordedEdit.all("hires.json"), seconds))
    }

    @Test(arguments: 0..<4)
    func everySample(_ number: Int) throws {
        let cases = try Self.cases()
        try #require(cases.count == 4)
        let (recorded, second) = cases[number]
        let edit: Edit
        if recorded.verb == "txt2img" {
            var recipe = try recorded.recipe(.textToImage)
            (recipe.width, recipe.height) = (recorded.width, recorded.height)
            recipe.hires = second.choice
            edit = try .textToImage(recipe, defaultSize: 512)
        } else {
            var recipe = try recorded.recipe(.imageToImage)
            recipe.hires = second.choice
            edit = try .imageToImage(RecordedEdit.image(recorded.input), recipe)
        }
        let model = try Model.load(
            RecordedEdit.folder.appending(components: "models", recorded.model))
        let found = try Editor(model)(edit)
        let expected = try RecordedEdit.image(recorded.result)
        #expect(found.report.evaluations == recorded.evaluations)
        #expect(found.report.passes.count == 2)
        #expect(found.report.scheduler == recorded.schedulerName?.rawValue)
        #expect(found.firstSize == Size(width: recorded.width, height: recorded.height))
        try #require(
            (found.image.width, found.image.height) == (expected.width, expected.height))
        let differences = zip(found.image.samples, expected.samples).map { abs(Int($0) - Int($1)) }
        #expect(differences.max() ?? 0 <= 1)
        // Where the second run begins with pixels, one of these that is rounded the other way between both
        // runs moves all around it by parts of a step.
        let isOfPixels = second.choice.upscaler.scaling == nil
        let mean = Double(differences.reduce(0, +)) / Double(differences.count)
        #expect(mean <= (isOfPixels ? 0.02 : 0.005), "off by \(mean)/255 on average")
    }

    @Test(arguments: LatentScaling.allCases)
    func latentsAreScaledAsTorchDoes(_ scaling: LatentScaling) throws {
        let file = try Safetensors(
            contentsOf: Fixtures.parity.appending(path: "latent-scaling.safetensors"))
        let latents = try #require(file["latents"]).widened()
        for (height, width) in [(14, 18), (11, 13), (5, 6), (7, 9), (1, 2), (23, 9)] {
            let expected = try #require(file["\(scaling.rawValue).\(height)x\(width)"]).widened()
            let found = latents.scaled(height: height, width: width, by: scaling)
            try #require(found.shape == expected.shape)
            let worst = zip(found.values, expected.values).map { abs($0 - $1) }.max() ?? 0
            #expect(worst <= 1e-6, "\(height)x\(width)")
        }
    }
}
