import Tensors

/// A text encoder of Stable Diffusion 2 or the second one of XL under the names of OpenCLIP: query, key
/// and value in one tensor, and the projection of whole texts transposed.
///
/// Stable Diffusion 2 has one more layer at the end, which nothing uses and diffusers' files do not have;
/// a copy of the last one stands in, for readers count on it.
struct OpenCLIPTower {
    private let entries: [String: Safetensors.Entry]
    private let layers: Int
    private let prefix: String
    private let pools: Bool

    /// - Parameters:
    ///   - entries: by diffusers' names, with `text_model.`.
    ///   - prefix: of the names in the file, with its dot.
    ///   - pools: whether the last layer and the projection are used.
    init(_ entries: [String: Safetensors.Entry], prefix: String, pools: Bool) {
        self.entries = Dictionary(
            entries.map { (String($0.key.trimmingPrefix("text_model.")), $0.value) },
            uniquingKeysWith: { first, _ in first })
        (self.prefix, self.pools) = (prefix, pools)
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
            guard let mapped = map(name), pools || name != "text_projection.weight" else {
                leftOut.append(name.hasPrefix("text_projection") ? name : "text_model." + name)
                continue
            }
            // Sorted by name they come as key, query, value.
            if mapped.contains(".attn.k_proj.") || mapped.contains(".attn.v_proj.") {
                parts[Self.ownName(mapped), default: []].append(entry)
            } else if mapped.contains(".attn.q_proj.") {
                parts[Self.ownName(mapped), default: []].insert(entry, at: 0)
            } else {
                parts[Self.ownName(mapped)] = [entry]
            }
        }
        if !pools { addLast(to: &parts) }
        return parts.map { name, parts in
            let rows = parts.reduce(0) { $0 + ($1.shape.first ?? 0) }
            let shape = parts.count == 1 ? parts[0].shape : [rows] + parts[0].shape.dropFirst()
            return name == "text_projection"
                ? OutgoingTensor(transposing: parts[0], prefix + name, as: type)
                : OutgoingTensor(prefix + name, shape, parts, as: type)
        }
    }

    /// Tensors that stand by themselves there.
    private static let bare = [
        "positional_embedding.weight": "positional_embedding",
        "text_projection.weight": "text_projection",
    ]

    private func addLast(to parts: inout [String: [Safetensors.Entry]]) {
        let last = "transformer.resblocks.\(layers - 1)."
        for (name, entries) in parts where name.hasPrefix(last) {
            parts["transformer.resblocks.\(layers)." + name.dropFirst(last.count)] = entries
        }
    }

    /// What the tower calls the tensor of a name as `LDMNames` has it.
    static func ownName(_ name: String) -> String {
        bare[name]
            ?? ["q", "k", "v"].reduce(name) {
                $0.replacing(".attn.\($1)_proj.", with: ".attn.in_proj_")
            }
    }
}
