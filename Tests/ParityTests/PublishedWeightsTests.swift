import Checkpoints
import Foundation
import Imaging
import Models
import Tensors
import Testing

/// Published weights that are beside the repository, not in it.
private enum Shared {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../shared").standardizedFileURL
    static let places = [folder, folder.appending(path: "../../shared").standardizedFileURL]

    static func url(_ path: String) -> URL {
        let files = places.map { $0.appending(path: path) }
        return files.first {
            FileManager.default.fileExists(atPath: $0.path(percentEncoded: false))
        }
            ?? files[0]
    }

    static var isThere: Bool {
        FileManager.default.fileExists(
            atPath: url("real-weights/taesd_decoder.safetensors").path(percentEncoded: false))
    }
}

@Suite(
    "Published weights",
    .enabled(if: Shared.isThere, "the folder ../shared with published weights is not here"))
struct PublishedWeightsTests {
    private static let photo = "photos/bertrand-gabioud-CpuFzIsHYJ0.png"

    /// 128x96 pixels at (200, 150), [1, 96, 128, 3] in -1…1.
    private func part() throws -> Tensor {
        let photo = try Image(contentsOf: Shared.url(Self.photo)).rgb8
        let channels = photo.samples.count / (photo.width * photo.height)
        return Tensor(shape: [1, 96, 128, 3]) { target in
            for index in target.indices {
                let (y, x) = (150 + index / 3 / 128, 200 + index / 3 % 128)
                let sample = photo.samples[(y * photo.width + x) * channels + index % 3]
                target[index] = Float(sample) / 127.5 - 1
            }
        }
    }

    @Test(
        "tiny autoencoders there and back as diffusers has them",
        arguments: ["taesd", "taesdxl", "taesd3", "taef1"])
    func autoencoders(_ name: String) throws {
        let recorded = try Safetensors(
            contentsOf: RecordedEdit.folder.appending(path: "published-taesd.safetensors"))
        let base = try ModelFolder(
            RecordedEdit.folder.appending(components: "models", "tiny-f32"))
        let file = Shared.url("real-weights/\(name)_decoder.safetensors")
        guard name.hasPrefix("taesd"), name != "taesd3" else {
            let error = #expect(throws: CheckpointError.self) {
                try LooseComponent(file, as: "vae", beside: base)
            }
            #expect(error?.description.contains("16 channels where the model has 4") == true)
            return try compare(
                AutoencoderTiny(Self.weights(name), json: Data("{}".utf8)), recorded, name)
        }
        try compare(
            autoencoder(LooseComponent(file, as: "vae", beside: base)), recorded, name)
    }

    private func compare(_ vae: any Autoencoder, _ recorded: Safetensors, _ name: String) throws {
        #expect(vae.encodes)
        let latents = vae.latents(of: try part(), tiled: false) { Tensor(zeros: [1]) }
        try expectEqual(latents, recorded.picture(name + ".latents"), stage: "\(name) latents")
        let wanted = try recorded.picture(name + ".decoded")
        let decoded = vae.decode(latents, tiled: false)
        let sampled = Tensor(shape: wanted.shape) { target in
            decoded.withUnsafeBufferPointer { decoded in
                for index in target.indices {
                    let (row, column) = (index / 3 / 32 * 4, index / 3 % 32 * 4)
                    target[index] = decoded[(row * 128 + column) * 3 + index % 3]
                }
            }
        }
        try expectEqual(sampled, wanted, stage: "\(name) decoded")
    }

    @Test("halves of two autoencoders are none")
    func mixedHalves() throws {
        let json = Data("{}".utf8)
        for (encoder, decoder) in [("taesd3", "taesd"), ("taesd", "taef1")] {
            let weights = try Self.weights(decoder, encoder: encoder)
            #expect(throws: ModelError.self) { try AutoencoderTiny(weights, json: json) }
        }
        // Of one kind of latents they are, if not a good one.
        let weights = try Self.weights("taesd", encoder: "taesdxl")
        #expect(try AutoencoderTiny(weights, json: json).encodes)
    }

    /// Both halves under diffusers' names.
    private static func weights(_ name: String, encoder: String? = nil) throws -> Weights {
        var entries: [String: Safetensors.Entry] = [:]
        for (half, name, first) in [("encoder", encoder ?? name, 0), ("decoder", name, 1)] {
            let file = try Safetensors(
                contentsOf: Shared.url("real-weights/\(name)_\(half).safetensors"))
            for (key, entry) in file.entries {
                let parts = key.split(separator: ".", maxSplits: 1)
                let number = try #require(Int(parts[0]))
                entries["\(half).layers.\(number - first).\(parts[1])"] = entry
            }
        }
        return Weights(entries, file: name)
    }

    @Test(
        "what each file is",
        arguments: [
            ("taesd_decoder", "a tiny autoencoder's decoder (TAESD) with 4 latent channels"),
            ("taesdxl_encoder", "a tiny autoencoder's encoder (TAESD) with 4 latent channels"),
            ("taesd3_encoder", "a tiny autoencoder's encoder (TAESD) with 16 latent channels"),
            ("taef1_decoder", "a tiny autoencoder's decoder (TAESD) with 16 latent channels"),
            ("lora_disney", "a LoRA in the layout of 2022"),
            ("analog_svd_rank4", "a LoRA in the layout of 2022"),
        ])
    func guesses(_ name: String, _ guess: String) throws {
        let file = Shared.url("real-weights/\(name).safetensors")
        #expect(try LooseFile(file)?.guess?.hasPrefix(guess) == true)
    }

    @Test("LoRAs of 2022 are for Stable Diffusion 1.x, and bring embeddings")
    func loras() throws {
        let base = try ModelFolder(
            RecordedEdit.folder.appending(components: "models", "tiny-f32"))
        for (name, words) in [("lora_disney", ["<s1>", "<s2>"]), ("analog_svd_rank4", [])] {
            let lora = try LoRA(Shared.url("real-weights/\(name).safetensors"))
            #expect(lora.embeddings.flatMap(\.names) == words)
            let error = #expect(throws: CheckpointError.self) {
                try AmendedModel(base, adding: [WeightedLoRA(lora, strength: 1)])
            }
            #expect(error?.description.contains("made for Stable Diffusion 1.x") == true)
        }
    }
}
