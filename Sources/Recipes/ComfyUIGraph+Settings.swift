import Foundation

extension ComfyUIGraph {
    /// The most samplers of a graph whose settings are read.
    private static let mostSamplers = 16

    /// The settings of the one sampler of the graph, or of the first where the others go on from its result;
    /// nil for other graphs.
    var settings: OtherSettings? {
        let all = samplers
        guard all.count <= Self.mostSamplers else { return nil }
        let first = all.filter { !goesOn($0.value, from: all) }
        guard first.count == 1, let sampler = first.first?.value else { return nil }
        var reading = Reading(graph: self, sampler: sampler)
        if all.count > 1 {
            reading.settings.remarks.append(
                all.count == 2
                    ? "another sampler, which goes on from the first one's result, is left out"
                    : "\(all.count - 1) samplers that go on from the first one's result are left out"
            )
        }
        reading.take()
        return reading.settings
    }

    /// Whether a sampler starts from what another one made.
    private func goesOn(_ sampler: Node, from samplers: [String: Node]) -> Bool {
        follow(sampler.inputs["latent_image"]) { number, node in
            samplers[number] != nil ? .found(number) : .next(Self.source(of: node))
        } != nil
    }

    /// What a node makes its latents or picture of.
    fileprivate static func source(of node: Node) -> Any? {
        ["samples", "latent", "pixels", "image", "latent_image"].lazy
            .compactMap { node.inputs[$0] }.first { $0 is [Any] }
    }

    /// What a sampler and the nodes before it come to.
    fileprivate struct Reading {
        let graph: ComfyUIGraph
        let sampler: Node
        var settings: OtherSettings
        /// Nodes on the way whose work has no counterpart here.
        private var passed: [String] = []

        init(graph: ComfyUIGraph, sampler: Node) {
            (self.graph, self.sampler) = (graph, sampler)
            var rest = sampler.inputs
            // `SamplerCustom` has its sampler and its noise levels from nodes of their own.
            for part in ["sampler", "sigmas"] {
                guard let node = graph.node(rest.removeValue(forKey: part))?.node else { continue }
                rest.merge(node.inputs) { own, _ in own }
            }
            for (name, value) in rest where value is [Any] { rest[name] = graph.scalar(value) }
            settings = OtherSettings("ComfyUI", rest)
        }

        mutating func take() {
            let prompt = text(.positive)
            settings.set("prompt", prompt ?? "")
            if prompt == nil {
                settings.remarks.append("its prompt is put together by nodes that are not read")
            }
            settings.set("negative_prompt", text(.negative))
            let steps = settings.text("steps")
            settings.set("steps", steps)
            settings.set("guidance_scale", from: "cfg")
            settings.set("seed", from: sampler.inputs["seed"] == nil ? "noise_seed" : "seed")
            settings.setScheduler(settings.text("sampler_name"), settings.text("scheduler"))
            takeLatent(steps.flatMap { Int($0) })
            takeModel()
            takeVAE()
            settings.ignore(
                "control_after_generate", "positive", "negative", "model", "latent_image",
                "add_noise", "return_with_leftover_noise", "optional_vae", "preview_method",
                "vae_decode")
            if settings.text("end_at_step").flatMap({ Int($0) }) ?? 10_000 < 10_000 {
                settings.remarks.append(
                    "its run was divided among several samplers; here one makes all steps")
            }
            if !passed.isEmpty {
                let names = passed.prefix(4).joined(separator: ", ")
                settings.remarks.append(
                    "nodes without a counterpart here, left out: \(names)"
                        + (passed.count > 4 ? ", …" : ""))
            }
        }

        /// The text of one side: that of the first text encoder on the way.
        private mutating func text(_ side: Side) -> String? {
            let ways = ["conditioning", side.rawValue, "conditioning_1", "conditioning_to"]
            var (passed, differs) = ([String](), false)
            let text = graph.follow(sampler.inputs[side.rawValue]) { _, node in
                if let text = node.inputs["text"] ?? node.inputs["text_g"] {
                    let other = node.inputs["text_l"].flatMap(graph.scalar)
                    let text = graph.scalar(text)
                    differs = other.map { ![text, ""].contains($0) } ?? false
                    return text.map { .found($0) } ?? .next(nil)
                }
                // Loaders that encode the prompts themselves.
                if let text = node.inputs[side.rawValue].flatMap(OtherSettings.text) {
                    return .found(text)
                }
                let way = ways.first { node.inputs[$0] is [Any] }
                if node.inputs.count > 1 { passed.append(node.type) }
                return .next(way.flatMap { node.inputs[$0] })
            }
            if text != nil { pass(passed) }
            if differs {
                settings.remarks.append(
                    "its text encoders were given different prompts, of which the second is left out"
                )
            }
            return text
        }

        private mutating func pass(_ types: [String]) {
            for type in types where !passed.contains(type) { passed.append(type) }
        }

        /// What the sampler starts from: an empty picture, one that was encoded, or one with a mask.
        private mutating func takeLatent(_ steps: Int?) {
            let strength = settings.text("denoise").flatMap { Double($0) } ?? startShare(of: steps)
            var verb = Verb.textToImage
            var sides: [(key: String, value: String?)] = []
            _ = graph.follow(sampler.inputs["latent_image"]) { _, node in
                for prefix in ["", "empty_latent_"]
                where node.type.hasPrefix("Empty") || node.inputs["empty_latent_width"] != nil {
                    sides += ["width", "height"].map {
                        ($0, node.inputs[prefix + $0].flatMap(graph.scalar))
                    }
                }
                if !sides.isEmpty { return .found("") }
                if node.inputs["mask"] != nil { verb = .inpaint }
                if node.inputs["pixels"] != nil, verb == .textToImage { verb = .imageToImage }
                return .next(ComfyUIGraph.source(of: node))
            }
            for (key, value) in sides { settings.set(key, value) }
            if let strength, verb == .textToImage, strength < 1 { verb = .imageToImage }
            settings.verb = verb
            if verb != .textToImage { settings.set("strength", strength.map { "\($0)" }) }
        }

        /// `KSamplerAdvanced` names the step that it starts at in place of a strength.
        private mutating func startShare(of steps: Int?) -> Double? {
            guard let start = settings.text("start_at_step").flatMap({ Int($0) }), start > 0,
                let steps, start < steps
            else { return nil }
            return Double(steps - start) / Double(steps)
        }

        /// The checkpoint, and the LoRAs between it and the sampler.
        private mutating func takeModel() {
            var (loras, passed): ([(String, String)], [String]) = ([], [])
            var skip: String?
            let checkpoint = graph.follow(sampler.inputs["model"]) { _, node in
                let own = Self.loras(of: node, graph)
                loras += own.reversed()
                if let name = node.inputs["ckpt_name"] ?? node.inputs["unet_name"] {
                    skip = node.inputs["clip_skip"].flatMap(graph.scalar)
                    passed += ["lora_stack", "cnet_stack"].filter { node.inputs[$0] is [Any] }
                    return .found(graph.scalar(name) ?? "")
                }
                if own.isEmpty, node.inputs.count > 1 { passed.append(node.type) }
                return .next(node.inputs["model"])
            }
            if checkpoint != nil { pass(passed) }
            settings.model = checkpoint.map(OtherSettings.fileName)
            settings.setLoRAs(loras.reversed())
            let skips = graph.nodes.values.filter { $0.type == "CLIPSetLastLayer" }
            if skips.count == 1 {
                skip = skips[0].inputs["stop_at_clip_layer"].flatMap(graph.scalar)
            }
            if let number = skip.flatMap({ Int($0) }), number < 0 {
                settings.set("clip_skip", "\(number.magnitude)")
            }
        }

        /// The LoRAs that a node adds, each with its weights as recipes write them: the text encoder's first
        /// where it differs.
        private static func loras(of node: Node, _ graph: ComfyUIGraph) -> [(String, String)] {
            if let name = node.inputs["lora_name"].flatMap(graph.scalar) {
                func weight(_ end: String) -> String? {
                    ["strength_", "lora_strength_", "lora_"].lazy
                        .compactMap { node.inputs[$0 + end] ?? node.inputs[$0 + end + "_strength"] }
                        .first.flatMap(graph.scalar)
                }
                let model = weight("model") ?? "1"
                let isOfModelAlone = node.type.hasSuffix("ModelOnly")
                let text = isOfModelAlone ? "0" : weight("clip") ?? model
                return [(name, text == model ? model : "\(text):\(model)")]
            }
            // The nodes of rgthree hold a list, each with a switch.
            return node.inputs.sorted { $0.key < $1.key }.compactMap { _, value in
                guard let row = value as? [String: Any],
                    let name = row["lora"].flatMap(OtherSettings.text),
                    row["on"] as? Bool ?? true
                else { return nil }
                let model = row["strength"].flatMap(OtherSettings.text) ?? "1"
                let text = row["strengthTwo"].flatMap(OtherSettings.text) ?? model
                return (name, text == model ? model : "\(text):\(model)")
            }
        }

        /// The VAE of a file of its own that a node decodes with.
        private mutating func takeVAE() {
            let links = graph.nodes.values.filter { $0.inputs["samples"] != nil }
                .compactMap { $0.inputs["vae"] }
            let names = Set(
                links.compactMap { graph.node($0)?.node.inputs["vae_name"] }.compactMap(
                    graph.scalar)
            ).subtracting(["Baked VAE", "None"])
            if let name = names.first, names.count == 1 {
                settings.set("vae", OtherSettings.fileName(name))
            }
        }
    }
}
