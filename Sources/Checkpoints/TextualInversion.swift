public import Foundation
public import Tensors

/// An embedding found by textual inversion (Gal et al. 2022): one or more vectors for a word of a
/// prompt.
public struct TextualInversion: Sendable {
    /// Where the file is.
    public let url: URL
    /// What it is called in a prompt: the file's name and, where it has one, its token's.
    public let names: [String]
    /// By text encoder, `clip_l` or `clip_g`, or "" for the only one.
    private let tensors: [String: StoredTensor]

    init(_ url: URL, names: [String], tensors: [String: StoredTensor]) {
        (self.url, self.names, self.tensors) = (url, names, tensors)
    }

    /// Names of tensors and the text encoders they are for. AUTOMATIC1111 has one of the first two;
    /// files for SDXL have one for each encoder, by ComfyUI's names or by diffusers'.
    private static let encoders = [
        "emb_params": "", "string_to_param.*": "", "clip_l": "clip_l", "clip_g": "clip_g",
        "text_encoders_0": "clip_l", "text_encoders_1": "clip_g",
        "text_encoder": "clip_l", "text_encoder_2": "clip_g",
    ]

    /// Reads the embeddings of a file: of AUTOMATIC1111, of SDXL, or of diffusers, which has a tensor
    /// under the name of each token.
    ///
    /// - Throws: `CheckpointError` when it cannot be read or is something else.
    public static func all(in url: URL) throws -> [TextualInversion] {
        let file = try Safetensors(contentsOf: url)
        let stem = url.deletingPathExtension().lastPathComponent
        var tensors: [String: StoredTensor] = [:]
        var tokens: [(name: String, stored: StoredTensor)] = []
        for (name, entry) in file.entries {
            guard let stored = vectors(entry) else {
                if encoders[name] != nil || file.names.count == 1 {
                    throw Self.fault(entry, name, file.path)
                }
                continue
            }
            guard !stored.hasNonFiniteValues else {
                throw CheckpointError.nonFiniteValues(path: file.path, tensor: name)
            }
            if let encoder = encoders[name] {
                tensors[encoder] = stored
            } else if file.names.count == 1 || name.hasPrefix("<") && name.hasSuffix(">") {
                tokens.append((name, stored))
            }
        }
        if !tensors.isEmpty { return [TextualInversion(url, names: [stem], tensors: tensors)] }
        // Trainers may leave a count of steps beside them.
        let counts = file.entries.values.filter(\.isCount).count
        guard tokens.count + counts == file.names.count, !tokens.isEmpty else {
            throw CheckpointError.unusableAddOn(
                path: file.path,
                what: KnownContents.guess(file.entries).map { "looks like \($0)" }
                    ?? "holds no embedding",
                hint: "an embedding is one tensor, emb_params, or clip_l and clip_g")
        }
        return tokens.map { name, stored in
            let isOnly = tokens.count == 1 && name != stem
            return TextualInversion(
                url, names: isOnly ? [stem, name] : [name], tensors: ["": stored])
        }
    }

    /// What is wrong with the tensor of an embedding that has no vectors.
    private static func fault(
        _ entry: Safetensors.Entry, _ name: String, _ path: String
    ) -> CheckpointError {
        entry.stored == nil
            ? .unsupportedDataType(path: path, tensor: name, found: entry.dataType)
            : .malformed(
                path: path, format: "embedding",
                reason: "tensor \(shown(name)) is \(entry.shape), not rows of vectors")
    }

    /// The word and the text encoder of an embedding that another file brings: `bundle_emb.WORD.…` of
    /// kohya's scripts and AUTOMATIC1111, or a token that the metadata of a LoRA of 2022 names.
    static func bundledPlace(
        of name: String, _ metadata: [String: String]
    ) -> (word: String, encoder: String)? {
        if metadata[name] == "<embed>" { return (name, "") }
        let prefix = "bundle_emb."
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        let found = encoders.first { rest.hasSuffix("." + $0.key) }
        guard let (ending, encoder) = found, rest.count > ending.count + 1 else { return nil }
        return (String(rest.dropLast(ending.count + 1)), encoder)
    }

    /// The tensor of an embedding: one vector, or rows of them, perhaps behind extents of 1; nil for others.
    static func vectors(_ entry: Safetensors.Entry) -> StoredTensor? {
        let leading = entry.shape.dropLast(2)
        guard leading.allSatisfy({ $0 == 1 }), !entry.shape.isEmpty, !entry.shape.contains(0)
        else { return nil }
        return entry.stored
    }

    /// Whether it has vectors for the two text encoders of Stable Diffusion XL.
    public var isOfXL: Bool { tensors["clip_g"] != nil }

    /// How many vectors it has for each of two text encoders, where these are not as many; nil for others.
    public var unevenCounts: (l: Int, g: Int)? {
        guard let l = tensors["clip_l"].map(Self.count), let g = tensors["clip_g"].map(Self.count)
        else { return nil }
        return l == g ? nil : (l, g)
    }

    /// How many vectors it has, for the text encoder that has the most.
    public var mostVectors: Int { tensors.values.map(Self.count).max() ?? 0 }

    private static func count(_ stored: StoredTensor) -> Int {
        stored.count / max(stored.shape.last ?? 1, 1)
    }

    /// The vectors for a text encoder, [count, width].
    ///
    /// - Parameter encoder: `clip_l` or `clip_g`, for files that hold both.
    /// - Throws: `CheckpointError.addOnOfAnotherFamily` where they are of another width.
    public func vectors(width: Int, for encoder: String) throws -> Tensor {
        guard let stored = tensors[encoder] ?? tensors[""] else {
            let parts = tensors.keys.sorted().joined(separator: " and ")
            throw CheckpointError.addOnOfAnotherFamily(
                path: url.path(percentEncoded: false), family: nil,
                reason: "it holds vectors for \(parts) alone, the model needs some for \(encoder)")
        }
        guard stored.shape.last == width else {
            let widths = tensors.values.compactMap(\.shape.last).sorted()
            throw CheckpointError.addOnOfAnotherFamily(
                path: url.path(percentEncoded: false), family: Self.family(of: widths),
                reason: "its vectors are \(widths.map(String.init).joined(separator: " and ")) "
                    + "wide, the text encoder needs \(width)")
        }
        return stored.widened().reshaped([Self.count(stored), width])
    }

    private static func family(of widths: [Int]) -> String? {
        if widths.contains(1280) { return "Stable Diffusion XL" }
        return widths == [768]
            ? "Stable Diffusion 1.x" : widths == [1024] ? "Stable Diffusion 2.x" : nil
    }
}
