import Checkpoints
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// What diffusers and transformers answered at each stage, from Fixtures/Parity.
private enum Recording {
    static let folder = Fixtures.parity

    static let models = ["tiny-f32", "tiny-f16", "tiny-bf16"]

    static func model(_ name: String) throws -> ModelFolder {
        try ModelFolder(folder.appending(components: "models", name))
    }

    static func read<Value: Decodable>(_ name: String) throws -> Value {
        try JSONDecoder().decode(
            Value.self, from: Data(contentsOf: folder.appending(path: name + ".json")))
    }

    static func tensors(_ name: String) throws -> Safetensors {
        try Safetensors(contentsOf: folder.appending(path: name + ".safetensors"))
    }
}

extension Safetensors {
    func tensor(_ name: String) throws -> Tensor {
        try #require(self[name], "no recording of \(name)").widened()
    }

    /// A picture, which torch keeps as [N, C, H, W].
    func picture(_ name: String) throws -> Tensor {
        try tensor(name).transposed([0, 2, 3, 1])
    }
}

@Suite("Tokens are those of transformers")
struct TokenParityTests {
    private struct Recorded: Decodable {
        let tokenizer: String
        let cases: [Case]
    }

    private struct Case: Decodable {
        let prompt: String
        let ids: [Int]
        let whole: Int
    }

    private func check(_ recorded: Recorded, _ tokenizer: CLIPTokenizer) {
        #expect(recorded.cases.count > 20)
        for recorded in recorded.cases {
            let tokens = tokenizer(recorded.prompt)
            #expect(tokens.ids == recorded.ids, "\(recorded.prompt.debugDescription)")
            #expect(tokens.promptCount + tokens.droppedCount + 2 == recorded.whole)
            #expect((tokens.dropped != nil) == (recorded.whole > 77))
        }
    }

    @Test(
        "of a vocabulary with merges, and of tokenizer.json", arguments: ["tiny-f32", "tiny-f16"])
    func tiny(name: String) throws {
        let folder = try Recording.model(name).url(of: "tokenizer")
        check(try Recording.read("tokens/" + name), try CLIPTokenizer(folder: folder))
    }

    private static let clip = Recording.folder
        .appending(components: "..", "..", "..", "shared", "clip-tokenizer")

    @Test(
        "of the published CLIP vocabulary",
        .enabled(
            if: FileManager.default.fileExists(
                atPath: clip.appending(path: "vocab.json").path(percentEncoded: false)),
            "needs vocab.json and merges.txt of CLIP in ../shared/clip-tokenizer"))
    func published() throws {
        check(try Recording.read("tokens/clip"), try CLIPTokenizer(folder: Self.clip))
    }
}

@Suite("The networks' answers are those of diffusers")
struct StageParityTests {
    private struct Prompts: Decodable {
        let prompts: [String]
        let ids: [[Int]]
    }

    private struct Call: Decodable {
        let name: String
        let model: String
        let timestep: Float
    }

    @Test("text encoder", arguments: Recording.models)
    func textEncoder(name: String) throws {
        let all: [String: Prompts] = try Recording.read("text-encoder")
        let prompts = try #require(all[name])
        let model = try Recording.model(name)
        let tokenizer = try CLIPTokenizer(folder: model.url(of: "tokenizer"))
        let encoder = try CLIPTextEncoder(model)
        #expect(prompts.prompts.map { tokenizer($0).ids } == prompts.ids)
        let found = Tensor.concatenated(try prompts.ids.map { try encoder($0) }, axis: 0)
        try expectEqual(
            found, try Recording.tensors("text-encoder").tensor(name + ".last"),
            stage: "text encoder \(name)")
    }

    @Test("encoder and decoder", arguments: Recording.models, ["32x32", "24x40"])
    func autoencoder(name: String, size: String) throws {
        let recorded = try Recording.tensors("vae")
        let vae = try AutoencoderKL(Recording.model(name), arithmetic: .exactHere)
        let prefix = "\(name).\(size)."
        let moments = vae.encode(try recorded.picture(prefix + "pixels"))
        let mean = try recorded.picture(prefix + "mean")
        try expectEqual(moments.mean, mean, stage: "VAE mean \(name)")
        try expectEqual(
            moments.logVariance, try recorded.picture(prefix + "logvar"),
            stage: "VAE log variance \(name)")
        try expectEqual(
            vae.decode(mean), try recorded.picture(prefix + "decoded"),
            stage: "VAE decoder \(name)")
    }

    @Test("UNet, batches and odd sizes included", arguments: Recording.models)
    func unet(name: String) throws {
        let recorded = try Recording.tensors("unet")
        let unet = try UNet2DCondition(Recording.model(name), arithmetic: .exactHere)
        let calls: [Call] = try Recording.read("unet")
        let own = calls.filter { $0.model == name }
        #expect(own.count >= 5)
        for call in own {
            let found = unet(
                try recorded.picture(call.name + ".sample"), timestep: call.timestep,
                encoderHiddenStates: try recorded.tensor(call.name + ".context"))
            try expectEqual(
                found, try recorded.picture(call.name + ".answer"), stage: "UNet \(name)")
        }
    }
}
