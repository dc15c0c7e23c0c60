public import Foundation
import Tensors

/// Changes to a model's weights, as training leaves them: for some of its layers a product of two
/// thin matrices that is added to the layer's own (LoRA, Hu et al. 2021), also for convolutions
/// (LoCon), or one of the kinds of LyCORIS (Yeh et al. 2023): LoHa, LoKr, GLoRA, full differences,
/// norms, OFT, and DoRA's magnitudes on top.
///
/// Names are read as kohya's scripts, LyCORIS, diffusers, PEFT, ComfyUI and the first LoRAs of 2022
/// write them.
public struct LoRA: Sendable {
    /// Where the file is.
    public let url: URL
    /// Embeddings that the file brings for words of a prompt.
    public let embeddings: [TextualInversion]
    /// Remarks on what the file holds beside changes to layers, for the user.
    public let notes: [String]
    /// Whether a strength other than 1 is that of the change whose direction DoRA takes, as in diffusers; else it is how
    /// much of the way from the weight to DoRA's is gone, as in AUTOMATIC1111 and ComfyUI.
    public var scalesDirection = false
    /// What the file says of the model it was trained on.
    let metadata: [String: String]
    /// What is said of its strength where it has no alphas; nil where nothing is.
    let adapter: AdapterConfiguration?
    /// What it holds for each layer, by the name the file has for the layer.
    let parts: [String: Part]
    /// Tensors of a role that is not known, by the name that may be their layer's.
    let unknown: [Unknown]

    /// A tensor of a role that is not known.
    struct Unknown: Sendable {
        /// The name that may be its layer's.
        let layer: String
        let name: String
        /// Whether it is one whole number, such as a count of steps, which changes nothing.
        let isCount: Bool
    }

    /// What there is for one layer.
    struct Part: Sendable {
        var tensors: [LoRARole: Safetensors.Entry] = [:]
        /// The first tensor's name in the file.
        var name = ""

        subscript(role: LoRARole) -> Safetensors.Entry? { tensors[role] }
    }

    var path: String { url.path(percentEncoded: false) }

    /// Opens a file and sorts what it holds.
    ///
    /// - Throws: `CheckpointError` when it cannot be read or is no LoRA, or is one of a kind that is
    ///   not applied.
    public init(_ url: URL) throws {
        let file = try Safetensors(contentsOf: url)
        self.url = url
        metadata = file.metadata
        adapter = try AdapterConfiguration(of: file, at: url)
        if let kind = LoRARole.refusedKind(of: file.entries) {
            throw CheckpointError.unusableAddOn(
                path: file.path, what: "is \(kind), which is not applied",
                hint: LoRARole.appliedKinds)
        }
        var parts: [String: Part] = [:]
        var unknown: [Unknown] = []
        var adapters: Set<String> = []
        var bundled: [String: [String: StoredTensor]] = [:]
        for (name, entry) in file.entries {
            if let place = TextualInversion.bundledPlace(of: name, file.metadata) {
                guard let stored = TextualInversion.vectors(entry) else { continue }
                guard !stored.hasNonFiniteValues else {
                    throw CheckpointError.nonFiniteValues(path: file.path, tensor: name)
                }
                bundled[place.word, default: [:]][place.encoder] = stored
            } else if let (layer, role, adapter) = LoRARole.read(name),
                role == .alpha || !role.isOneNumber || entry.number != nil
            {
                if let adapter { adapters.insert(adapter) }
                var part = parts[layer] ?? Part(name: name)
                part.tensors[role] = entry
                parts[layer] = part
            } else if entry.stored?.isZero != true {
                unknown.append(
                    Unknown(
                        layer: LoRARole.layer(ofUnknown: name), name: name,
                        isCount: entry.stored == nil && entry.shape.reduce(1, *) == 1))
            }
        }
        parts = Self.joined(parts)
        guard parts.values.contains(where: { $0.tensors.keys.contains { $0.isOfLoRA } }) else {
            throw CheckpointError.unusableAddOn(
                path: file.path,
                what: parts.isEmpty
                    ? KnownContents.guess(file.entries).map { "looks like \($0)" }
                        ?? adapter?.kind.map { "is an adapter of PEFT's kind \(shown($0))" }
                        ?? "holds no LoRA"
                    : "holds parts of a LoRA without those that change a layer",
                hint: "a LoRA has tensors called …lora_down.weight or …lora_A.weight")
        }
        if adapters.count > 1 {
            let names = adapters.sorted().prefix(3).map { shown($0) }.joined(separator: ", ")
            throw CheckpointError.unusableAddOn(
                path: file.path, what: "holds several adapters, \(names)",
                hint: "save each to a file of its own")
        }
        for (layer, part) in Self.copies(in: parts).sorted(by: { $0.key < $1.key }) {
            parts[layer] = nil
            unknown += part.tensors.values.map(\.name).sorted().map {
                Unknown(layer: "", name: $0, isCount: false)
            }
        }
        (self.parts, self.unknown) = (parts, unknown)
        embeddings = bundled.sorted { $0.key < $1.key }.map {
            TextualInversion(url, names: [$0.key], tensors: $0.value)
        }
        let words = embeddings.flatMap(\.names).map { shown($0) }.joined(separator: ", ")
        notes =
            (words.isEmpty
                ? [] : ["\(url.lastPathComponent) brings embeddings: \(words) in a prompt"])
            + Self.notesOnAlphas(parts, of: url.lastPathComponent)
    }
}

extension LoRA {
    /// Converters write some of a layer's tensors with dots in its name and others with none: they are one part
    /// where none of them is there twice.
    private static func joined(_ parts: [String: Part]) -> [String: Part] {
        let spellings = Dictionary(grouping: parts.keys, by: LoRALayers.flat)
        guard spellings.count < parts.count else { return parts }
        return spellings.values.reduce(into: [:]) { joined, layers in
            let layers = layers.sorted()
            let all = layers.flatMap { Array(parts[$0]?.tensors ?? [:]) }
            let tensors = Dictionary(all.map { ($0.key, $0.value) }) { first, _ in first }
            if tensors.count == all.count, var part = parts[layers[0]] {
                part.tensors = tensors
                joined[layers[0]] = part
            } else {
                for layer in layers { joined[layer] = parts[layer] }
            }
        }
    }

    /// A scale of 0 takes away all that a layer's part would do.
    private static func notesOnAlphas(_ parts: [String: Part], of name: String) -> [String] {
        let silent = parts.values.filter { part in
            part[.alpha]?.number == 0 && Set(part.tensors.keys).isDisjoint(with: LoRARole.unscaled)
        }
        guard !silent.isEmpty else { return [] }
        return [
            silent.count == parts.count
                ? "\(name) changes nothing: its alphas are 0"
                : "\(name): alpha is 0 in \(silent.count) of \(parts.count) layers, which are unchanged"
        ]
    }

    /// What training has left beside the layers, under a word in front of their own names: averages.
    private static func copies(in parts: [String: Part]) -> [String: Part] {
        parts.filter { layer, _ in
            guard let dot = layer.firstIndex(of: ".") else { return false }
            return parts[String(layer[layer.index(after: dot)...])] != nil
        }
    }
}

extension StoredTensor {
    /// Whether all its numbers are 0.
    var isZero: Bool { withExtendedLifetime(self) { bytes.allSatisfy { $0 == 0 } } }
}
