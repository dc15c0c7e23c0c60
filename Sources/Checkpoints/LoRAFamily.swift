import Tensors

extension LoRA {
    /// Families whose layers have names of their own, by a part of a name.
    private static let transformers: [(mark: String, family: String)] = [
        ("single_transformer_blocks", "Flux or a model built like it"),
        ("double_blocks", "Flux or a model built like it"),
        ("single_blocks", "Flux or a model built like it"),
        ("joint_blocks", "Stable Diffusion 3"),
    ]

    /// The same of families that are seldom met beside Stable Diffusion.
    private static let strangers: [(mark: String, family: String)] = [
        ("joint_transformer_blocks", "AuraFlow"), ("motion_modules", "AnimateDiff"),
        ("temporal_transformer_blocks", "Stable Video Diffusion"),
        ("lora_prior_", "Stable Cascade"), ("img_mlp", "Qwen-Image"), ("img_mod", "Qwen-Image"),
        ("cross_attn", "Wan or another diffusion transformer"),
        ("diffusion_model.layers.", "Lumina, Z-Image or a model built like them"),
        ("lora_unet_layers_", "Lumina, Z-Image or a model built like them"),
        ("model.layers.", "a language model"),
    ]

    /// As many names as tell the family: no published file has more layers.
    private var firstNames: [String] {
        parts.count > 4096 ? Array(parts.keys.sorted().prefix(4096)) : Array(parts.keys)
    }

    /// The family it was trained for, so far as names, shapes and metadata tell.
    var family: String? {
        let names = firstNames
        func occurs(_ mark: String) -> Bool { names.contains { LoRARole.holds($0, mark) } }
        for (mark, family) in Self.transformers where occurs(mark) { return family }
        let places = names.map(Self.place)
        let stranger = Self.strangers.first { occurs($0.mark) }
        let isTransformer = places.contains { component, layer in
            component == "transformer" || layer.hasPrefix("transformer_blocks")
        }
        if let family = stranger?.family ?? (isTransformer ? "a diffusion transformer" : nil) {
            return "another kind of model (\(family))"
        }
        if let family = contextWidth.flatMap(Self.family(ofContext:)) { return family }
        if places.contains(where: { $0.component == "text_encoder_2" }) {
            return "Stable Diffusion XL"
        }
        return metadata["ss_base_model_version"] ?? metadata["modelspec.architecture"]
    }

    /// The family whose UNets read text embeddings of a width; nil for others.
    static func family(ofContext width: Int) -> String? {
        switch width {
        case 768: "Stable Diffusion 1.x"
        case 1024: "Stable Diffusion 2.x"
        case 2048: "Stable Diffusion XL"
        default: nil
        }
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
}
