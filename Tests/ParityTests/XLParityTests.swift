import Checkpoints
import Editing
import Foundation
import Imaging
import Models
import Recipes
import Sampling
import Tensors
import Testing

/// What was recorded of Stable Diffusion XL, from Fixtures/Parity/families.
private enum XL {
    static let folder = RecordedEdit.folder.appending(path: "families")
    static let base = folder.appending(components: "models", "tiny-xl")

    static func single(_ name: String) -> URL {
        folder.appending(components: "single", name + ".safetensors")
    }

    static func edits(_ model: String) throws -> [RecordedEdit] {
        try RecordedEdit.all("families/xl.json").filter { $0.model == model }
    }

    /// The model of that name; of the base there is a folder, of all others a single file.
    static func model(_ name: String) throws -> Model {
        guard name != "tiny-xl" else { return try Model.load(base) }
        return try Model.load(single(name), tokenizers: TokenizerPlaces(others: [base]))
    }

    /// The base in a folder of its own that may be changed.
    static func copy() throws -> URL {
        let copy = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.copyItem(at: base, to: copy)
        return copy
    }
}

@Suite("Stable Diffusion XL answers as in diffusers")
struct XLParityTests {
    private struct Recorded: Decodable {
        let timestep: Float
        let prompts: [String]
        let ids: [String: [[Int]]]
    }

    @Test("every sample", arguments: ["tiny-xl", "tiny-xl-inpaint", "tiny-xl-lcm"])
    func pictures(name: String) throws {
        let model = try XL.model(name)
        #expect(model.familyName == "Stable Diffusion XL")
        let edits = try XL.edits(name)
        #expect(edits.count >= 2)
        for edit in edits { try edit.expectEqual(edit.carriedOut(by: model)) }
    }

    @Test("a single file gives the picture of its folder, to the byte")
    func single() throws {
        let edit = try #require(try XL.edits("tiny-xl").first)
        let places = TokenizerPlaces(XL.base.appending(path: "tokenizer"))
        let model = try Model.load(XL.single("tiny-xl"), tokenizers: places)
        let found = try edit.carriedOut(by: model).image.samples
        #expect(try found == edit.carriedOut(by: .load(XL.base)).image.samples)
    }

    @Test("Turbo's configuration brings few steps and no guidance, and what is given wins")
    func turbo() throws {
        let folder = try XL.copy()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(components: "scheduler", "scheduler_config.json")
        let json = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            .replacing("\"EulerDiscrete", with: "\"EulerAncestralDiscrete")
            .replacing("\"leading\"", with: "\"trailing\"")
        try Data(json.utf8).write(to: file)
        let model = try Model.load(folder)
        for edit in try XL.edits("tiny-xl-turbo") {
            try edit.expectEqual(edit.carriedOut(by: model))
        }
        let (recipe, notes) = model.completed(Recipe(.textToImage))
        #expect((recipe.steps, recipe.guidanceScale) == (4, 1))
        #expect(notes.count == 1)
        var given = Recipe(.textToImage)
        (given.steps, given.guidanceScale) = (20, 2)
        #expect(model.completed(given).recipe == given)
        #expect(model.completed(given).notes.isEmpty)
    }

    @Test("a model that is told the guidance scale runs a few steps; others as ever")
    func distilled() throws {
        let recipe = try XL.model("tiny-xl-lcm").completed(Recipe(.textToImage)).recipe
        #expect((recipe.steps, recipe.guidanceScale) == (4, 8))
        let plain = try Model.load(XL.base).completed(Recipe(.textToImage))
        #expect((plain.recipe.steps, plain.recipe.guidanceScale) == (20, 7.5))
        #expect(plain.notes.isEmpty)
    }

    @Test("tokens and text encoders", arguments: ["text_encoder", "text_encoder_2"])
    func texts(encoder name: String) throws {
        let (recorded, tensors) = try Self.stages()
        let folder = try ModelFolder(XL.base)
        let tokenizer = try CLIPTokenizer(folder: #require(folder.tokenizer(for: name)))
        let ids = try #require(recorded.ids[name])
        #expect(recorded.prompts.map { tokenizer($0).ids } == ids)
        let encoder = try CLIPTextEncoder(folder, component: name)
        let answers = try ids.map { try encoder.penultimate($0) }
        try expectEqual(
            .concatenated(answers.map(\.hiddenStates), axis: 0), try tensors.tensor(name),
            stage: "\(name) tiny-xl")
        let pooled = answers.compactMap(\.pooled)
        #expect(pooled.isEmpty == (name == "text_encoder"))
        guard !pooled.isEmpty else { return }
        try expectEqual(
            .concatenated(pooled, axis: 0), try tensors.tensor("pooled"),
            stage: "pooled tiny-xl")
    }

    @Test("UNet", arguments: ["tiny-xl", "tiny-xl-inpaint", "tiny-xl-lcm"])
    func unet(name: String) throws {
        let (recorded, tensors) = try Self.stages()
        let unet = try UNet2DCondition(SingleFile(XL.single(name)), arithmetic: .exactHere)
        let answer = unet(
            try tensors.picture(name + ".sample"), timestep: recorded.timestep,
            encoderHiddenStates: try tensors.tensor(name + ".context"),
            added: UNet2DCondition.Added(
                pooled: try tensors.tensor(name + ".pooled"),
                sizes: Tensor(
                    [56, 96, 0, 8, 1024, 96, 56, 96, 0, 8, 1024, 96], shape: [2, 6])),
            guidanceScale: 8)
        try expectEqual(
            answer, try tensors.picture(name + ".answer"), stage: "UNet \(name)")
    }

    private static func stages() throws -> (Recorded, Safetensors) {
        let json = try Data(contentsOf: XL.folder.appending(path: "xl-stages.json"))
        return (
            try JSONDecoder().decode(Recorded.self, from: json),
            try Safetensors(contentsOf: XL.folder.appending(path: "xl-stages.safetensors"))
        )
    }

    @Test("a base without one of its text encoders is refused")
    func incomplete() throws {
        let folder = try XL.copy()
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.removeItem(at: folder.appending(path: "text_encoder"))
        let error = #expect(throws: EditingError.self) { _ = try Model.load(folder) }
        #expect(error?.description.contains("text embeddings of width 64") == true)
        #expect(error.flatMap { EngineFailure($0) } == .modelMismatch)
    }
}

@Suite("The refiner of Stable Diffusion XL answers as in diffusers")
struct RefinerParityTests {
    private static let folder = XL.folder.appending(components: "models", "tiny-xl-refiner")

    @Test("every sample, as a folder and a single file")
    func pictures() throws {
        let model = try Model.load(Self.folder)
        #expect(model.familyName == "Stable Diffusion XL refiner")
        let single = try Model.load(
            XL.single("tiny-xl-refiner"),
            tokenizers: TokenizerPlaces(Self.folder.appending(path: "tokenizer_2")))
        let edits = try RecordedEdit.all("families/refiner.json")
        #expect(edits.count == 4)
        for edit in edits {
            let found = try edit.carriedOut(by: model)
            try edit.expectEqual(found)
            #expect(try edit.carriedOut(by: single).image.samples == found.image.samples)
        }
    }

    @Test("UNet")
    func unet() throws {
        let tensors = try Safetensors(
            contentsOf: XL.folder.appending(path: "refiner.safetensors"))
        let unet = try UNet2DCondition(ModelFolder(Self.folder), arithmetic: .exactHere)
        let answer = unet(
            try tensors.picture("sample"), timestep: 499.25,
            encoderHiddenStates: try tensors.tensor("context"),
            added: UNet2DCondition.Added(
                pooled: try tensors.tensor("pooled"), sizes: try tensors.tensor("sizes")))
        try expectEqual(answer, try tensors.picture("answer"), stage: "UNet tiny-xl-refiner")
    }
}
