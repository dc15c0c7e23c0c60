import Foundation

/// A graph of nodes as ComfyUI writes it under `prompt`: by number, each with its class and its inputs,
/// which are values or links `[number, output]`.
struct ComfyUIGraph {
    let nodes: [String: Node]

    struct Node {
        let type: String
        let inputs: [String: Any]
    }

    /// The two sides of a sampler, by the names of its inputs.
    enum Side: String {
        case positive, negative
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

    /// The samplers, by the numbers of their nodes, each with what nodes of its own hold for it.
    var samplers: [String: Node] {
        let plain = nodes.filter {
            $0.value.inputs["positive"] != nil
                && ($0.value.inputs["sampler_name"] != nil || $0.value.inputs["sampler"] != nil)
        }
        return plain.isEmpty ? nodes.compactMapValues(guided) : plain
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
        if let only = inputs.removeValue(forKey: "conditioning"), inputs["positive"] == nil {
            // Without a negative prompt there is nothing to be guided away from.
            inputs["positive"] = only
            inputs["cfg"] = inputs["cfg"] ?? "1"
        }
        return inputs["positive"] == nil ? nil : Node(type: sampler.type, inputs: inputs)
    }

    /// The node that a link leads to.
    func node(_ link: Any?) -> (number: String, node: Node)? {
        guard let link = link as? [Any], let number = link.first.flatMap(OtherSettings.text),
            let node = nodes[number]
        else { return nil }
        return (number, node)
    }

    /// The most nodes behind each other that a value is looked for in.
    private static let mostHolders = 16

    /// The most nodes in each other that join texts, and the most texts that one joins.
    private static let (mostJoins, mostParts) = (4, 10)

    /// A value, or that of a node that only holds one or joins several.
    ///
    /// - Parameter joins: the nodes around it that join texts.
    func scalar(_ value: Any, within joins: Int = 0) -> String? {
        if let text = OtherSettings.text(value) { return text }
        let names = [
            "populated_text", "value", "text", "string", "seed", "int", "float", "Text", "STRING",
        ]
        return follow(value, upTo: Self.mostHolders) { _, node in
            if let joined = joined(node, within: joins) { return .found(joined) }
            guard let held = names.lazy.compactMap({ node.inputs[$0] }).first else {
                return .next(nil)
            }
            return OtherSettings.text(held).map { .found($0) } ?? .next(held)
        }
    }

    /// The texts that a node joins, with what it puts between them; nil for other nodes, and where one is not read.
    private func joined(_ node: Node, within joins: Int) -> String? {
        let between = node.inputs["delimiter"] ?? node.inputs["separator"]
        guard joins < Self.mostJoins, let between = between.flatMap(OtherSettings.text) else {
            return nil
        }
        let parts = node.inputs.compactMap { name, value -> (place: Substring, value: Any)? in
            name.wholeMatch(of: #/(?:text|string|str|prompt)_?([a-z]|[0-9]{1,2})/#)
                .map { ($0.1, value) }
        }.sorted { ($0.place.count, $0.place) < ($1.place.count, $1.place) }
        guard (1...Self.mostParts).contains(parts.count) else { return nil }
        var texts: [String] = []
        for part in parts {
            guard let text = scalar(part.value, within: joins + 1) else { return nil }
            // Only ComfyUI's own node keeps empty ones.
            if !text.isEmpty || node.type == "StringConcatenate" { texts.append(text) }
        }
        return texts.joined(separator: between == "\\n" ? "\n" : between)
    }

    enum Step {
        case found(String)
        case next(Any?)
    }

    /// Follows links from node to node, each node once.
    func follow(
        _ link: Any?, upTo most: Int = .max, _ step: (String, Node) -> Step
    ) -> String? {
        var (link, seen) = (link, Set<String>())
        while seen.count < most, let (number, node) = node(link), seen.insert(number).inserted {
            switch step(number, node) {
            case .found(let text): return text
            case .next(let next): link = next
            }
        }
        return nil
    }
}
