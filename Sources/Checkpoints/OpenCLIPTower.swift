import Tensors

/// A text encoder of Stable Diffusion 2 under the names of OpenCLIP: query, key and value in one tensor,
/// and one more layer at the end, which nothing uses. diffusers' files do not have it; a copy of the
/// last one stands in, for readers count on it.
struct OpenCLIPTower {
    private let entries: [String: Safetensors.Entry]
    private let layers: Int
    private static let prefix = "cond_stage_model.model."

    /// - Parameter entries: by diffusers' names, with `text_model.`.
    init(_ entries: [String: Safetensors.Entry]) {
        self.entries = Dictionary(
            entries.map { (String($0.key.trimmingPrefix("text_model.")), $0.value) },
            uniquingKeysWith: { first, _ in first })
        var layers = 0
        while self.entries["encoder.layers.\(layers).mlp.fc1.weight"] != nil { layers += 1 }
        self.layers = layers
    }

    /// The tower's tensors.
    ///
    /// - Parameter leftOut: gets the names of those that have no place in it.
    func tensors(as type: DataType?, _ leftOut: inout [String]) -> [OutgoingTensor] {
        let map = LDMNames.tower(layers: layers).inverse
        var parts: [String: [Safetensors.Entry]] = [:]
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            guard let told = map(name) else {
                leftOut.append("text_model." + name)
                continue
            }
            // Sorted by name they come as key, query, value.
            if told.contains(".attn.k_proj.") || told.contains(".attn.v_proj.") {
                parts[Self.fused(told), default: []].append(entry)
            } else if told.contains(".attn.q_proj.") {
                parts[Self.fused(told), default: []].insert(entry, at: 0)
            } else {
                parts[told == "positional_embedding.weight" ? "positional_embedding" : told] = [
                    entry
                ]
            }
        }
        let last = "transformer.resblocks.\(layers - 1)."
        for (name, entries) in parts where name.hasPrefix(last) {
            parts["transformer.resblocks.\(layers)." + name.dropFirst(last.count)] = entries
        }
        return parts.map { name, parts in
            let rows = parts.reduce(0) { $0 + ($1.shape.first ?? 0) }
            let shape = parts.count == 1 ? parts[0].shape : [rows] + parts[0].shape.dropFirst()
            return OutgoingTensor(Self.prefix + name, shape, parts, as: type)
        }
    }

    private static func fused(_ name: String) -> String {
        ["q", "k", "v"].reduce(name) {
            $0.replacing(".attn.\($1)_proj.", with: ".attn.in_proj_")
        }
    }
}
