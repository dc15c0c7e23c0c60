import Checkpoints
import Editing
import Foundation
import Imaging
import Models
import Recipes
import Sampling
import Tensors
import Testing

private let folder = RecordedEdit.folder.appending(path: "addons")

private func file(_ name: String) -> URL { folder.appending(path: name) }

/// The request that Scripts/goldens/addons.py makes of every model.
private func recipe(_ prompt: String = "a red cat on a blue table") -> Recipe {
    var recipe = Recipe(.textToImage)
    recipe.prompt = prompt
    recipe.negativePrompt = "blurry, low quality"
    (recipe.seed, recipe.steps, recipe.scheduler) = (7, 6, .ddim)
    (recipe.width, recipe.height, recipe.compat) = (64, 48, .diffusers)
    return recipe
}

private func picture(_ recipe: Recipe, _ addOns: AddOns = AddOns()) throws -> Image {
    let model = try Model.load(
        RecordedEdit.folder.appending(components: "models", "tiny-f32"), addOns: addOns)
    return try Editor(model)(.textToImage(recipe, defaultSize: 512)).image
}

private func worst(_ found: Image, _ expected: String) throws -> Int {
    try largestDifference(found, Image(contentsOf: file(expected + ".png")))
}

/// In levels, over all samples of two pictures of one size.
func largestDifference(_ found: Image, _ expected: Image) throws -> Int {
    try #require(found.samples.count == expected.samples.count)
    return zip(found.samples, expected.samples).map { abs(Int($0) - Int($1)) }.max() ?? 0
}

/// A LoRA of a recorded picture: its file's name and its strength, in a list.
struct RecordedLoRA: Decodable {
    let name: String
    let strength: Double

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        name = try list.decode(String.self)
        strength = try list.decode(Double.self)
    }
}

@Suite("Add-ons give diffusers' pictures")
struct AddOnParityTests {
    private struct Case: Decodable {
        let name: String
        let loras: [RecordedLoRA]
        let skip: Int?
    }

    @Test("LoRAs of kohya's and PEFT's names, alone and together; clip skip")
    func loras() throws {
        let cases = try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: file("pictures.json")))
        #expect(cases.count == 5)
        var pictures: [[UInt16]] = []
        for edit in cases {
            var addOns = AddOns()
            addOns.loras = edit.loras.map {
                .init(file($0.name + ".safetensors"), strength: $0.strength)
            }
            var recipe = recipe()
            recipe.clipSkip = 1 + (edit.skip ?? 0)
            let found = try picture(recipe, addOns)
            #expect(try worst(found, edit.name) <= 1, "\(edit.name)")
            pictures.append(found.samples)
        }
        #expect(Set(pictures).count == cases.count)
    }

    @Test("the original repository's names are the same layers")
    func originalNames() throws {
        let original = try LoRA(file("original.safetensors"))
        let source = try ModelFolder(
            RecordedEdit.folder.appending(components: "models", "tiny-f32"))
        let amended = try AmendedModel(source, adding: [WeightedLoRA(original, strength: 1)])
        let whole = try AmendedModel(
            source, adding: [WeightedLoRA(LoRA(file("kohya.safetensors")), strength: 1)])
        for (name, shape) in [
            ("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", [16, 16]),
            ("mid_block.attentions.0.transformer_blocks.0.attn2.to_k", [16, 32]),
            ("up_blocks.1.attentions.1.transformer_blocks.0.ff.net.2", [16, 64]),
        ] {
            func values(_ model: any ModelSource) throws -> Tensor {
                try model.weights("unet")[name].tensor("weight", shape: shape).widened()
            }
            #expect(try values(amended) == values(whole))
            #expect(try values(amended) != values(source))
        }
    }

    @Test("words that stand for one vector and for three")
    func embeddings() throws {
        var addOns = AddOns()
        addOns.embeddings = [
            .init(file("mystyle.safetensors")), .init(file("manyvectors.safetensors")),
        ]
        let prompt = "a cat in <my-style>, manyvectors on a table"
        #expect(try worst(picture(recipe(prompt), addOns), "embeddings") <= 1)
        var weighted = recipe(prompt)
        weighted.compat = nil
        #expect(try worst(picture(weighted, addOns), "embeddings") <= 1)
    }

    @Test(
        "TAESD as a folder, a file and the original's two files",
        arguments: [
            "taesd", "taesd/diffusion_pytorch_model.safetensors", "taesd_decoder.safetensors",
            "taesd_encoder.safetensors",
        ])
    func tiny(path: String) throws {
        var recipe = Recipe(.imageToImage)
        (recipe.prompt, recipe.negativePrompt) = (self.recipePrompt, "blurry, low quality")
        (recipe.seed, recipe.steps, recipe.scheduler, recipe.strength) = (51, 8, .ddim, 0.6)
        recipe.compat = .diffusers
        var addOns = AddOns()
        addOns.vae = file(path)
        let model = try Model.load(
            RecordedEdit.folder.appending(components: "models", "tiny-f32"), addOns: addOns)
        let original = try RecordedEdit.image("inputs/picture-64x48.png")
        let found = try Editor(model)(.imageToImage(original, recipe)).image
        #expect(try worst(found, "taesd") <= 1)
    }

    private let recipePrompt = "a red cat on a blue table"

    @Test("both ways through TAESD")
    func tinyStages() throws {
        let source = try ModelFolder(folder)
        let vae = try AutoencoderTiny(
            source.weights("taesd"), json: source.configuration("taesd"))
        let stages = try Safetensors(contentsOf: file("taesd-stages.safetensors"))
        #expect(vae.factor == 8 && vae.encodes)
        try expectEqual(
            vae.latents(of: try stages.picture("pixels"), tiled: false) { Tensor(zeros: [1]) },
            try stages.picture("encoded"), stage: "TAESD encoder")
        try expectEqual(
            vae.decode(try stages.picture("latents"), tiled: false),
            try stages.picture("decoded"), stage: "TAESD decoder")
    }

    @Test("another VAE and UNet take the place of the model's")
    func swaps() throws {
        let models = RecordedEdit.folder.appending(path: "models")
        var addOns = AddOns()
        addOns.unet = models.appending(components: "tiny-f32", "unet")
        let vae = ["tiny-f32", "vae", "diffusion_pytorch_model.safetensors"]
        addOns.vae = vae.reduce(models) { $0.appending(path: $1) }
        #expect(try worst(picture(recipe(), addOns), "none") <= 1)
        // The VAE of a single file, under the original's names; it is another model's.
        let families = RecordedEdit.folder.appending(path: "families")
        let single = families.appending(components: "single", "tiny-inpaint.safetensors")
        let inpaint = families.appending(components: "models", "tiny-inpaint")
        var parts = AddOns()
        (parts.vae, parts.unet) = (single, single)
        let edit = try #require(
            try RecordedEdit.all("families/pictures.json").first { $0.model == "tiny-inpaint" })
        try edit.expectEqual(edit.carriedOut(by: Model.load(inpaint, addOns: parts)))
        addOns.vae = file("kohya.safetensors")
        #expect(throws: CheckpointError.self) { try picture(recipe(), addOns) }
    }
}

@Suite("Weighted prompts follow AUTOMATIC1111's rules")
struct WeightedPromptParityTests {
    private struct Recorded: Decodable {
        struct Part: Decodable {
            let text: String
            let weight: Double
        }
        let prompt: String
        let parts: [Part]
        let ids: [[Int]]
    }

    @Test("parts, chunks and tokens")
    func chunks() throws {
        let recorded = try JSONDecoder().decode(
            [Recorded].self, from: Data(contentsOf: file("weighted.json")))
        #expect(recorded.count == 10)
        let tokenizer = try CLIPTokenizer(
            folder: RecordedEdit.folder.appending(components: "models", "tiny-f32", "tokenizer"))
        for entry in recorded {
            let prompt = WeightedPrompt(entry.prompt)
            let expected = entry.parts.map { $0.weight == -1 ? "BREAK" : $0.text }
            #expect(prompt.parts.map { $0.text ?? "BREAK" } == expected, "\(entry.prompt)")
            for (part, expected) in zip(prompt.parts, entry.parts) where expected.weight != -1 {
                #expect(abs(part.weight - expected.weight) < 1e-12)
            }
            let chunks = PromptChunks(prompt, tokenizer).chunks
            #expect(chunks.map { Array($0.ids[1...75]) } == entry.ids, "\(entry.prompt)")
        }
    }

    @Test("a picture of weights, a BREAK and a negative prompt of fewer chunks")
    func picture() throws {
        var recipe = recipe("a red cat BREAK on a blue table")
        recipe.negativePrompt = "(blurry:1.4), low quality"
        recipe.compat = nil
        #expect(try worst(ParityTests.picture(recipe), "weighted") <= 1)
    }

    @Test("a hundred thousand signs are read to the last")
    func long() throws {
        for (text, kept) in [
            ("(", ""), ("(a", "a"), ("[a(", "a"), ("a)", "a)"), (":", ":"),
            ("(a:1.1)", "a"),
        ] {
            let count = 100_000 / text.count
            let parts = WeightedPrompt(String(repeating: text, count: count)).parts
            let isWhole =
                parts.compactMap(\.text).joined() == String(repeating: kept, count: count)
            #expect(isWhole, "\(text)")
        }
        let breaks = WeightedPrompt(String(repeating: "BREAK ", count: 10_000)).parts
        #expect(breaks.count { $0.text == nil } == 10_000)
    }
}

extension WeightedPromptParityTests {
    @Test("hidden states")
    func states() throws {
        let recorded = try JSONDecoder().decode(
            [Recorded].self, from: Data(contentsOf: file("weighted.json")))
        let tensors = try Safetensors(contentsOf: file("weighted.safetensors"))
        let model = try Model.load(
            RecordedEdit.folder.appending(components: "models", "tiny-f32"))
        var count = 0
        for (index, entry) in recorded.enumerated() where tensors.names.contains("\(index)") {
            var recipe = Recipe(.textToImage)
            recipe.prompt = entry.prompt
            try expectEqual(
                try model.hiddenStates(of: recipe), try tensors.tensor("\(index)"),
                stage: "weighted prompts")
            count += 1
        }
        #expect(count == 8)
    }
}
