import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("LoRAs")
struct LoRATests {
    private static let layer = "down_blocks.0.attentions.0.to_q"
    private static let kohya = "lora_unet_down_blocks_0_attentions_0_to_q"

    private typealias Entry = (name: String, shape: [Int], value: Float)

    /// The layer's weight in a model whose numbers are all 1, with a LoRA of these tensors added.
    private func weight(
        _ tensors: [Entry], shape: [Int] = [4, 3], strength: Float = 1
    ) throws -> [Float] {
        let folder = try TemporaryFolder()
        try folder.write(
            safetensors([(Self.layer + ".weight", shape, 1)]),
            to: "unet/diffusion_pytorch_model.safetensors")
        try folder.write("{}", to: "unet/config.json")
        let lora = try LoRA(folder.write(safetensors(tensors), to: "lora.safetensors"))
        let model = try AmendedModel(ModelFolder(folder.url), adding: [(lora, strength)])
        return try model.weights("unet")[Self.layer].tensor("weight", shape: shape).widened().values
    }

    private func pair(_ down: [Int], _ up: [Int], _ more: [Entry] = []) -> [Entry] {
        [
            (Self.kohya + ".lora_down.weight", down, 0.5),
            (Self.kohya + ".lora_up.weight", up, 2),
        ] + more
    }

    @Test("the product, by alpha over rank and the strength, is added")
    func product() throws {
        // Every entry of up · down is 2 · (2 · 0.5) = 2.
        #expect(try weight(pair([2, 3], [4, 2])) == Array(repeating: 3, count: 12))
        let alpha: Entry = (Self.kohya + ".alpha", [], 1)
        #expect(
            try weight(pair([2, 3], [4, 2], [alpha]), strength: 3) == Array(repeating: 4, count: 12)
        )
    }

    @Test("a decomposition with a part between, over 3x3 places")
    func tucker() throws {
        let mid: Entry = (Self.kohya + ".lora_mid.weight", [2, 2, 3, 3], 1)
        let values = try weight(
            pair([2, 3, 1, 1], [4, 2, 1, 1], [mid]), shape: [4, 3, 3, 3])
        // 1 + sum over two of up · sum over two of mid · down.
        #expect(values == Array(repeating: 5, count: 108))
    }

    @Test("damage is told")
    func damage() throws {
        let nan: Entry = (Self.kohya + ".alpha", [], .nan)
        for tensors in [
            pair([2, 3], [4, 3]), pair([2, 3], [4, 2], [nan]), [pair([2, 3], [4, 2])[0]],
        ] {
            let error = #expect(throws: CheckpointError.self) { try weight(tensors) }
            #expect(error?.kind == .corruptData)
        }
    }

    @Test("what does not belong to the model is refused by name")
    func strangers() throws {
        let unknown: Entry = ("lora_unet_nowhere.lora_down.weight", [2, 3], 1)
        let error = #expect(throws: CheckpointError.self) {
            try weight(pair([2, 3], [4, 2], [unknown]))
        }
        #expect(error?.kind == .modelMismatch)
        #expect(error?.description.contains("lora_unet_nowhere.lora_down.weight") == true)

        let large: Entry = ("lora_unet_x_attn2_to_k.lora_down.weight", [2, 2048], 1)
        let family = #expect(throws: CheckpointError.self) { try weight([large]) }
        #expect(family?.description.contains("made for Stable Diffusion XL") == true)

        let other: Entry = (Self.kohya + ".hada_w1_a", [2, 2], 1)
        let kind = #expect(throws: CheckpointError.self) { try weight([other]) }
        #expect(kind?.description.contains("is a LoHa") == true)

        for (name, what) in [
            (Self.kohya + ".diff", "is a difference of weights"),
            ("model.diffusion_model.out.2.weight", "holds no LoRA"),
        ] {
            let error = #expect(throws: CheckpointError.self) { try weight([(name, [2, 2], 1)]) }
            #expect(error?.description.contains(what) == true, "\(error?.description ?? "")")
        }
    }
}
