import Foundation

extension ComfyUIGraph {
    /// The most samplers of a graph whose settings are read.
    static let mostSamplers = 16

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
        if all.count == 1, isEnlarged(behind: all) {
            reading.settings.remarks.append(
                "its result was enlarged by a network, which is left out")
        }
        reading.take()
        return reading.settings
    }

    /// Whether a network enlarges what a sampler made.
    private func isEnlarged(behind samplers: [String: Node]) -> Bool {
        let nodes = nodes.values.filter { $0.inputs["upscale_model"] is [Any] }
        // Of more each might have a long way back.
        return nodes.count <= Self.mostSamplers && nodes.contains { goesOn($0, from: samplers) }
    }

    /// Whether a sampler starts from what another one made.
    private func goesOn(_ sampler: Node, from samplers: [String: Node]) -> Bool {
        follow(sampler.inputs["latent_image"] ?? sampler.inputs["image"]) { number, node in
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
        /// Whether there are zeros in place of a prompt.
        private var isZeroed = false
        /// The link from the prompt to its text encoder.
        private var encoder: Any?

        init(graph: ComfyUIGraph, sampler: Node) {
            (self.graph, self.sampler) = (graph, sampler)
            var rest = sampler.inputs
            // `SamplerCustom` has its sampler and its noise levels from nodes of their own.
            if let node = graph.node(rest.removeValue(forKey: "sampler"))?.node {
                rest.merge(graph.inputs(of: node, naming: "sampler_name")) { own, _ in own }
            }
            let levels = graph.levels(rest.removeValue(forKey: "sigmas"))
            if let node = levels.node {
                rest.merge(graph.inputs(of: node, naming: "scheduler")) { own, _ in own }
            }
            let links = rest.filter { $0.value is [Any] }
            for (name, value) in links { rest[name] = graph.scalar(value) }
            settings = OtherSettings("ComfyUI", rest)
            let computed = Self.numbers.filter { links[$0] != nil && rest[$0] == nil }
            if !computed.isEmpty {
                settings.remarks.append(
                    "computed by nodes that are not read: " + computed.joined(separator: ", "))
            }
            pass(levels.changes)
            if !sampler.type.lowercased().contains("sampler") { pass([sampler.type]) }
        }

        /// Inputs of samplers that decide how they run.
        private static let numbers = [
            "seed", "noise_seed", "steps", "cfg", "sampler_name", "scheduler", "denoise",
            "start_at_step", "end_at_step",
        ]

        mutating func take() {
            let prompt = text(.positive)
            settings.set("prompt", prompt ?? "")
            if prompt == nil {
                settings.remarks.append("its prompt is put together by nodes that are not read")
            }
            let avoided = text(.negative)
            if avoided == nil, !isZeroed, sampler.inputs["negative"] is [Any] {
                settings.remarks.append(
                    "its negative prompt is put together by nodes that are not read")
            }
            settings.set("negative_prompt", avoided)
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
                "return_with_leftover_noise", "optional_vae", "preview_method", "vae_decode",
                "noise_device", "model_type")
            if let noise = settings.text("add_noise"), ["disable", "0"].contains(noise) {
                settings.remarks.append("its sampler adds no noise of its own; here it does")
            }
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
            var (passed, zeros, differs) = ([String](), [String](), false)
            var readsSquareBrackets = false
            var clip: Any?
            let text = graph.follow(sampler.inputs[side.rawValue]) { _, node in
                if node.type == "ConditioningZeroOut" {
                    // Zeros are no prompt, whatever they are made of.
                    zeros = [node.type]
                    return .next(nil)
                }
                if let text = node.inputs["text"] ?? node.inputs["text_g"] {
                    let other = node.inputs["text_l"].flatMap { graph.joinedText($0) }
                    let text = graph.joinedText(text)
                    differs = other.map { ![text, ""].contains($0) } ?? false
                    clip = node.inputs["clip"]
                    readsSquareBrackets = node.readsSquareBrackets
                    return text.map { .found($0) } ?? .next(nil)
                }
                // Loaders that encode the prompts themselves.
                if let text = node.inputs[side.rawValue].flatMap(OtherSettings.text) {
                    return .found(text)
                }
                let way = ways.first { node.inputs[$0] is [Any] }
                if !node.onlyHandsOn { passed.append(node.type) }
                return .next(way.flatMap { node.inputs[$0] })
            }
            if text != nil { pass(passed) }
            pass(zeros)
            isZeroed = isZeroed || !zeros.isEmpty
            if side == .positive { encoder = clip }
            if differs {
                settings.remarks.append(
                    "its text encoders were given different prompts, of which the second is left out"
                )
            }
            if readsSquareBrackets { return text }
            return text.map { OtherSettings.withoutOperators(OtherSettings.escaped($0, "[]")) }
        }

        private mutating func pass(_ types: [String]) {
            // No more are named.
            for type in types where passed.count < 5 && !passed.contains(type) {
                passed.append(type)
            }
        }

        /// What the sampler starts from: an empty picture, one that was encoded, or one with a mask.
        private mutating func takeLatent(_ steps: Int?) {
            let strength = settings.text("denoise").flatMap { Double($0) } ?? startShare(of: steps)
            var verb = Verb.textToImage
            var sides: [(key: String, value: String?)] = []
            var isComputed = false
            _ = graph.follow(sampler.inputs["latent_image"]) { _, node in
                for prefix in ["", "empty_latent_"]
                where node.type.hasPrefix("Empty") || node.inputs["empty_latent_width"] != nil {
                    for key in ["width", "height"] {
                        let held = node.inputs[prefix + key]
                        let value = held.flatMap { graph.scalar($0) }
                        sides.append((key, value))
                        isComputed = isComputed || held != nil && value == nil
                    }
                }
                if !sides.isEmpty { return .found("") }
                if node.inputs["mask"] != nil { verb = .inpaint }
                if node.inputs["pixels"] != nil, verb == .textToImage { verb = .imageToImage }
                return .next(ComfyUIGraph.source(of: node))
            }
            for (key, value) in sides { settings.set(key, value) }
            if let strength, verb == .textToImage, strength < 1 { verb = .imageToImage }
            let isOpen = sides.isEmpty && verb == .textToImage
            if isComputed || isOpen && sampler.inputs["latent_image"] is [Any] {
                settings.remarks.append("computed by nodes that are not read: size")
            }
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
            var (ofModel, stacks): (Set<String>, Set<String>) = ([], [])
            let checkpoint = graph.follow(sampler.inputs["model"]) { number, node in
                let (own, unread) = graph.loras(of: node, &stacks)
                loras += own.reversed()
                if own.contains(where: { !$0.1.hasPrefix("0:") }) { ofModel.insert(number) }
                passed += unread.map { [$0] } ?? []
                if let name = node.inputs["ckpt_name"] ?? node.inputs["unet_name"] {
                    skip = node.inputs["clip_skip"].flatMap { graph.scalar($0) }
                    passed += ["cnet_stack"].filter { node.inputs[$0] is [Any] }
                    return .found(graph.scalar(name) ?? "")
                }
                if own.isEmpty, !node.onlyHandsOn { passed.append(node.type) }
                return .next(node.inputs["model"] ?? node.inputs["model1"])
            }
            pass(passed)
            settings.model = checkpoint.map(OtherSettings.fileName)
            let side = encoderSide(besides: ofModel)
            settings.setLoRAs(loras.reversed() + side.loras)
            skip = side.skip ?? skip
            if let number = skip.flatMap({ Int($0) }), number < 0 {
                settings.set("clip_skip", "\(number.magnitude)")
            }
        }

        /// What is added to the text encoder alone, and its last layer that is used.
        ///
        /// - Parameter ofModel: nodes that add to the model, too.
        private mutating func encoderSide(
            besides ofModel: Set<String>
        ) -> (loras: [(String, String)], skip: String?) {
            var (loras, skip): ([(String, String)], String?) = ([], nil)
            var (seen, stacks): (Set<String>, Set<String>) = ([], [])
            _ = graph.follow(encoder) { number, node in
                seen.insert(number)
                if !ofModel.contains(number) {
                    for (name, weight) in graph.loras(of: node, &stacks).loras.reversed()
                    where !weight.hasPrefix("0:") {
                        loras.append((name, "\(weight.prefix { $0 != ":" }):0"))
                    }
                }
                skip = skip ?? node.inputs["stop_at_clip_layer"].flatMap { graph.scalar($0) }
                return .next(node.inputs["clip"])
            }
            if encoder is [Any], !ofModel.isSubset(of: seen) {
                settings.remarks.append(
                    "its text encoder was not given all its LoRAs; here it is")
            }
            return (loras.reversed(), skip)
        }

        /// The VAE of a file of its own that a node decodes with.
        private mutating func takeVAE() {
            let links = graph.nodes.values.filter { $0.inputs["samples"] != nil }
                .compactMap { $0.inputs["vae"] }
            let names = Set(
                links.compactMap { graph.node($0)?.node.inputs["vae_name"] }.compactMap {
                    graph.scalar($0)
                }
            ).subtracting(["Baked VAE", "None"])
            if let name = names.first, names.count == 1 {
                settings.set("vae", OtherSettings.fileName(name))
            }
        }
    }
}

extension ComfyUIGraph.Node {
    /// Whether it changes nothing of what goes through it.
    fileprivate var onlyHandsOn: Bool {
        let type = type.lowercased()
        return type.contains("reroute") || type == "getnode" || type == "setnode"
    }

    /// Whether its prompts have A1111's square brackets, which are text to ComfyUI's own encoders.
    fileprivate var readsSquareBrackets: Bool {
        let parser = inputs["parser"].flatMap(OtherSettings.text) ?? "comfy"
        // The nodes of Prompt Control.
        return !parser.hasPrefix("comfy") || type.hasPrefix("PC")
    }
}
