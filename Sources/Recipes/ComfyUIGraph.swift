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
        guard plain.isEmpty else { return plain }
        let custom = nodes.compactMapValues { node in
            holders(of: node).map { (sampler: node, holders: $0) }
        }
        // More are not read: each would have a copy of all that its nodes hold.
        guard custom.count <= Self.mostSamplers else { return custom.mapValues(\.sampler) }
        return custom.mapValues { guided($0.sampler, $0.holders) }
    }

    /// The nodes that hold the prompts, scale and noise of a `SamplerCustomAdvanced`; nil for other nodes.
    private func holders(of sampler: Node) -> [Node]? {
        guard sampler.inputs["sigmas"] != nil,
            let guider = node(sampler.inputs["guider"])?.node
        else { return nil }
        let holders = [guider, node(sampler.inputs["noise"])?.node].compactMap(\.self)
        let hasPrompt = ([sampler] + holders).contains {
            $0.inputs["positive"] != nil || $0.inputs["conditioning"] != nil
        }
        return hasPrompt ? holders : nil
    }

    /// A `SamplerCustomAdvanced` with what other nodes hold for it among its inputs.
    private func guided(_ sampler: Node, _ holders: [Node]) -> Node {
        var inputs = sampler.inputs.filter { !["guider", "noise"].contains($0.key) }
        for holder in holders { inputs.merge(holder.inputs) { own, _ in own } }
        if let only = inputs.removeValue(forKey: "conditioning"), inputs["positive"] == nil {
            // Without a negative prompt there is nothing to be guided away from.
            inputs["positive"] = only
            inputs["cfg"] = inputs["cfg"] ?? "1"
        }
        return Node(type: sampler.type, inputs: inputs)
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

    /// The most nodes that join texts on the way to a prompt, the most texts that one joins, and its most inputs.
    private static let (mostJoins, mostParts, mostInputs) = (100, 10, 100)

    /// Inputs that change nothing of the text or number that a node holds beside them.
    private static let neutral: Set = [
        "anything", "control_after_generate", "speak_and_recognation", "strip_newlines", "text2",
        "text_0",
    ]

    /// Whether a node only holds what is under a name, and does not change it.
    private static func holds(_ name: String, _ node: Node) -> Bool {
        // What was drawn from a text with wildcards is noted beside all that it was drawn by.
        if name == "populated_text" { return true }
        guard node.inputs.count <= mostInputs else { return false }
        return node.inputs.allSatisfy { key, value in
            key == name || neutral.contains(key) || (value as? String)?.isEmpty ?? false
        }
    }

    /// A value, or that of a node that only holds one.
    func scalar(_ value: Any) -> String? {
        var joins = 0
        return scalar(value, &joins)
    }

    /// A text, also one that nodes join of several. Only prompts are: each may take many times as long as a value.
    func joinedText(_ value: Any) -> String? {
        var joins = Self.mostJoins
        return scalar(value, &joins)
    }

    /// - Parameter joins: how many more nodes may join texts.
    private func scalar(_ value: Any, _ joins: inout Int) -> String? {
        if let text = OtherSettings.text(value) { return text }
        let names = [
            "populated_text", "value", "text", "string", "seed", "int", "float", "Text", "STRING",
        ]
        return follow(value, upTo: Self.mostHolders) { _, node in
            if let between = node.inputs["delimiter"] ?? node.inputs["separator"] {
                joins -= 1
                let parts = joins < 0 ? nil : Self.parts(of: node)
                guard let parts else { return .next(nil) }
                if !parts.isEmpty {
                    return joined(parts, by: between, of: node.type, &joins)
                        .map { .found($0) } ?? .next(nil)
                }
            }
            guard let name = names.first(where: { node.inputs[$0] != nil }),
                let held = node.inputs[name], Self.holds(name, node)
            else { return .next(nil) }
            return OtherSettings.text(held).map { .found($0) } ?? .next(held)
        }
    }

    /// What a node joins, in the order of its inputs' letters or numbers; nil where that is too much.
    private static func parts(of node: Node) -> [Any]? {
        guard node.inputs.count <= mostInputs else { return nil }
        let parts = node.inputs.compactMap { name, value in
            name.wholeMatch(of: #/(?:text|string|str|prompt)_?([a-z]|[0-9]{1,2})/#)
                .map { (place: $0.1, name: name, value: value) }
        }.sorted {
            ($0.place.count, $0.place, $0.name) < ($1.place.count, $1.place, $1.name)
        }
        return parts.count <= mostParts ? parts.map(\.value) : nil
    }

    /// Texts with what is put between them; nil where one is not read, or all are too long for a prompt.
    private func joined(
        _ parts: [Any], by between: Any, of type: String, _ joins: inout Int
    ) -> String? {
        guard let between = OtherSettings.text(between) else { return nil }
        var texts: [String] = []
        var length = 0
        for part in parts {
            guard let text = scalar(part, &joins) else { return nil }
            length += text.utf8.count + between.utf8.count
            // No prompt may be longer.
            guard length <= Recipe.longestText else { return nil }
            // Only ComfyUI's own node keeps empty ones.
            if !text.isEmpty || type == "StringConcatenate" { texts.append(text) }
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
