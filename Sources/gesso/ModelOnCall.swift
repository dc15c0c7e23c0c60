import Editing
import Foundation

/// A checkpoint that is loaded when it is first used, and once for all runs that share it: the
/// pictures of a batch, the steps of a recipe, the cells of a grid.
final class ModelOnCall {
    let url: URL
    private let tokenizers: TokenizerPlaces
    private var loaded: (model: Model, addOns: AddOns)?
    /// The add-ons with which it is known to encode pictures.
    private var encodes: AddOns?
    private var hashed: [Receipt.File]?
    /// Seconds that loading took and no run has told yet.
    private var untoldSeconds = 0.0

    init(_ url: URL, tokenizers: TokenizerPlaces) {
        self.url = url
        self.tokenizers = tokenizers
    }

    /// The model with these add-ons, loaded by now; with others than the run before it is loaded anew.
    ///
    /// - Parameter encoding: whether it is to encode pictures, which is checked before it is loaded.
    func model(adding addOns: AddOns = AddOns(), encoding: Bool = false) throws -> Model {
        if encoding, encodes != addOns {
            try Model.requireEncoder(of: url, adding: addOns)
            encodes = addOns
        }
        if let loaded, loaded.addOns == addOns { return loaded.model }
        loaded = nil
        let start = ContinuousClock.now
        let model = try Model.load(url, tokenizers: tokenizers, addOns: addOns)
        untoldSeconds = start.duration(to: .now) / .seconds(1)
        loaded = (model, addOns)
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
}
