/// What a tensor of a LoRA's file is for its layer.
enum LoRARole: Hashable, Sendable {
    case down, up, mid, alpha
    /// what the change is scaled by in alpha's place, and a learned factor besides
    case scale, scalar
    /// LoHa: two products, each with a core for convolutions
    case hadamard1A, hadamard1B, hadamard2A, hadamard2B, hadamardCore1, hadamardCore2
    /// LoKr: two factors, whole or as products, the second with a core for convolutions
    case outer, outerA, outerB, inner, innerA, innerB, innerCore
    /// GLoRA: two products
    case a1, a2, b1, b2, bCore
    /// OFT
    case rotations, rescale
    /// DoRA's, by the shape of rows or of inputs as LyCORIS has them, or of rows as PEFT always has them
    case magnitude, rowMagnitude
    case difference, biasDifference
    /// the bias of `up`, which alpha scales as it does the product
    case upBias

    /// What has an effect whatever alpha is.
    static let unscaled: Set = [
        difference, biasDifference, magnitude, rowMagnitude, rotations, rescale, outer, scale,
    ]

    /// Whether it makes a file one of a kind that is applied; `alpha` alone does not.
    var isOfLoRA: Bool {
        !isOneNumber && ![.mid, .rescale, .magnitude, .rowMagnitude, .upBias].contains(self)
    }

    /// Whether it is a single number.
    var isOneNumber: Bool { [.alpha, .scale, .scalar].contains(self) }

    static let appliedKinds = "LoRA, LoCon, LoHa, LoKr, GLoRA, OFT, DoRA and full differences are"

    /// The ends of names. Of those that end alike the longest counts.
    private static let endings: [String: LoRARole] = [
        ".lora_down.weight": .down, ".lora_up.weight": .up, ".lora_mid.weight": .mid,
        ".lora_down": .down, ".lora_up": .up,
        ".lora_linear_layer.down.weight": .down, ".lora_linear_layer.up.weight": .up,
        ".lora.down.weight": .down, ".lora.up.weight": .up,
        "_lora.down.weight": .down, "_lora.up.weight": .up,
        ".lora_A.weight": .down, ".lora_B.weight": .up, ".lora_A": .down, ".lora_B": .up,
        ":down": .down, ":up": .up, ".alpha": .alpha, ".scale": .scale, ".scalar": .scalar,
        ".hada_w1_a": .hadamard1A, ".hada_w1_b": .hadamard1B, ".hada_w2_a": .hadamard2A,
        ".hada_w2_b": .hadamard2B, ".hada_t1": .hadamardCore1, ".hada_t2": .hadamardCore2,
        ".lokr_w1": .outer, ".lokr_w1_a": .outerA, ".lokr_w1_b": .outerB, ".lokr_w2": .inner,
        ".lokr_w2_a": .innerA, ".lokr_w2_b": .innerB, ".lokr_t2": .innerCore,
        ".a1.weight": .a1, ".a2.weight": .a2, ".b1.weight": .b1, ".b2.weight": .b2,
        ".bm.weight": .bCore,
        ".oft_blocks": .rotations, ".oft_diag": .rotations, ".rescale": .rescale,
        ".dora_scale": .magnitude, ".lora_magnitude_vector": .rowMagnitude,
        ".lora_magnitude_vector.weight": .rowMagnitude, ".magnitude": .rowMagnitude,
        ".diff": .difference, ".w_norm": .difference,
        ".diff_b": .biasDifference, ".b_norm": .biasDifference,
        ".lora_up.bias": .upBias, ".lora_B.bias": .upBias, ".lora.up.bias": .upBias,
    ]
    private static let longestEnding = endings.keys.map(\.utf8.count).max() ?? 0

    /// PEFT's parts that may have the adapter's name behind them.
    private static let named: [(part: String, role: LoRARole)] = [
        (".lora_A.", .down), (".lora_B.", .up), (".lora_magnitude_vector.", .rowMagnitude),
    ]

    /// The layer's name, what the tensor is for it, and the adapter's name where the file has one; nil
    /// for a name of another form.
    static func read(_ name: String) -> (layer: String, role: LoRARole, adapter: String?)? {
        let bytes = name.utf8
        var mark =
            bytes.index(
                bytes.endIndex, offsetBy: -longestEnding, limitedBy: bytes.startIndex)
            ?? bytes.startIndex
        while mark < bytes.endIndex {
            if [0x2E, 0x3A, 0x5F].contains(bytes[mark]), let role = endings[String(name[mark...])] {
                return (String(name[..<mark]), role, nil)
            }
            mark = bytes.index(after: mark)
        }
        for (part, role) in named {
            guard holds(name, part), let cut = name.firstRange(of: part) else { continue }
            var adapter = name[cut.upperBound...]
            let isBias = role == .up && adapter.hasSuffix(".bias")
            if adapter.hasSuffix(".weight") { adapter = adapter.dropLast(7) }
            if isBias { adapter = adapter.dropLast(5) }
            guard !adapter.isEmpty, !adapter.contains(".") else { return nil }
            return (String(name[..<cut.lowerBound]), isBias ? .upBias : role, String(adapter))
        }
        // LyCORIS's parts have no ending behind the adapter's name.
        guard let dot = name.lastIndex(of: "."),
            let part = name[..<dot].lastIndex(of: "."),
            [".hada_", ".lokr_"].contains(where: name[part..<dot].hasPrefix),
            let role = endings[String(name[part..<dot])]
        else { return nil }
        return (String(name[..<part]), role, String(name[name.index(after: dot)...]))
    }

    /// What may be the layer of a tensor whose role is not known: its name without the last part, or
    /// the last two where they end in `.weight`.
    static func layer(ofUnknown name: String) -> String {
        let whole = name.hasSuffix(".weight") ? name.dropLast(7) : name[...]
        return whole.lastIndex(of: ".").map { String(whole[..<$0]) } ?? String(whole)
    }

    /// Kinds that are recognised and not applied, by a part of a tensor's name.
    private static let refused: [(mark: String, kind: String)] = [
        (".on_input", "IA3"), (".ia3_l", "IA3"), (".lambda_layer", "T-LoRA"),
        (".lora_embedding_A", "a LoRA of token embeddings"), (".vera_lambda_", "VeRA"),
        (".hra_u", "HRA"), (".oft_r", "OFT in PEFT's layout"), (".oft_R", "OFT in PEFT's layout"),
        (".boft_", "BOFT"), (".lora_E", "AdaLoRA"), (".fourierft_", "FourierFT"),
        (".randlora_", "RandLoRA"), (".shira_", "SHiRA"), (".waveft_", "WaveFT"),
        ("_lora1.down.", "a LoRA for Flux in XLabs' layout"), ("lora_controlnet", "a Control-LoRA"),
        ("_custom_diffusion.", "Custom Diffusion"), (".to_k_ip.", "an IP-Adapter"),
        ("image_proj.", "an IP-Adapter"),
    ]

    /// Whether the bytes of a part occur in a name: to compare characters takes many times as long.
    static func holds(_ name: String, _ part: String) -> Bool {
        let (name, part) = (name.utf8, part.utf8)
        let first = part.first
        return name.indices.contains {
            name[$0] == first && name[$0...].starts(with: part)
        }
    }

    /// The kind of a file that is recognised and not applied; nil for others. A LoRA's kind shows in its
    /// first tensors.
    static func refusedKind(of entries: TensorTable) -> String? {
        for name in entries.keys.prefix(4096) {
            if name.hasSuffix(".oft_blocks"), entries[name]?.shape.count == 4 { return "BOFT" }
            if name.hasSuffix(".lora_a") { return "a LoRA in MLX's layout" }
            if let row = refused.first(where: { holds(name, $0.mark) }) { return row.kind }
        }
        return nil
    }

    /// What a file of changes to layers is called; nil where it is none.
    static func kind(of names: some Sequence<String>) -> String? {
        var roles: Set<LoRARole> = []
        var isFirst = false
        for name in names {
            guard let role = read(name)?.role else { continue }
            roles.insert(role)
            isFirst = isFirst || name.contains(":")
        }
        let kinds: [(LoRARole, String)] = [
            (.hadamard1A, "a LoHa"), (.outer, "a LoKr"), (.outerA, "a LoKr"), (.a1, "a GLoRA"),
            (.rotations, "an OFT"), (.down, isFirst ? "a LoRA in the layout of 2022" : "a LoRA"),
            (.difference, "a full difference of weights"),
        ]
        guard let kind = kinds.first(where: { roles.contains($0.0) })?.1 else { return nil }
        let isDecomposed = !roles.isDisjoint(with: [.magnitude, .rowMagnitude])
        return isDecomposed ? kind + withMagnitudes : kind
    }

    /// What stands behind the kind of a file that has magnitudes, too.
    static let withMagnitudes = " with DoRA's magnitudes"
}
