/// LoRAs that nodes of ComfyUI add, each with its weights as recipes write them: the text encoder's first where it
/// differs.
extension ComfyUIGraph {
    /// Those that a node adds, alone, in rows, or from nodes that stack them, and the kind of the first node of a stack
    /// of which nothing is read.
    ///
    /// - Parameter stacks: the nodes of stacks that were read. Each is read once, for many nodes may lead to one.
    func loras(
        of node: Node, _ stacks: inout Set<String>
    ) -> (loras: [(String, String)], unread: String?) {
        let stack = self.node(node.inputs["lora_stack"])?.node
        let behind = stacked(node.inputs, &stacks)
        let own = node.inputs["lora_name"].map { single($0, node) } ?? rows(of: node)
        return (own + behind, behind.isEmpty ? stack?.type : nil)
    }

    /// The LoRA of a node that adds one.
    private func single(_ name: Any, _ node: Node) -> [(String, String)] {
        guard let name = scalar(name) else { return [] }
        func weight(_ end: String) -> String? {
            ["strength_", "lora_strength_", "lora_"].lazy
                .compactMap { node.inputs[$0 + end] ?? node.inputs[$0 + end + "_strength"] }
                .first.flatMap { scalar($0) }
        }
        let model = weight("model") ?? "1"
        let isOfModelAlone = node.type.hasSuffix("ModelOnly")
        let text = isOfModelAlone ? "0" : weight("clip") ?? model
        return [Self.lora(name, text, model)]
    }

    private static func lora(_ name: String, _ text: String, _ model: String) -> (String, String) {
        (name, text == model ? model : "\(text):\(model)")
    }

    /// LoRAs of the nodes that stack them, one behind the other.
    private func stacked(
        _ inputs: [String: Any], _ stacks: inout Set<String>
    ) -> [(String, String)] {
        var found: [(String, String)] = []
        _ = follow(inputs["lora_stack"]) { number, stack in
            guard stacks.insert(number).inserted else { return .next(nil) }
            found += rows(of: stack)
            return .next(stack.inputs["lora_stack"])
        }
        return found
    }

    /// LoRAs of a node that has a row for each: a list with switches, as the nodes of rgthree have it, or inputs
    /// with numbers.
    private func rows(of node: Node) -> [(String, String)] {
        node.inputs.sorted { $0.key < $1.key }.compactMap { key, value in
            guard let row = value as? [String: Any] else { return numbered(key, in: node) }
            guard let name = row["lora"].flatMap(OtherSettings.text), row["on"] as? Bool ?? true
            else { return nil }
            let model = row["strength"].flatMap(OtherSettings.text) ?? "1"
            return Self.lora(
                name, row["strengthTwo"].flatMap(OtherSettings.text) ?? model, model)
        }
    }

    /// The LoRA of an input such as `lora_name_1`; nil for one that is switched off or behind the node's count.
    private func numbered(_ key: String, in node: Node) -> (String, String)? {
        guard let match = key.wholeMatch(of: #/lora(?:_name)?_([0-9]{1,2})/#),
            let name = node.inputs[key].flatMap({ scalar($0) }), !["None", ""].contains(name)
        else { return nil }
        let number = "_" + match.1
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { node.inputs[$0 + number] }.first.flatMap { scalar($0) }
        }
        let count = node.inputs["lora_count"].flatMap { scalar($0) }.flatMap { Int($0) }
        guard Int(match.1) ?? 0 <= count ?? .max, value("switch") != "Off" else { return nil }
        let isSimple = node.inputs["input_mode"].flatMap { scalar($0) } == "simple"
        let both = value("lora_wt", "strength")
        let own = isSimple ? nil : value("model_weight", "model_str", "strength_model")
        let model = own ?? both ?? "1"
        let text = isSimple ? nil : value("clip_weight", "clip_str", "strength_clip")
        return Self.lora(name, text ?? model, model)
    }
}
