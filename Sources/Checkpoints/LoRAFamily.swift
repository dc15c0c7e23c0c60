import Files
import Foundation
import Tensors

extension LoRA {
    /// Families whose layers have names of their own, by a part of a name.
    private static let transformers: [(mark: String, family: String)] = [
        ("single_transformer_blocks", "Flux or a model built like it"),
        ("double_blocks", "Flux or a model built like it"),
        ("single_blocks", "Flux or a model built like it"),
        ("joint_blocks", "Stable Diffusion 3"), ("joint_transformer_blocks", "Stable Diffusion 3"),
    ]

    /// The family it was trained for, so far as names, shapes and metadata tell.
    var family: String? {
        let names = parts.keys
        for (mark, family) in Self.transformers where names.contains(where: { $0.contains(mark) }) {
            return family
        }
        if names.contains(where: { Self.place($0).component == "transformer" }) {
            return "a diffusion transformer"
        }
        switch contextWidth {
        case 768: return "Stable Diffusion 1.x"
        case 1024: return "Stable Diffusion 2.x"
        case 2048: return "Stable Diffusion XL"
        default: break
        }
        if names.contains(where: { Self.place($0).component == "text_encoder_2" }) {
            return "Stable Diffusion XL"
        }
        return metadata["ss_base_model_version"] ?? metadata["modelspec.architecture"]
    }

    /// The inputs of a layer that attends to the prompt.
    private var contextWidth: Int? {
        let layer = parts.first { part in
            ["attn2_to_k", "attn2.to_k", "attn2.processor.to_k"].contains { part.key.hasSuffix($0) }
        }
        if let down = layer?.value[.down] { return down.shape.dropFirst().first }
        if let second = layer?.value[.hadamard1B] { return second.shape.dropFirst().first }
        // The first LoRAs count their layers; the seventh attends to the prompt.
        return parts["unet:6"]?[.down]?.shape.dropFirst().first
    }

    /// alpha / rank by what diffusers (`lora_adapter_metadata`) or PEFT (`adapter_config.json`) say of a file
    /// without alphas; 1 where they say nothing.
    func scaleOfMetadata(_ layer: String, rank: Int) -> Float {
        guard let text = metadata[Self.adapterKey],
            let values = try? JSONValue(parsing: text.utf8)
        else { return 1 }
        let component = Self.place(layer).component
        func value(_ name: String) -> JSONValue? { values["\(component).\(name)"] ?? values[name] }
        guard case .number(let alpha)? = value("lora_alpha") ?? value("alpha") else { return 1 }
        let usesRoot = value("use_rslora") == .flag(true)
        return Float(alpha) / (usesRoot ? Float(rank).squareRoot() : Float(rank))
    }

    static let adapterKey = "lora_adapter_metadata"

    /// The text of the configuration that PEFT writes beside `adapter_model.safetensors`; nil without one.
    /// - Throws: `CheckpointError` for one that cannot be read: without it the strength would be a guess.
    static func adapterConfiguration(beside url: URL) throws -> String? {
        let file = url.deletingLastPathComponent().appending(path: "adapter_config.json")
        guard url.lastPathComponent == "adapter_model.safetensors", ModelFolder.exists(file) else {
            return nil
        }
        let data = try Data(contentsOf: file, upTo: 1 << 20)
        do {
            _ = try JSONValue(parsing: data)
        } catch {
            throw CheckpointError.malformed(
                path: file.path(percentEncoded: false), format: "JSON",
                reason: "it says how strong the LoRA is, and cannot be read")
        }
        return String(decoding: data, as: UTF8.self)
    }
}
