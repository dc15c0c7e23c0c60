import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("LyCORIS' kinds of changes, as its own modules merge them")
struct LyCORISTests {
    private static let parity = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(components: "..", "..", "Fixtures", "Parity").standardizedFileURL
    private static let folder = parity.appending(components: "addons", "lycoris")

    /// Names such as `loha/down_blocks.0.resnets.0.conv1.weight/0.7`, by kind.
    private static let recorded: [String: [String]] = {
        let names = (try? Safetensors(contentsOf: folder.appending(path: "merged.safetensors")))?
            .names
        return Dictionary(grouping: names ?? []) { String($0.prefix { $0 != "/" }) }
    }()

    @Test("weights with the change", arguments: recorded.keys.sorted())
    func merged(_ kind: String) throws {
        let merged = try Safetensors(
            contentsOf: Self.folder.appending(path: "merged.safetensors"))
        let lora = try LoRA(Self.folder.appending(path: kind + ".safetensors"))
        let base = try ModelFolder(Self.parity.appending(components: "models", "tiny-f32"))
        for name in try #require(Self.recorded[kind]) {
            let parts = name.split(separator: "/").map(String.init)
            let strength = try #require(Float(parts[2]))
            let model = try AmendedModel(
                base, adding: [WeightedLoRA(lora, strength: strength)])
            let wanted = try #require(merged[name])
            let found = try model.weights("unet").tensor(parts[1], shape: wanted.shape)
            let plain = try base.weights("unet").tensor(parts[1], shape: wanted.shape)
            #expect(found.widened() != plain.widened())
            let worst =
                zip(found.widened().values, wanted.widened().values)
                .map { abs($0 - $1) }.max() ?? 0
            #expect(worst <= 2e-6, "\(name): \(worst)")
        }
    }

    @Test("every kind is recorded")
    func kinds() throws {
        #expect(Self.recorded.count == 17)
        let guesses = [
            "loha": "a LoHa", "lokr": "a LoKr", "glora": "a GLoRA", "oft": "an OFT",
            "dora": "a LoRA with DoRA's magnitudes", "full": "a full difference of weights",
            "dora-loha": "a LoHa with DoRA's magnitudes",
        ]
        for (kind, guess) in guesses {
            let file = Self.folder.appending(path: kind + ".safetensors")
            #expect(try LooseFile(file)?.guess == guess)
        }
    }

    @Test("DoRA goes part of the way where the strength is not 1, and none where it is 0")
    func strengthOfMagnitudes() throws {
        let lora = try LoRA(Self.folder.appending(path: "dora.safetensors"))
        let base = try ModelFolder(Self.parity.appending(components: "models", "tiny-f32"))
        let (layer, shape) = ("down_blocks.0.resnets.0.conv1.weight", [16, 16, 3, 3])
        let size = try base.weights("unet").shape(layer) ?? shape
        let values = try [0, 0.5, 1].map { strength in
            try AmendedModel(base, adding: [WeightedLoRA(lora, strength: strength)])
                .weights("unet").tensor(layer, shape: size).widened().values
        }
        let own = try base.weights("unet").tensor(layer, shape: size).widened().values
        #expect(Bool(values[0] == own))
        for (index, half) in values[1].enumerated() {
            #expect(abs(half - (values[0][index] + values[2][index]) / 2) < 1e-6)
        }
    }

    @Test("as in diffusers, a strength is that of the change whose direction DoRA takes")
    func strengthOfDirections() throws {
        var lora = try LoRA(Self.folder.appending(path: "dora.safetensors"))
        lora.scalesDirection = true
        let base = try ModelFolder(Self.parity.appending(components: "models", "tiny-f32"))
        let layer = "down_blocks.0.resnets.0.conv1.weight"
        let own = try base.weights("unet").tensor(layer, shape: [16, 16, 3, 3]).widened().values
        func values(_ strength: Float) throws -> [Float] {
            try AmendedModel(base, adding: [WeightedLoRA(lora, strength: strength)])
                .weights("unet").tensor(layer, shape: [16, 16, 3, 3]).widened().values
        }
        // The magnitudes are the file's, whatever the strength is.
        let (none, half, whole) = try (values(0), values(0.5), values(1))
        let columns = own.count / 16
        func norms(_ values: [Float]) -> [Float] {
            (0..<16).map { row in
                values[row * columns..<(row + 1) * columns].reduce(0) { $0 + $1 * $1 }.squareRoot()
            }
        }
        for (index, norm) in norms(whole).enumerated() {
            #expect(abs(norms(none)[index] / norm - 1) < 1e-5)
            #expect(abs(norms(half)[index] / norm - 1) < 1e-5)
        }
        // Without a change the direction is the weight's own.
        for row in 0..<16 {
            let factor = norms(none)[row] / norms(own)[row]
            for index in row * columns..<(row + 1) * columns {
                #expect(abs(none[index] - own[index] * factor) < 1e-5)
            }
        }
        lora.scalesDirection = false
        #expect(
            try AmendedModel(base, adding: [WeightedLoRA(lora, strength: 1)])
                .weights("unet").tensor(layer, shape: [16, 16, 3, 3]).widened().values == whole)
    }
}
