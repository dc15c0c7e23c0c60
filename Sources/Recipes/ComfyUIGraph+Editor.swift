import Foundation

/// Reads a graph as ComfyUI's editor saves it, under `workflow`: lists of nodes and of links, with the values of a node in
/// the order of its widgets.
extension ComfyUIGraph {
    /// Nil if the object is no graph of the editor, or its subgraphs come to too many nodes.
    init?(editor object: [String: Any]) {
        guard let editor = Editor(object) else { return nil }
        var nodes: [String: Node] = [:]
        for (number, node) in editor.nodes where !node.isPassedThrough && !node.isMuted {
            nodes[number] = Node(type: node.type, inputs: editor.inputs(of: node))
        }
        guard !nodes.isEmpty else { return nil }
        self.nodes = nodes
    }

    struct Editor {
        struct Input {
            let name: String
            let type: String
            let link: String?
            let isWidget: Bool
        }

        struct EditorNode {
            let type: String
            var inputs: [Input]
            let widgets: Any?
            /// 2: never run; 4: passed over, as if its input were its output.
            let mode: Int
            /// What comes before the numbers of the graph that the node is in.
            let scope: String
            /// Values that a graph around its own gives its widgets.
            let given: [String: Any]
            /// Whether it stands for a subgraph or its inputs, and hands on each input at the output of its place.
            let isBoundary: Bool
            /// The link of the first input of each type.
            private let firstLinks: [String: String?]

            init(
                type: String, inputs: [Input], widgets: Any? = nil, mode: Int = 0, scope: String,
                given: [String: Any] = [:], isBoundary: Bool = false
            ) {
                (self.type, self.inputs, self.widgets, self.mode) = (type, inputs, widgets, mode)
                (self.scope, self.given, self.isBoundary) = (scope, given, isBoundary)
                firstLinks = Dictionary(
                    inputs.map { ($0.type, $0.link) }, uniquingKeysWith: { first, _ in first })
            }

            var isMuted: Bool { mode == 2 }
            var isPassedThrough: Bool {
                mode == 4 || isBoundary || Self.detours.contains(type)
            }

            /// Nodes that stand in the editor only, and hand on what they get.
            private static let detours: Set = [
                "Reroute", "Reroute (rgthree)", "GetNode", "SetNode",
            ]

            /// What a node that hands on over a distance is called.
            var name: String? { (widgets as? [Any])?.first as? String }

            var firstLink: String? { inputs.first?.link }

            /// The link that it hands on at one of its outputs.
            func passed(_ slot: Int, type: String) -> String? {
                if mode == 4 {
                    // The input of the same place goes before the first of the type.
                    guard inputs.indices.contains(slot),
                        inputs[slot].type == type || inputs[slot].type == "*"
                    else { return firstLinks[type] ?? nil }
                    return inputs[slot].link
                }
                if isBoundary { return inputs.indices.contains(slot) ? inputs[slot].link : nil }
                return inputs.indices.contains(slot) ? inputs[slot].link : inputs.first?.link
            }
        }

        struct Link {
            let node: String
            let slot: Int
            let type: String
        }

        var nodes: [String: EditorNode] = [:]
        var links: [String: Link] = [:]
        /// What nodes keep for others, by the scope and its name.
        private var distant: [String: String] = [:]

        init?(_ object: [String: Any]) {
            var subgraphs = Subgraphs(object)
            guard add(object, &subgraphs) else { return nil }
            for (_, node) in nodes.sorted(by: { $0.key < $1.key })
            where node.type == "SetNode" && !node.isMuted {
                if let name = node.name { distant[node.scope + name] = node.firstLink }
            }
        }

        /// The number of a node or link, with what comes before it in its graph. No longer one is read.
        static func number(_ value: Any?, in scope: String) -> String? {
            value.flatMap(OtherSettings.text).flatMap { $0.utf8.count > 64 ? nil : scope + $0 }
        }

        /// A whole number; 0 for any other value.
        static func whole(_ value: Any?) -> Int {
            value.flatMap(OtherSettings.text).flatMap { Int($0) } ?? 0
        }

        /// Values and links by name, as the form for the server has them.
        func inputs(of node: EditorNode) -> [String: Any] {
            var inputs = values(of: node).merging(node.given) { _, given in given }
            for input in node.inputs {
                guard let link = input.link else { continue }
                guard let (number, slot) = origin(of: link) else { continue }
                // A node for a value alone stands in the editor only.
                if let node = nodes[number], node.type == "PrimitiveNode" {
                    inputs[input.name] = node.given["value"] ?? (node.widgets as? [Any])?.first
                } else {
                    inputs[input.name] = [number, slot] as [Any]
                }
            }
            return inputs
        }

        /// The most nodes behind each other that a link is followed past.
        private static let mostDetours = 100

        /// Where a link leads to, past the nodes that only hand on what they get.
        private func origin(of link: String) -> (number: String, slot: Int)? {
            var (number, seen) = (link, Set<String>())
            while seen.count < Self.mostDetours, let link = links[number],
                seen.insert(number).inserted, let node = nodes[link.node], !node.isMuted
            {
                guard node.isPassedThrough else { return (link.node, link.slot) }
                let next =
                    node.type == "GetNode"
                    ? node.name.flatMap { distant[node.scope + $0] ?? distant[$0] }
                    : node.passed(link.slot, type: link.type)
                guard let next else { return nil }
                number = next
            }
            return nil
        }

        /// The values of a node's widgets by their names, where these are known.
        func values(of node: EditorNode) -> [String: Any] {
            if let named = node.widgets as? [String: Any] { return named }
            guard let values = node.widgets as? [Any] else { return [:] }
            var names = Self.widgets[node.type] ?? node.inputs.filter(\.isWidget).map(\.name)
            // What comes after each run is beside the seed, and has no name of its own.
            for (place, value) in values.enumerated().dropFirst()
            where (value is NSNull || (value as? String).map(Self.seedControls.contains) ?? false)
                && place <= names.count && ["seed", "noise_seed"].contains(names[place - 1])
            {
                names.insert("control_after_generate", at: place)
            }
            // A node with more values than names would get them under the wrong ones.
            guard Self.widgets[node.type] != nil || names.count == values.count else { return [:] }
            return Dictionary(zip(names, values).map { ($0, $1) }, uniquingKeysWith: { a, _ in a })
        }

        private static let seedControls: Set = ["fixed", "increment", "decrement", "randomize"]

        /// The names of the widgets of ComfyUI's own nodes, in their order.
        private static let widgets = [
            "KSampler": ["seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"],
            "KSamplerAdvanced": [
                "add_noise", "noise_seed", "steps", "cfg", "sampler_name", "scheduler",
                "start_at_step", "end_at_step", "return_with_leftover_noise",
            ],
            "SamplerCustom": ["add_noise", "noise_seed", "cfg"],
            "KSampler (Efficient)": [
                "seed", "steps", "cfg", "sampler_name", "scheduler", "denoise", "preview_method",
                "vae_decode",
            ],
            "Efficient Loader": [
                "ckpt_name", "vae_name", "clip_skip", "lora_name", "lora_model_strength",
                "lora_clip_strength", "positive", "negative", "token_normalization",
                "weight_interpretation", "empty_latent_width", "empty_latent_height", "batch_size",
            ],
            "KSamplerSelect": ["sampler_name"], "RandomNoise": ["noise_seed"],
            "CFGGuider": ["cfg"], "BasicScheduler": ["scheduler", "steps", "denoise"],
            "KarrasScheduler": ["steps", "sigma_max", "sigma_min", "rho"],
            "CheckpointLoaderSimple": ["ckpt_name"], "unCLIPCheckpointLoader": ["ckpt_name"],
            "CheckpointLoader": ["config_name", "ckpt_name"],
            "UNETLoader": ["unet_name", "weight_dtype"], "VAELoader": ["vae_name"],
            "LoraLoader": ["lora_name", "strength_model", "strength_clip"],
            "LoraLoaderModelOnly": ["lora_name", "strength_model"],
            "CLIPTextEncode": ["text"], "CLIPSetLastLayer": ["stop_at_clip_layer"],
            "CLIPTextEncodeSDXL": [
                "width", "height", "crop_w", "crop_h", "target_width", "target_height", "text_g",
                "text_l",
            ],
            "EmptyLatentImage": ["width", "height", "batch_size"],
            "VAEEncodeForInpaint": ["grow_mask_by"], "LoadImage": ["image"],
            "LatentUpscale": ["upscale_method", "width", "height", "crop"],
            "LatentUpscaleBy": ["upscale_method", "scale_by"],
            "ControlNetApply": ["strength"],
            "ControlNetApplyAdvanced": ["strength", "start_percent", "end_percent"],
            "PrimitiveInt": ["value"], "PrimitiveFloat": ["value"], "PrimitiveString": ["value"],
            "PrimitiveStringMultiline": ["value"],
        ]
    }
}
