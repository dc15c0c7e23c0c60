public import Foundation
public import Tensors

/// An embedding found by textual inversion (Gal et al. 2022): one or more vectors that stand for a
/// word of a prompt.
public struct TextualInversion: Sendable {
    /// where the file lies
    public let url: URL
    /// what it is called by in a prompt: the file's name and, where it says one, its token's
    public let names: [String]
    /// by text encoder, `clip_l` or `clip_g`, or "" for the only one
    private let tensors: [String: StoredTensor]

    /// Reads a file of AUTOMATIC1111 (`emb_params`), of diffusers (one tensor under the token's name) or
    /// one for SDXL (`clip_l` and `clip_g`).
    ///
    /// - Throws: `CheckpointError` when it cannot be read or is something else.
    public init(_ url: URL) throws {
        let file = try Safetensors(contentsOf: url)
        let known = ["emb_params", "string_to_param.*", "clip_l", "clip_g"]
        let stem = url.deletingPathExtension().lastPathComponent
        var tensors: [String: StoredTensor] = [:]
        for name in file.names where known.contains(name) || file.names.count == 1 {
            guard let entry = file.entries[name], let stored = entry.stored, !stored.shape.isEmpty,
                stored.shape.count <= 2, !stored.shape.contains(0)
            else { continue }
            guard !stored.hasNonFiniteValues else {
                throw CheckpointError.nonFiniteValues(path: file.path, tensor: name)
            }
            tensors[name.hasPrefix("clip_") ? name : ""] = stored
        }
        guard !tensors.isEmpty else {
            throw CheckpointError.unusableAddOn(
                path: file.path,
                what: KnownContents.guess(file.entries).map { "looks like \($0)" }
                    ?? "holds no embedding",
                hint: "an embedding is one tensor, emb_params, or clip_l and clip_g")
        }
        self.url = url
        self.tensors = tensors
        let token = file.names.count == 1 && !known.contains(file.names[0]) ? file.names[0] : nil
        names = [stem] + (token.map { $0 == stem ? [] : [$0] } ?? [])
    }

    /// The vectors for a text encoder, [count, width].
    ///
    /// - Parameter encoder: `clip_l` or `clip_g`, for files that hold both.
    /// - Throws: `CheckpointError.addOnOfAnotherFamily` where they are of another width.
    public func vectors(width: Int, for encoder: String) throws -> Tensor {
        let stored = tensors[encoder] ?? tensors[""]
        guard let stored, stored.shape.last == width else {
            let widths = tensors.values.compactMap(\.shape.last).sorted()
            throw CheckpointError.addOnOfAnotherFamily(
                path: url.path(percentEncoded: false), family: Self.family(of: widths),
                reason: "its vectors are \(widths.map(String.init).joined(separator: " and ")) "
                    + "wide, the text encoder needs \(width)")
        }
        return stored.widened().reshaped([stored.count / width, width])
    }

    private static func family(of widths: [Int]) -> String? {
        if widths.contains(1280) { return "Stable Diffusion XL" }
        return widths == [768]
            ? "Stable Diffusion 1.x" : widths == [1024] ? "Stable Diffusion 2.x" : nil
    }
}
