import Checkpoints
public import Foundation

/// A safetensors file that is no whole checkpoint: a LoRA, an embedding, a VAE, something unknown; or a folder that
/// is one part of a model in diffusers' layout, such as a ControlNet.
public struct OtherFile: Sendable {
    /// Where it is.
    public let url: URL
    /// What it is in words, where its names tell.
    public let guess: String?
    /// How many tensors it holds.
    public let tensors: Int
    /// How many numbers there are of each data type.
    public let parameters: [String: Int]
    /// Free texts that its writer left; show them escaped only.
    public let metadata: [String: String]
    /// Of a LoRA, the ranks of its layers, each once and sorted.
    public let ranks: [Int]

    /// The free texts that the writer of a file left; nil for what is no such file.
    package static func metadata(of url: URL) -> [String: String]? {
        (try? Safetensors(contentsOf: url))?.metadata
    }

    /// Nil where there is a whole checkpoint.
    ///
    /// - Throws: `CheckpointError` when it is neither, or cannot be read.
    public init?(_ url: URL) throws {
        guard let file = try LooseFile(url) else { return nil }
        (self.url, guess, tensors) = (file.url, file.guess, file.tensors)
        (parameters, metadata, ranks) = (file.parameters, file.metadata, file.ranks)
    }
}
