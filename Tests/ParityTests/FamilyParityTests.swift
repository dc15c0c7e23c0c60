import Checkpoints
import Editing
import Foundation
import Imaging
import Models
import Recipes
import Tensors
import Testing

/// What was recorded of other families, from Fixtures/Parity/families.
private enum Families {
    static let folder = RecordedEdit.folder.appending(path: "families")

    static func url(_ model: String) -> URL { folder.appending(components: "models", model) }

    static func edits(_ model: String) throws -> [RecordedEdit] {
        try RecordedEdit.all("families/pictures.json").filter { $0.model == model }
    }
}

@Suite("Inpainting UNets and Stable Diffusion 2 answer as in diffusers")
struct FamilyParityTests {
    private struct Recorded: Decodable {
        let timestep: Float
        let prompts: [String]
        let ids: [String: [[Int]]]
    }

    @Test("every sample", arguments: ["tiny-inpaint", "tiny-2", "tiny-instruct"])
    func pictures(name: String) throws {
        let model = try Model.load(Families.url(name))
        let edits = try Families.edits(name)
        #expect(edits.count >= 5)
        for edit in edits { try edit.expectEqual(edit.carriedOut(by: model)) }
    }

    @Test("tokens, text encoder and UNet", arguments: ["tiny-inpaint", "tiny-2"])
    func stages(name: String) throws {
        let recorded = try JSONDecoder().decode(
            Recorded.self, from: Data(contentsOf: Families.folder.appending(path: "stages.json")))
        let tensors = try Safetensors(
            contentsOf: Families.folder.appending(path: "stages.safetensors"))
        let folder = try ModelFolder(Families.url(name))

        let tokenizer = try CLIPTokenizer(folder: folder.url(of: "tokenizer"))
        let ids = try #require(recorded.ids[name])
        #expect(recorded.prompts.map { tokenizer($0).ids } == ids)
        let encoder = try CLIPTextEncoder(folder)
        let text = Tensor.concatenated(try ids.prefix(2).map { try encoder($0) }, axis: 0)
        try expectEqual(
            text, try tensors.tensor(name + ".text"), stage: "text encoder \(name)")

        let unet = try UNet2DCondition(folder, arithmetic: .exactHere)
        let answer = unet(
            try tensors.picture(name + ".sample"), timestep: recorded.timestep,
            encoderHiddenStates: try tensors.tensor(name + ".context"))
        try expectEqual(
            answer, try tensors.picture(name + ".answer"), stage: "UNet \(name)")
    }

    @Test("an inpainting model is refused where nothing is masked")
    func unmasked() throws {
        let model = try Model.load(Families.url("tiny-inpaint"))
        let refusal = EditingError.inpaintingOnly(model: "tiny-inpaint")
        #expect(EngineFailure(refusal) == .modelMismatch)
        let text = Recipe(.textToImage)
        #expect(throws: refusal) {
            try Editor(model)(.textToImage(text, defaultSize: 64))
        }
        let picture = try RecordedEdit.image("inputs/picture-64x48.png")
        let image = Recipe(.imageToImage)
        #expect(throws: refusal) { try Editor(model)(.imageToImage(picture, image)) }
    }

    @Test("instructions go to a model that follows them, and nothing else does")
    func instructions() throws {
        let picture = try RecordedEdit.image("inputs/picture-64x48.png")
        let (image, instruction) = (Recipe(.imageToImage), Recipe(.instruct))
        let refusal = EditingError.instructionsOnly(model: "tiny-instruct")
        #expect(throws: refusal) {
            try Editor(.load(Families.url("tiny-instruct")))(
                .imageToImage(picture, image))
        }
        let other = EditingError.noInstructions(model: "tiny-2")
        #expect(throws: other) {
            try Editor(.load(Families.url("tiny-2")))(
                .instruct(picture, instruction))
        }
        #expect([refusal, other].allSatisfy { EngineFailure($0) == .modelMismatch })
    }

    @Test("an inpainting model outpaints")
    func outpainting() throws {
        var recipe = Recipe(.outpaint)
        (recipe.seed, recipe.steps, recipe.prompt, recipe.overlap) = (1, 4, "a hill", 8)
        recipe.growth = .sides(left: .pixels(24))
        let picture = try RecordedEdit.image("inputs/picture-64x48.png")
        let model = try Model.load(Families.url("tiny-inpaint"))
        let result = try Editor(model)(.outpaint(picture, recipe)).image
        #expect((result.width, result.height) == (88, 48))
        #expect(
            result.cropped(x: 32, y: 0, width: 56, height: 48).samples
                == picture.cropped(x: 8, y: 0, width: 56, height: 48).samples)
    }
}
