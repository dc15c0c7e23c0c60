import Checkpoints
import Editing
import Foundation
import Imaging
import Recipes
import Sampling
import Tensors
import Testing

/// What was recorded of add-ons to Stable Diffusion XL, from Fixtures/Parity/addons/xl.
@Suite("Add-ons to Stable Diffusion XL give diffusers' pictures")
struct XLAddOnParityTests {
    private static let folder = RecordedEdit.folder.appending(components: "addons", "xl")
    private static let base = RecordedEdit.folder.appending(
        components: "families", "models", "tiny-xl")

    private struct Case: Decodable {
        let name: String
        let loras: [RecordedLoRA]
    }

    private static func file(_ name: String) -> URL {
        folder.appending(path: name + ".safetensors")
    }

    /// The request that Scripts/goldens/xl_addons.py makes of every model.
    private static func recipe(_ prompt: String = "a red cat on a blue table") -> Recipe {
        var recipe = Recipe(.textToImage)
        (recipe.prompt, recipe.negativePrompt) = (prompt, "blurry, low quality")
        (recipe.seed, recipe.steps, recipe.scheduler) = (7, 6, .ddim)
        (recipe.width, recipe.height, recipe.guidanceScale) = (64, 48, 5)
        recipe.compat = .diffusers
        return recipe
    }

    private static func picture(
        _ recipe: Recipe, _ addOns: AddOns = AddOns(), of model: URL = base
    ) throws -> Image {
        let model = try Model.load(model, addOns: addOns)
        return try Editor(model)(.textToImage(recipe, defaultSize: 512)).image
    }

    private static func worst(_ found: Image, _ expected: String) throws -> Int {
        try largestDifference(
            found, Image(contentsOf: folder.appending(path: expected + ".png")))
    }

    @Test("LoRAs for UNet and both text encoders, of kohya's and PEFT's names, on 16-bit weights")
    func loras() throws {
        let cases = try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: Self.folder.appending(path: "pictures.json")))
        #expect(cases.count == 4)
        var pictures: [[UInt16]] = []
        for edit in cases {
            var addOns = AddOns()
            addOns.loras = edit.loras.map { .init(Self.file($0.name), strength: $0.strength) }
            let found = try Self.picture(Self.recipe(), addOns)
            #expect(try Self.worst(found, edit.name) <= 1, "\(edit.name)")
            pictures.append(found.samples)
        }
        #expect(Set(pictures).count == cases.count)
    }

    @Test("each text encoder's part of a LoRA counts")
    func parts() throws {
        let source = try ModelFolder(Self.base)
        for name in ["kohya", "peft"] {
            let amended = try AmendedModel(
                source, adding: [WeightedLoRA(LoRA(Self.file(name)), strength: 1)])
            for encoder in ["text_encoder", "text_encoder_2"] {
                let projections = ["q", "k", "v", "out"].map {
                    "text_model.encoder.layers.1.self_attn.\($0)_proj"
                }
                let changed = try projections.filter { layer in
                    let (own, sum) = (
                        try source.weights(encoder)[layer], try amended.weights(encoder)[layer]
                    )
                    return try own.tensor("weight", shape: [32, 32]).widened()
                        != sum.tensor("weight", shape: [32, 32]).widened()
                }
                #expect(changed.count == (name == "kohya" ? 4 : 2), "\(name) \(encoder)")
            }
        }
    }

    @Test("the original repository's names, which kohya's scripts give the layers of XL")
    func originalNames() throws {
        let source = try ModelFolder(Self.base)
        let original = try AmendedModel(
            source, adding: [WeightedLoRA(LoRA(Self.file("original")), strength: 1)])
        let whole = try AmendedModel(
            source, adding: [WeightedLoRA(LoRA(Self.file("kohya")), strength: 1)])
        for (layer, shape) in [
            ("down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q", [16, 16]),
            ("mid_block.attentions.0.transformer_blocks.0.attn2.to_k", [16, 64]),
            ("up_blocks.0.attentions.1.transformer_blocks.1.ff.net.2", [16, 64]),
        ] {
            let values = try [original, whole].map {
                try $0.weights("unet")[layer].tensor("weight", shape: shape).widened()
            }
            #expect(values[0] == values[1], "\(layer)")
            #expect(
                try values[0]
                    != source.weights("unet")[layer].tensor("weight", shape: shape).widened())
        }
    }

    @Test("an embedding with vectors for both encoders")
    func embeddings() throws {
        var addOns = AddOns()
        addOns.embeddings = [.init(Self.file("twovectors"))]
        let recipe = Self.recipe("a cat in twovectors on a table")
        #expect(try Self.worst(Self.picture(recipe, addOns), "embeddings") <= 1)
    }

    @Test("clip skip counts from the layer before the last")
    func clipSkip() throws {
        let deeper = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.copyItem(at: Self.base, to: deeper)
        defer { try? FileManager.default.removeItem(at: deeper) }
        for encoder in ["text_encoder", "text_encoder_2"] {
            try Self.double(deeper.appending(path: encoder))
        }
        for skip in 0...2 {
            var recipe = Self.recipe()
            recipe.clipSkip = 1 + skip
            let found = try Self.picture(recipe, of: deeper)
            #expect(try Self.worst(found, "deeper-skip\(skip)") <= 1, "\(skip)")
        }
    }

    /// Lets a text encoder of two layers have them twice.
    private static func double(_ folder: URL) throws {
        let file = folder.appending(path: "model.safetensors")
        var members: [String] = []
        var data = Data()
        for (name, entry) in try Safetensors(contentsOf: file).entries {
            let stored = try #require(entry.stored)
            let again = name.replacing(".layers.0.", with: ".layers.2.")
                .replacing(".layers.1.", with: ".layers.3.")
            for name in Set([name, again]) {
                let end = data.count + stored.bytes.count
                members.append(
                    "\"\(name)\":{\"dtype\":\"\(entry.dataType)\",\"shape\":\(entry.shape),"
                        + "\"data_offsets\":[\(data.count),\(end)]}")
                data.append(contentsOf: stored.bytes)
            }
        }
        let header = Data("{\(members.joined(separator: ","))}".utf8)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
        try FileManager.default.removeItem(at: file)
        try (length + header + data).write(to: file)
        let configuration = folder.appending(path: "config.json")
        let text = try String(contentsOf: configuration, encoding: .utf8)
        let changed = text.replacing(
            "\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 4")
        #expect(changed != text)
        try Data(changed.utf8).write(to: configuration)
    }

    @Test("weights and two chunks; beside them an absent negative prompt is zeros all through")
    func weighted() throws {
        var recipe = Self.recipe("a (red:1.3) cat BREAK on a ((blue)) [table]")
        (recipe.compat, recipe.negativePrompt) = (nil, "(blurry:1.4), low quality")
        #expect(try Self.worst(Self.picture(recipe), "weighted") <= 1)
        recipe.negativePrompt = ""
        #expect(try Self.worst(Self.picture(recipe), "weighted-zeroed") <= 1)
    }

    @Test("the inpainting pipeline's own strength of 0.9999 is one step less from the picture")
    func strengths() throws {
        let edits = try RecordedEdit.all("addons/xl/strength.json")
        #expect(edits.map(\.strength) == [0.9999, 1])
        #expect(edits.map(\.evaluations) == [7, 8])
        let model = try Model.load(Self.base)
        for edit in edits { try edit.expectEqual(edit.carriedOut(by: model)) }
    }
}
