import Foundation
import Tensors

/// Finds a model's weights by the names that LoRAs have for its layers.
///
/// All the ways to write a name come down to diffusers' own with `_` for every dot, which is kohya's;
/// a LoRA of SDXL may have the original repository's names in that form.
struct LoRALayers {
    private var weights: [String: String] = [:]

    /// - Parameter names: the names of a component's tensors, as diffusers has them.
    init(_ component: String, names: some Collection<String>) {
        let layers = names.filter { $0.hasSuffix(".weight") }.map { String($0.dropLast(7)) }
        let original = component == "unet" ? LDMNames.unet(diffusers: names).inverse : nil
        for layer in layers {
            weights[Self.key(layer)] = layer + ".weight"
            if let old = original?(layer + ".weight") {
                weights[Self.key(String(old.dropLast(7)))] = layer + ".weight"
            }
        }
    }

    /// The name of the layer's weight; nil where there is no such layer.
    subscript(layer: String) -> String? { weights[Self.key(layer)] }

    private static func key(_ layer: String) -> String {
        let flat = layer.replacing(".", with: "_")
        return flat.hasPrefix("text_model_") ? String(flat.dropFirst(11)) : flat
    }
}

extension LoRA {
    /// The component a layer belongs to and the layer's name in it.
    static func place(_ layer: String) -> (component: String, layer: String) {
        let prefixes = [
            ("lora_unet_", "unet"), ("lora_te_", "text_encoder"), ("lora_te1_", "text_encoder"),
            ("lora_te2_", "text_encoder_2"), ("unet.", "unet"), ("text_encoder.", "text_encoder"),
            ("text_encoder_2.", "text_encoder_2"), ("base_model.model.text_model.", "text_encoder"),
            ("base_model.model.", "unet"), ("text_model.", "text_encoder"),
        ]
        let match = prefixes.first { layer.hasPrefix($0.0) }
        let component = match?.1 ?? "unet"
        let rest = layer.dropFirst(match?.0.count ?? 0).replacing(".processor.", with: ".")
        return (component, renamed(String(rest), in: component))
    }

    /// diffusers once called the projections of every attention alike, in text encoders too.
    private static func renamed(_ layer: String, in component: String) -> String {
        if component == "unet" { return layer.hasSuffix(".to_out") ? layer + ".0" : layer }
        let old = [
            ".to_q": ".q_proj", ".to_k": ".k_proj", ".to_v": ".v_proj", ".to_out": ".out_proj",
        ]
        guard let (name, new) = old.first(where: { layer.hasSuffix($0.key) }) else { return layer }
        return layer.dropLast(name.count) + new
    }

    /// What diffusers leaves in the metadata of files without alphas: one for each component.
    func scaleOfMetadata(_ layer: String, rank: Int) throws -> Float {
        guard let json = metadata["lora_adapter_metadata"],
            let values = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        else { return 1 }
        let component = Self.place(layer).component
        guard let alpha = values[component + ".lora_alpha"] as? NSNumber else { return 1 }
        let usesRoot = values[component + ".use_rslora"] as? Bool ?? false
        return alpha.floatValue / (usesRoot ? Float(rank).squareRoot() : Float(rank))
    }

    /// The family it was trained for, so far as names, shapes and metadata tell.
    var family: String? {
        let names = parts.keys
        if names.contains(where: { $0.contains("double_blocks") || $0.contains("single_blocks") })
            || names.contains(where: { $0.contains("single_transformer_blocks") })
        {
            return "Flux"
        }
        if names.contains(where: { $0.contains("joint_blocks") }) { return "Stable Diffusion 3" }
        if names.contains(where: { $0.hasPrefix("transformer.") }) {
            return "a diffusion transformer"
        }
        let isTwin = names.contains { $0.hasPrefix("lora_te2_") || $0.hasPrefix("text_encoder_2.") }
        let attention = parts.first { part in
            ["attn2_to_k", "attn2.to_k"].contains { part.key.hasSuffix($0) }
        }
        switch attention?.value.down?.shape.dropFirst().first {
        case 768: return "Stable Diffusion 1.x"
        case 1024: return "Stable Diffusion 2.x"
        case 2048: return "Stable Diffusion XL"
        default: break
        }
        if isTwin { return "Stable Diffusion XL" }
        return metadata["ss_base_model_version"] ?? metadata["modelspec.architecture"]
    }
}
