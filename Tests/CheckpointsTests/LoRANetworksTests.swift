import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("LoRAs for the networks of a model")
struct LoRANetworksTests {
    /// The second text encoder of XL, as programs call it.
    @Test(arguments: [
        "lora_te2_text_model_", "text_encoder_2.text_model.", "clip_g.text_model.",
        "text_encoders.clip_g.transformer.text_model.",
        "conditioner.embedders.1.transformer.text_model.",
        "conditioner.embedders.1.model.text_model.",
    ])
    func secondTextEncoder(_ prefix: String) throws {
        let (folder, part) = (try TemporaryFolder(), "encoder.layers.0.self_attn.q_proj")
        for component in ["unet", "text_encoder", "text_encoder_2"] {
            let layer = component == "unet" ? "conv_in" : "text_model." + part
            try folder.write("{}", to: component + "/config.json")
            try folder.write(
                safetensors([(layer + ".weight", [4, 3], 1)]), to: component + "/model.safetensors")
        }
        let layer = prefix + (prefix.hasSuffix("_") ? part.replacing(".", with: "_") : part)
        let lora = try LoRA(
            folder.write(
                safetensors([
                    (layer + ".lora_down.weight", [2, 3], 0.5),
                    (layer + ".lora_up.weight", [4, 2], 2),
                ]), to: "lora.safetensors"))
        let model = try AmendedModel(
            ModelFolder(folder.url), adding: [WeightedLoRA(lora, strength: 1)])
        let weight = try model.weights("text_encoder_2")["text_model.\(part)"]
            .tensor("weight", shape: [4, 3])
        #expect(weight.widened().values == Array(repeating: 3, count: 12))
    }

    /// What was trained on latents alone changes what an inpainting UNet makes of its latents.
    @Test(arguments: [4, 9])
    func firstConvolutionOfInpainting(_ channels: Int) throws {
        let (folder, layer) = (try TemporaryFolder(), "lora_unet_conv_in")
        try folder.write(
            safetensors([("conv_in.weight", [2, 9, 3, 3], 1)]),
            to: "unet/diffusion_pytorch_model.safetensors")
        try folder.write("{}", to: "unet/config.json")
        let lora = try LoRA(
            folder.write(
                safetensors([
                    (layer + ".lora_down.weight", [2, channels, 3, 3], 0.5),
                    (layer + ".lora_up.weight", [2, 2, 1, 1], 2),
                ]), to: "lora.safetensors"))
        let model = try AmendedModel(
            ModelFolder(folder.url), adding: [WeightedLoRA(lora, strength: 0.5)])
        let weight = try model.weights("unet")["conv_in"].tensor("weight", shape: [2, 9, 3, 3])
        let row = (0..<9 * 9).map { $0 < channels * 9 ? Float(2) : 1 }
        #expect(weight.widened().values == row + row)
        // Another number of channels is another model's.
        let other = try LoRA(
            folder.write(
                safetensors([(layer + ".diff", [2, 5, 3, 3], 1)]), to: "other.safetensors"))
        let error = #expect(throws: CheckpointError.self) {
            try AmendedModel(ModelFolder(folder.url), adding: [WeightedLoRA(other, strength: 1)])
        }
        #expect(
            error?.description.contains("is for 2 by 5 numbers, the model has 2 by 9") == true,
            "\(error?.description ?? "")")
    }

    /// Stable Diffusion 2 does not use the last of its text encoder's 24 layers.
    @Test func theLastLayerOfOpenCLIP() throws {
        let folder = try TemporaryFolder()
        func layer(_ number: Int) -> String { "text_model.encoder.layers.\(number).mlp.fc1" }
        try folder.write(
            safetensors((0..<23).map { (layer($0) + ".weight", [4, 3], 1) }),
            to: "text_encoder/model.safetensors")
        try folder.write("{}", to: "text_encoder/config.json")
        func lora(_ numbers: Range<Int>) throws -> LoRA {
            try LoRA(
                folder.write(
                    safetensors(
                        numbers.map {
                            (
                                "lora_te_" + layer($0).replacing(".", with: "_") + ".diff", [4, 3],
                                1
                            )
                        }), to: "lora.safetensors"))
        }
        let model = try AmendedModel(
            ModelFolder(folder.url), adding: [WeightedLoRA(lora(21..<24), strength: 1)])
        #expect(model.notes.contains { $0.contains("which changes no layer of the model") })
        let weight = try model.weights("text_encoder")[layer(22)].tensor("weight", shape: [4, 3])
        #expect(weight.widened().values.allSatisfy { $0 == 2 })
        let error = #expect(throws: CheckpointError.self) {
            try AmendedModel(
                ModelFolder(folder.url), adding: [WeightedLoRA(lora(22..<25), strength: 1)])
        }
        #expect(error?.description.contains("1 of 3 keys") == true, "\(error?.description ?? "")")
    }

    /// Distilled networks of a family have other shapes than the family's own.
    @Test func aLoRAOfAnotherNetworkOfTheFamily() throws {
        let folder = try TemporaryFolder()
        let attention = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
        try folder.write(
            safetensors([(attention + ".weight", [4, 2048], 1), ("mid.weight", [4, 4], 1)]),
            to: "unet/diffusion_pytorch_model.safetensors")
        try folder.write("{}", to: "unet/config.json")
        let lora = try LoRA(
            folder.write(
                safetensors([
                    (attention + ".lora_A.weight", [2, 2048], 1),
                    (attention + ".lora_B.weight", [4, 2], 1),
                    ("mid.lora_A.weight", [2, 8], 1), ("mid.lora_B.weight", [4, 2], 1),
                ]), to: "lora.safetensors"))
        let error = #expect(throws: CheckpointError.self) {
            try AmendedModel(ModelFolder(folder.url), adding: [WeightedLoRA(lora, strength: 1)])
        }
        #expect(
            error?.description.contains("made for another kind of model: mid is for 4 by 8")
                == true,
            "\(error?.description ?? "")")
    }
}
