import Checkpoints
import Foundation
import Tensors
import Testing

private let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fixtures").standardizedFileURL

/// What a file of Fixtures/Weights must come to (Scripts/make-weights-corpus.py).
private struct AddOnCase: Decodable, Sendable, CustomStringConvertible {
    var name = ""
    /// the file with the same effect
    let same: String?
    /// words of the error
    let error: [String]?
    /// words of the remarks
    let remarks: [String]?
    /// what an embedding is called
    let words: [String]?

    private enum CodingKeys: CodingKey { case same, error, remarks, words }

    var description: String { name }

    static func all(_ folder: String) -> [AddOnCase] {
        let file = fixtures.appending(components: "Weights", folder, "cases.json")
        guard let data = try? Data(contentsOf: file),
            let cases = try? JSONDecoder().decode([String: AddOnCase].self, from: data)
        else { return [] }
        return cases.map { name, value in
            var value = value
            value.name = name
            return value
        }.sorted { $0.name < $1.name }
    }

    func url(_ folder: String, _ name: String? = nil) -> URL {
        fixtures.appending(components: "Weights", folder, (name ?? self.name) + ".safetensors")
    }

    func expect(_ found: CheckpointError?) {
        for word in error ?? [] {
            #expect(found?.description.contains(word) == true, "\(found?.description ?? "none")")
        }
        #expect((found?.description.count ?? 0) < 200 + fixtures.path().count)
    }
}

@Suite("Add-ons of every layout")
struct AddOnCorpusTests {
    private static let folder = fixtures.appending(components: "Parity", "models", "tiny-f16")

    @Test("the corpus is there")
    func corpus() {
        #expect(AddOnCase.all("LoRA").count >= 30)
        #expect(AddOnCase.all("Embeddings").count >= 9)
        #expect(AddOnCase.all("VAE").count >= 7)
    }

    @Test("LoRAs", arguments: AddOnCase.all("LoRA"))
    private func loras(_ example: AddOnCase) throws {
        let base = try ModelFolder(Self.folder)
        func amended(_ name: String? = nil) throws -> (lora: LoRA, model: AmendedModel) {
            let lora = try LoRA(example.url("LoRA", name))
            return (
                lora,
                try AmendedModel(
                    base, adding: [WeightedLoRA(lora, strength: 0.5, textStrength: 0.25)])
            )
        }
        guard example.error == nil else {
            return example.expect(#expect(throws: CheckpointError.self) { try amended() })
        }
        let (lora, model) = try amended()
        let notes = lora.notes + model.notes
        #expect(notes.isEmpty == (example.remarks == nil), "\(notes)")
        for word in example.remarks ?? [] {
            #expect(notes.contains { $0.contains(word) }, "\(notes)")
        }
        #expect(lora.embeddings.flatMap(\.names) == example.words ?? [])
        let reference = try amended(example.same).model
        var changed = 0
        for component in ["unet", "text_encoder"] {
            let (own, wanted) = (
                try model.weights(component), try reference.weights(component)
            )
            let plain = try base.weights(component)
            for (name, shape) in own.shapes where plain.dataType(name) != nil {
                let values = try own.tensor(name, shape: shape).widened().values
                let same = try wanted.tensor(name, shape: shape).widened().values
                #expect(Bool(values == same), "\(name)")
                let before = try plain.tensor(name, shape: shape).widened().values
                changed += values == before ? 0 : 1
            }
        }
        #expect(changed >= 5)
    }

    @Test("embeddings", arguments: AddOnCase.all("Embeddings"))
    private func embeddings(_ example: AddOnCase) throws {
        func rows(_ name: String? = nil) throws -> (names: [String], values: [[Float]]) {
            let all = try TextualInversion.all(in: example.url("Embeddings", name))
            let values = try ["clip_l", "clip_g"].map {
                try all[0].vectors(width: 32, for: $0).values
            }
            return (all.flatMap(\.names), values)
        }
        guard example.error == nil else {
            return example.expect(#expect(throws: CheckpointError.self) { try rows() })
        }
        let (names, values) = try rows()
        #expect(names == example.words)
        #expect(try values == rows(example.same ?? example.name).values)
    }

    @Test("VAEs", arguments: AddOnCase.all("VAE"))
    private func vaes(_ example: AddOnCase) throws {
        let base = try ModelFolder(Self.folder)
        func opened() throws -> LooseComponent {
            try LooseComponent(example.url("VAE"), as: "vae", beside: base)
        }
        guard example.error == nil else {
            return example.expect(#expect(throws: CheckpointError.self) { try opened() })
        }
        let own = try opened()
        let reference = try LooseComponent(
            example.url("VAE", example.same), as: "vae", beside: base)
        let (weights, wanted) = (try own.weights("vae"), try reference.weights("vae"))
        #expect(weights.shapes == wanted.shapes)
        #expect(try own.configuration("vae") == reference.configuration("vae"))
        for (name, shape) in wanted.shapes {
            let values = try weights.tensor(name, shape: shape).widened().values
            let same = try wanted.tensor(name, shape: shape).widened().values
            #expect(Bool(values == same), "\(name)")
        }
    }

    /// A folder with the file of a VAE and no configuration.
    @Test func aVAEMayBeTheOnlyFileOfAFolder() throws {
        let base = try ModelFolder(Self.folder)
        let folder = try TemporaryFolder()
        func opened() throws -> LooseComponent {
            try LooseComponent(folder.url, as: "vae", beside: base)
        }
        let none = #expect(throws: CheckpointError.self) { try opened() }
        #expect(none?.description.contains("holds no config.json or .safetensors file") == true)
        let file = fixtures.appending(path: "Weights/VAE/reference.safetensors")
        try folder.write([UInt8](Data(contentsOf: file)), to: "a.safetensors")
        let alone = try LooseComponent(file, as: "vae", beside: base)
        #expect(try opened().weights("vae").shapes == alone.weights("vae").shapes)
        try folder.write([UInt8](Data(contentsOf: file)), to: "b.safetensors")
        let two = #expect(throws: CheckpointError.self) { try opened() }
        #expect(two?.description.contains("holds 2 files of weights and no config.json") == true)
    }
}
