public import Foundation
import Tensors

/// Small changes to a model's weights, as training leaves them: for some of its layers a product of two
/// thin matrices that is added to the layer's own (LoRA, Hu et al. 2021), also for convolutions
/// (LoCon), these with a third tensor between where the product is a Tucker decomposition.
///
/// Names are read as kohya's scripts, diffusers and PEFT write them.
public struct LoRA: Sendable {
    /// where the file lies
    public let url: URL
    /// what the file says of the model it was trained on
    let metadata: [String: String]
    /// what it holds for each layer, by the name the file has for the layer
    let parts: [String: Part]

    /// What there is for one layer.
    struct Part: Sendable {
        var down: Safetensors.Entry?
        var up: Safetensors.Entry?
        var mid: Safetensors.Entry?
        var alpha: Safetensors.Entry?
        /// The first tensor's name in the file.
        var name = ""
    }

    var path: String { url.path(percentEncoded: false) }

    /// Opens a file and sorts what it holds.
    ///
    /// - Throws: `CheckpointError` when it cannot be read or is no LoRA, or is one of a kind that adds
    ///   something else than a product of matrices.
    public init(_ url: URL) throws {
        let file = try Safetensors(contentsOf: url)
        (self.url, metadata) = (url, file.metadata)
        var parts: [String: Part] = [:]
        var strangers: [String] = []
        for name in file.names {
            if let kind = Self.otherKinds.first(where: { (name + ".").contains($0.mark) }) {
                throw CheckpointError.unusableAddOn(
                    path: file.path, what: "is a \(kind.what)", hint: "only LoRA and LoCon are read"
                )
            }
            guard let (layer, role) = Self.parted(name), let entry = file.entries[name] else {
                strangers.append(name)
                continue
            }
            var part = parts[layer] ?? Part(name: name)
            part[keyPath: role] = entry
            parts[layer] = part
        }
        guard parts.values.contains(where: { $0.down != nil }) else {
            throw CheckpointError.unusableAddOn(
                path: file.path,
                what: KnownContents.guess(file.entries).map { "looks like \($0)" }
                    ?? "holds no LoRA",
                hint: "a LoRA has tensors called …lora_down.weight or …lora_A.weight")
        }
        guard strangers.isEmpty else {
            throw CheckpointError.unknownAddOnKeys(
                path: file.path, names: strangers.sorted(), of: file.names.count)
        }
        self.parts = parts
    }

    private static let otherKinds: [(mark: String, what: String)] = [
        (".hada_w", "LoHa"), (".lokr_w", "LoKr"), (".dora_scale", "DoRA"),
        (".lora_magnitude_vector", "DoRA"), (".oft_", "OFT"), (".diff_b.", "difference of weights"),
        (".diff.", "difference of weights"),
    ]

    /// The ends of names, the longest first where one ends like another.
    private static let roles:
        [(ending: String, role: any WritableKeyPath<Part, Safetensors.Entry?> & Sendable)] =
            [
                (".lora_linear_layer.down.weight", \.down), (".lora_linear_layer.up.weight", \.up),
                (".lora_down.weight", \.down), (".lora_up.weight", \.up),
                (".lora_mid.weight", \.mid), (".lora.down.weight", \.down),
                (".lora.up.weight", \.up), ("_lora.down.weight", \.down), ("_lora.up.weight", \.up),
                (".lora_A.weight", \.down), (".lora_B.weight", \.up),
                (".lora_A.default.weight", \.down), (".lora_B.default.weight", \.up),
                (".alpha", \.alpha),
            ]

    /// The layer's name and what the tensor is for it.
    private static func parted(
        _ name: String
    ) -> (layer: String, role: any WritableKeyPath<Part, Safetensors.Entry?> & Sendable)? {
        roles.first { name.hasSuffix($0.ending) }
            .map { (String(name.dropLast($0.ending.count)), $0.role) }
    }
}
