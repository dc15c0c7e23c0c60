public import Foundation

/// A safetensors file that is no whole model, described by its tensors alone.
public struct LooseFile: Sendable {
    /// where it is
    public let url: URL
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

    /// A safetensors file, unless it is a whole checkpoint, or the one of a folder that is one part of a model: with
    /// `config.json` and weights.
    ///
    /// - Returns: nil for a whole checkpoint, and for other folders.
    /// - Throws: `CheckpointError` when it is not valid safetensors.
    public init?(_ url: URL) throws {
        let place = ModelFolder.isFolder(url) ? try ModelFolder.weightsFile(ofPart: url) : url
        guard let place else { return nil }
        let file = try Safetensors(contentsOf: place)
        do {
            _ = try SingleFile(file, at: place)
            return nil
        } catch CheckpointError.notAModel(_, _, let guess) {
            self.init(place, file, guess)
        } catch CheckpointError.missingPart {
            self.init(place, file, KnownContents.guess(file.entries))
        }
    }

    private init(_ url: URL, _ file: Safetensors, _ guess: String?) {
        self.url = url
        self.guess = guess
        tensors = file.names.count
        metadata = file.metadata
        parameters = file.entries.parameters
        var ranks: Set<Int> = []
        if LoRARole.kind(of: file.names.prefix(4096)) != nil {
            for (name, entry) in file.entries where LoRARole.read(name)?.role == .down {
                if let rank = entry.shape.first { ranks.insert(rank) }
            }
        }
        self.ranks = ranks.sorted()
    }
}
