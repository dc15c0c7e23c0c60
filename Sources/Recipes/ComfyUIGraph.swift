import Foundation

/// A graph of nodes as ComfyUI writes it under `prompt`: by number, each with its class and its inputs,
/// which are values or links `[number, output]`.
struct ComfyUIGraph {
    private let nodes: [String: Node]

    private struct Node {
        let type: String
        let inputs: [String: Any]
    }

    /// Nil if the object is no graph.
    init?(_ object: [String: Any]) {
        var nodes: [String: Node] = [:]
        for (number, value) in object {
            guard let node = value as? [String: Any], let type = node["class_type"] as? String
            else { continue }
            nodes[number] = Node(type: type, inputs: node["inputs"] as? [String: Any] ?? [:])
        }
        guard !nodes.isEmpty else { return nil }
        self.nodes = nodes
    }

    /// The settings of the one sampler of the graph; nil where there is none, or several.
    var settings: OtherSettings? {
        let plain = nodes.values.filter {
            $0.inputs["positive"] != nil
                && ($0.inputs["sampler_name"] != nil || $0.inputs["sampler"] != nil)
        }
        let samplers = plain.isEmpty ? nodes.values.compactMap(guided) : plain
        guard samplers.count == 1, let sampler = samplers.first else { return nil }
        var rest = sampler.inputs
        // `SamplerCustom` has its sampler and its noise levels from nodes of their own.
        for part in ["sampler", "sigmas"] {
            guard let node = node(rest.removeValue(forKey: part))?.node else { continue }
            rest.merge(node.inputs) { own, _ in own }
        }
        for (name, value) in rest where value is [Any] { rest[name] = scalar(value) }
        var settings = OtherSettings("ComfyUI", rest)
        let prompt = text(of: sampler.inputs["positive"])
        settings.set("prompt", prompt ?? "")
        if prompt == nil {
            settings.remarks.append("its prompt is put together by nodes that are not read")
        }
        settings.set("negative_prompt", text(of: sampler.inputs["negative"]))
        settings.set("steps", from: "steps")
        settings.set("guidance_scale", from: "cfg")
        settings.set("seed", from: sampler.inputs["seed"] == nil ? "noise_seed" : "seed")
        settings.setScheduler(settings.text("sampler_name"), settings.text("scheduler"))
        takeLatent(sampler, &settings)
        takeModel(sampler, &settings)
        settings.ignore(
            "control_after_generate", "positive", "negative", "model", "latent_image",
            "add_noise", "return_with_leftover_noise")
        if settings.text("end_at_step").flatMap({ Int($0) }) ?? 10_000 < 10_000 {
            settings.remarks.append("the run was divided among samplers, which none is here")
        }
        return settings
    }

    /// `SamplerCustomAdvanced`, which has its prompts, scale and noise from nodes of their own, with what these
    /// hold among its inputs; nil for other nodes.
    private func guided(_ sampler: Node) -> Node? {
        guard sampler.inputs["sigmas"] != nil,
            let guider = node(sampler.inputs["guider"])?.node
        else { return nil }
        var inputs = sampler.inputs.filter { !["guider", "noise"].contains($0.key) }
        let noise = node(sampler.inputs["noise"])?.node
        for part in [guider, noise].compactMap(\.self) {
            inputs.merge(part.inputs) { own, _ in own }
        }
        let only = inputs.removeValue(forKey: "conditioning")
        inputs["positive"] = inputs["positive"] ?? only
        return inputs["positive"] == nil ? nil : Node(type: sampler.type, inputs: inputs)
    }

    /// The node that a link leads to.
    private func node(_ link: Any?) -> (number: String, node: Node)? {
        guard let link = link as? [Any], let number = link.first.flatMap(OtherSettings.text),
            let node = nodes[number]
        else { return nil }
        return (number, node)
    }

    /// The text of a conditioning: that of the first text encoder on the way.
    private func text(of link: Any?) -> String? {
        let ways = ["conditioning", "positive", "conditioning_1", "conditioning_to"]
        return follow(link) { node in
            if let text = node.inputs["text"] ?? node.inputs["text_g"] {
                return scalar(text).map { .found($0) } ?? .next(nil)
            }
            return .next(ways.lazy.compactMap { node.inputs[$0] }.first)
        }
    }

    /// A value, or that of a node that only holds one.
    private func scalar(_ value: Any) -> String? {
        if let text = OtherSettings.text(value) { return text }
        let names = ["value", "text", "string", "seed", "int", "float", "Text", "STRING"]
        return follow(value) { node in
            guard let held = names.lazy.compactMap({ node.inputs[$0] }).first else {
                return .next(nil)
            }
            return OtherSettings.text(held).map { .found($0) } ?? .next(held)
        }
    }

    private enum Step {
        case found(String)
        case next(Any?)
    }

    /// Follows links from node to node, each node once.
    private func follow(_ link: Any?, _ step: (Node) -> Step) -> String? {
        var (link, seen) = (link, Set<String>())
        while let (number, node) = node(link), seen.insert(number).inserted {
            switch step(node) {
            case .found(let text): return text
            case .next(let next): link = next
            }
        }
        return nil
    }

    /// What the sampler starts from: an empty picture, one that was encoded, or one with a mask.
    private func takeLatent(_ sampler: Node, _ settings: inout OtherSettings) {
        let strength = settings.text("denoise")
        var verb = Verb.textToImage
        _ = follow(sampler.inputs["latent_image"]) { node in
            if node.type.hasPrefix("Empty") {
                settings.set("width", node.inputs["width"].flatMap(scalar))
                settings.set("height", node.inputs["height"].flatMap(scalar))
                return .found("")
            }
            if node.inputs["mask"] != nil { verb = .inpaint }
            if node.inputs["pixels"] != nil, verb == .textToImage { verb = .imageToImage }
            return .next(node.inputs["samples"] ?? node.inputs["pixels"] ?? node.inputs["image"])
        }
        if let strength = strength.flatMap({ Double($0) }), verb == .textToImage, strength < 1 {
            verb = .imageToImage
        }
        settings.verb = verb
        if verb != .textToImage { settings.set("strength", strength) }
    }

    /// The checkpoint, and the LoRAs between it and the sampler.
    private func takeModel(_ sampler: Node, _ settings: inout OtherSettings) {
        var loras: [(String, String)] = []
        let checkpoint = follow(sampler.inputs["model"]) { node in
            if let name = node.inputs["ckpt_name"] ?? node.inputs["unet_name"] {
                return .found(scalar(name) ?? "")
            }
            if let name = node.inputs["lora_name"].flatMap(scalar) {
                loras.append((name, node.inputs["strength_model"].flatMap(scalar) ?? "1"))
            }
            return .next(node.inputs["model"])
        }
        settings.model = checkpoint.map(OtherSettings.fileName)
        settings.setLoRAs(loras.reversed())
        let skips = nodes.values.filter { $0.type == "CLIPSetLastLayer" }
        if skips.count == 1, let layer = skips[0].inputs["stop_at_clip_layer"].flatMap(scalar),
            let number = Int(layer), number < 0
        {
            settings.set("clip_skip", "\(number.magnitude)")
        }
    }
}
