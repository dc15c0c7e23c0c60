import Editing
import Foundation

/// A checkpoint that is loaded when it is first used, and once for all runs that share it: the
/// pictures of a batch, the steps of a recipe, the cells of a grid.
final class ModelOnCall {
    let url: URL
    /// What makes it a checkpoint for inpainting, if that is asked for.
    let inpainting: InpaintingParts?
    private let tokenizers: TokenizerPlaces
    private var loaded: Model?
    private var hashed: [Receipt.File]?
    private var hashedParts: [[Receipt.File]]?
    /// Seconds that loading took and no run has told yet.
    private var untoldSeconds = 0.0

    init(_ url: URL, tokenizers: TokenizerPlaces, inpainting: InpaintingParts? = nil) {
        self.url = url
        self.inpainting = inpainting
        self.tokenizers = tokenizers
    }

    /// The model, loaded by now.
    func model() throws -> Model {
        if let loaded { return loaded }
        let start = ContinuousClock.now
        let model = try Model.load(url, tokenizers: tokenizers, inpainting: inpainting)
        untoldSeconds = start.duration(to: .now) / .seconds(1)
        loaded = model
        return model
    }

    /// Seconds that loading took, for the first run that asks; 0 for those that found it loaded.
    func takeLoadingSeconds() -> Double {
        defer { untoldSeconds = 0 }
        return untoldSeconds
    }

    /// The checkpoint's files with their hashes, taken once.
    func files() throws -> [Receipt.File] {
        if let hashed { return hashed }
        let files = try Receipt.files(of: url)
        hashed = files
        return files
    }

    /// The same of the checkpoints in `inpainting`: base, delta.
    func partFiles() throws -> [[Receipt.File]] {
        if let hashedParts { return hashedParts }
        let urls = inpainting.map { [$0.base, $0.delta] } ?? []
        let files = try urls.map { try Receipt.files(of: $0) }
        hashedParts = files
        return files
    }
}
