/// Finds a model's layers by the names that LoRAs have for them.
///
/// All the ways to write a name come down to diffusers' own with `_` for every dot, which is kohya's;
/// a UNet's layer may have the original repository's name in that form.
struct LoRALayers {
    private var layers: [String: String] = [:]
    /// The original repository's names of a UNet's layers.
    private var originals: [String: String] = [:]
    /// The layers in the order in which the first LoRAs count them.
    private let counted: [String]

    /// - Parameter names: the names of a component's tensors, as diffusers has them.
    init(_ component: String, names: some Collection<String>) {
        let all = names.filter { $0.hasSuffix(".weight") }.map { String($0.dropLast(7)) }
        let isUNet = component == "unet"
        let original = isUNet ? LDMNames.unet(diffusers: names).inverse : nil
        for layer in all {
            layers[Self.key(layer)] = layer
            if let old = original?(layer + ".weight") {
                originals[layer] = old
                layers[Self.key(String(old.dropLast(7)))] = layer
            }
        }
        counted = isUNet ? Self.countedOfUNet(Set(all)) : Self.countedOfText(Set(all))
    }

    /// The layer's name in the model, `.weight` and `.bias` not part of it; nil where there is no such
    /// layer.
    subscript(layer: String) -> String? {
        guard layer.hasPrefix("#"), let number = Int(layer.dropFirst()) else {
            return layers[Self.key(layer)]
        }
        return counted.indices.contains(number) ? counted[number] : nil
    }

    /// Whether a layer that a text encoder has not is one that nothing of a picture comes from: the projection
    /// of whole texts, which some trainers change in the first text encoder, too, or the last of OpenCLIP's 24
    /// layers, which Stable Diffusion 2 does not use.
    func isIdle(_ layer: String) -> Bool {
        guard layers[Self.key("encoder.layers.0.mlp.fc1")] != nil, self[layer] == nil else {
            return false
        }
        let isLast =
            self["encoder.layers.22.mlp.fc1"] != nil
            && Self.key(layer).hasPrefix("encoder_layers_23_")
        return layer == "text_projection" || isLast
    }

    /// The place of a UNet's layer among 26 blocks: 1 to 12 are its blocks in, 13 the middle, 14 to 25 its
    /// blocks out; nil for a layer outside of these.
    func block(of layer: String) -> Int? {
        let parts = (originals[layer] ?? "").split(separator: ".")
        guard let side = parts.first, parts.count > 1 else { return nil }
        if side == "middle_block" { return 13 }
        let starts: [Substring: Int] = ["input_blocks": 1, "output_blocks": 14]
        guard let start = starts[side], let number = Int(parts[1]), number < 12 else { return nil }
        return start + number
    }

    private static func key(_ layer: String) -> String {
        let flat = flat(layer)
        return flat.hasPrefix("text_model_") ? String(flat.dropFirst(11)) : flat
    }

    /// A name with `_` for every dot.
    static func flat(_ layer: String) -> String {
        String(decoding: layer.utf8.map { $0 == 0x2E ? 0x5F : $0 }, as: UTF8.self)
    }

    /// The linear layers of attention and of GEGLU in the order in which diffusers of 2022 registered
    /// them: the middle block after the blocks up, the gate between the two attentions.
    private static func countedOfUNet(_ layers: Set<String>) -> [String] {
        let parts =
            ["to_q", "to_k", "to_v", "to_out.0"].map { "attn1." + $0 } + ["ff.net.0.proj"]
            + ["to_q", "to_k", "to_v", "to_out.0"].map { "attn2." + $0 }
        func blocks(_ scope: String) -> [String] {
            numbered {
                "\(scope).attentions.\($0)"
            } has: {
                layers.contains($0 + ".transformer_blocks.0.attn1.to_q")
            }
        }
        // A block without attention may come before one that has some.
        func levels(_ side: String) -> [String] { (0..<8).flatMap { blocks("\(side).\($0)") } }
        let attentions = levels("down_blocks") + levels("up_blocks") + blocks("mid_block")
        return attentions.flatMap { attention in
            numbered {
                "\(attention).transformer_blocks.\($0)"
            } has: {
                layers.contains($0 + ".attn1.to_q")
            }
        }.flatMap { block in parts.map { "\(block).\($0)" } }
    }

    private static func countedOfText(_ layers: Set<String>) -> [String] {
        let root = layers.contains { $0.hasPrefix("text_model.") } ? "text_model." : ""
        return numbered {
            "\(root)encoder.layers.\($0).self_attn"
        } has: {
            layers.contains($0 + ".k_proj")
        }.flatMap { scope in
            ["k_proj", "v_proj", "q_proj", "out_proj"].map { "\(scope).\($0)" }
        }
    }

    /// Names with 0, 1, … as long as there are such.
    private static func numbered(
        _ name: (Int) -> String, has: (String) -> Bool
    ) -> [String] {
        var names: [String] = []
        while has(name(names.count)) { names.append(name(names.count)) }
        return names
    }
}

extension LoRA {
    /// The component that names of layers begin with, as their writers call it.
    private static let prefixes: [(String, component: String)] = [
        // kohya and LyCORIS
        ("lora_unet_", "unet"), ("lora_te_", "text_encoder"), ("lora_te1_", "text_encoder"),
        ("lora_te2_", "text_encoder_2"), ("lora_te3_", "text_encoder_3"), ("oft_unet_", "unet"),
        ("lora_unet.", "unet"), ("lora_te.", "text_encoder"), ("lora_te1.", "text_encoder"),
        ("lora_te2.", "text_encoder_2"),
        ("oft_te_", "text_encoder"), ("lycoris_", "unet"), ("lycoris_unet_", "unet"),
        ("lycoris_te_", "text_encoder"), ("lycoris_te1_", "text_encoder"),
        ("lycoris_te2_", "text_encoder_2"),
        // diffusers and PEFT
        ("unet.", "unet"), ("text_encoder.", "text_encoder"),
        ("text_encoder_2.", "text_encoder_2"), ("text_encoder_3.", "text_encoder_3"),
        ("transformer.", "transformer"),
        // as pipelines of trainers count them
        ("text_encoder_1.", "text_encoder"), ("text_encoders_0.", "text_encoder"),
        ("text_encoders_1.", "text_encoder_2"), ("te1.", "text_encoder"),
        ("te2.", "text_encoder_2"),
        // ComfyUI
        ("diffusion_model.", "unet"), ("model.diffusion_model.", "unet"),
        ("text_encoders.clip_l.transformer.", "text_encoder"),
        ("text_encoders.clip_h.transformer.", "text_encoder"),
        ("text_encoders.clip_g.transformer.", "text_encoder_2"),
        ("text_encoders.clip_l.", "text_encoder"), ("text_encoders.clip_h.", "text_encoder"),
        ("text_encoders.clip_g.", "text_encoder_2"), ("text_encoders.", "text_encoder_3"),
        ("clip_l.transformer.", "text_encoder"), ("clip_g.transformer.", "text_encoder_2"),
        ("clip_l.", "text_encoder"), ("clip_g.", "text_encoder_2"),
        // OneTrainer
        ("diffusion.", "unet"),
        // the original repositories
        ("cond_stage_model.transformer.", "text_encoder"),
        ("conditioner.embedders.0.transformer.", "text_encoder"),
        ("conditioner.embedders.1.transformer.", "text_encoder_2"),
        ("conditioner.embedders.1.model.", "text_encoder_2"),
        // LoRAs of 2022, which count the layers
        ("unet:", "unet"), ("text_encoder:", "text_encoder"),
    ]

    /// Names that torch's wrappers of a module put among those of layers.
    private static let wrappers = [
        "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
    ]

    /// The component a layer belongs to and the layer's name in it.
    static func place(_ layer: String) -> (component: String, layer: String) {
        // PEFT, the wrappers of several processors, torch.compile and trainers put names of their own in
        // front.
        var bare = layer
        for wrapper in wrappers where LoRARole.holds(bare, wrapper) {
            bare = bare.replacing(wrapper + ".", with: "").replacing(wrapper + "_", with: "")
        }
        for wrapper in ["module.", "base_model.model.", "state_dict."]
        where LoRARole.holds(bare, wrapper) {
            // What is removed may have stood between two of them.
            var (rest, before) = ("." + bare, 0)
            while rest.utf8.count != before {
                before = rest.utf8.count
                rest = rest.replacing("." + wrapper, with: ".")
            }
            bare = String(rest.dropFirst())
        }
        if bare.hasPrefix("text_model.") { return ("text_encoder", renamed(bare, "text_encoder")) }
        guard let (prefix, component) = prefix(of: bare) ?? prefix(behindFirstWordOf: &bare) else {
            return ("unet", renamed(bare, "unet"))
        }
        let rest = String(bare.dropFirst(prefix.count))
        return (component, prefix.hasSuffix(":") ? "#" + rest : renamed(rest, component))
    }

    private static func prefix(of layer: String) -> (String, component: String)? {
        prefixes.filter { layer.hasPrefix($0.0) }.max { $0.0.count < $1.0.count }
    }

    /// A trainer may have a word of its own in front, such as `pipe.`; it is taken off.
    private static func prefix(behindFirstWordOf layer: inout String) -> (
        String, component: String
    )? {
        guard let dot = layer.firstIndex(of: ".") else { return nil }
        let rest = String(layer[layer.index(after: dot)...])
        guard let found = prefix(of: rest), !found.0.hasSuffix(":") else { return nil }
        layer = rest
        return found
    }

    /// diffusers once called the projections of every attention alike, in text encoders too.
    private static func renamed(_ layer: String, _ component: String) -> String {
        let processor = ".processor."
        let layer =
            LoRARole.holds(layer, processor) ? layer.replacing(processor, with: ".") : layer
        if component == "unet" { return layer.hasSuffix("to_out") ? layer + ".0" : layer }
        let old = [
            ".to_q": ".q_proj", ".to_k": ".k_proj", ".to_v": ".v_proj", ".to_out": ".out_proj",
        ]
        guard let (name, new) = old.first(where: { layer.hasSuffix($0.key) }) else { return layer }
        return layer.dropLast(name.count) + new
    }
}
