public import Foundation

/// A safetensors file that is no whole model, described by its tensors alone.
public struct LooseFile: Sendable {
    /// what it is in words, where its names tell
    public let guess: String?
    /// how many tensors it holds
    public let tensors: Int
    /// how many numbers there are of each data type
    public let parameters: [String: Int]
    /// free texts that its writer left; show them escaped only
    public let metadata: [String: String]
    /// of a LoRA, the ranks of its layers, each once and sorted
    public let ranks: [Int]

    /// - Throws: `CheckpointError` when it is not valid safetensors.
    public init(_ url: URL) throws {
        let file = try Safetensors(contentsOf: url)
        guess = KnownContents.guess(file.entries)
        tensors = file.names.count
        metadata = file.metadata
        parameters = file.entries.values.reduce(into: [:]) { counts, entry in
            counts[entry.dataType, default: 0] += entry.shape.reduce(1, *)
        }
        let downs = file.entries.filter {
            $0.key.hasSuffix("lora_down.weight") || $0.key.hasSuffix("lora_A.weight")
                || $0.key.hasSuffix("lora.down.weight")
        }
        ranks = Set(downs.values.compactMap(\.shape.first)).sorted()
    }
}
