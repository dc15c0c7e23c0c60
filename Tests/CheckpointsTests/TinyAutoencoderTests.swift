import Checkpoints
import Foundation
import TestSupport
import Testing

/// Folders with halves of tiny autoencoders that do not make one.
@Suite struct TinyAutoencoderTests {
    let folder: TemporaryFolder
    private let base = Fixtures.parity.appending(path: "models/tiny-f16")

    init() throws {
        folder = try TemporaryFolder()
    }

    private func encoder(_ channels: Int) -> [UInt8] {
        safetensors([
            ("0.weight", [4, 3, 3, 3], 1), ("1.conv.0.weight", [4, 4, 3, 3], 1),
            ("2.weight", [channels, 4, 3, 3], 1),
        ])
    }

    private func decoder(_ channels: Int) -> [UInt8] {
        safetensors([
            ("1.weight", [4, channels, 3, 3], 1), ("3.conv.0.weight", [4, 4, 3, 3], 1),
            ("4.weight", [3, 4, 3, 3], 1),
        ])
    }

    private func message(_ path: String = "") throws -> String {
        let model = try ModelFolder(base)
        do {
            _ = try LooseComponent(folder.url.appending(path: path), as: "vae", beside: model)
            return ""
        } catch let error as CheckpointError {
            return error.description
        }
    }

    @Test func halvesMustBeOfOneAutoencoder() throws {
        try folder.write(encoder(16), to: "tiny_encoder.safetensors")
        try folder.write(decoder(4), to: "tiny_decoder.safetensors")
        for (path, first, second) in [
            ("", 4, 16), ("tiny_decoder.safetensors", 4, 16), ("tiny_encoder.safetensors", 16, 4),
        ] {
            let found = try message(path)
            #expect(
                found.contains("of halves for \(first) and for \(second) latent channels"),
                "\(found)")
        }
        try folder.write(encoder(4), to: "tiny_encoder.safetensors")
        #expect(try message() == "")
        #expect(try message("tiny_decoder.safetensors") == "")
    }

    @Test func anEncoderAloneIsNamed() throws {
        try folder.write(encoder(4), to: "tiny_encoder.safetensors")
        for path in ["", "tiny_encoder.safetensors"] {
            let found = try message(path)
            #expect(
                found.hasSuffix(
                    "holds no tiny_decoder.safetensors; a tiny autoencoder comes in two files"),
                "\(found)")
        }
    }

    @Test("layers' numbers and shapes that lead nowhere are passed over")
    func strangeLayers() throws {
        let encoder = try folder.write(
            safetensors([
                ("0.weight", [4, 3, 3, 3], 1), ("1.conv.0.weight", [4, 4, 3, 3], 1),
                ("99.weight", [], 1),
            ]), to: "scalar.safetensors")
        #expect(
            try LooseFile(encoder)?.guess
                == "a tiny autoencoder's encoder (TAESD) with 0 latent channels")
        let decoder = try folder.write(
            safetensors([
                ("1.weight", [4, 4, 3, 3], 1), ("3.conv.0.weight", [4, 4, 3, 3], 1),
                ("4.weight", [3, 4, 3, 3], 1), ("\(Int.min).weight", [1], 1),
            ]), to: "least.safetensors")
        let loose = try LooseComponent(decoder, as: "vae", beside: ModelFolder(base))
        #expect(try loose.weights("vae").count == 3)
    }
}
