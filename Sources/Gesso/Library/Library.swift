import Files
import Editing
public import Foundation
public import Recipes
import Synchronization

/// The models, add-ons and presets of a machine by name, and the models that are loaded: what requests
/// are carried out with.
///
/// A library may be used by any number of tasks at once. It keeps the model that was used last, with
/// what its prompts came to, so that the next request need not load it again.
public final class Library: Sendable {
    /// The name of the checkpoint that is used when none is named.
    public static let defaultModel = "gesso-builtin"

    /// Where everything is found.
    public let places: Places
    let shelf: ModelShelf
    /// The hashes of checkpoints and add-ons.
    let hashes: HashBook
    private let models: ModelCache

    /// A library of these places.
    ///
    /// - Parameter keptModels: how many models stay loaded when no job uses them, 1 or more.
    public init(_ places: Places, keptModels: Int = 1) {
        self.places = places
        shelf = ModelShelf(places)
        let book = KernelBook(places.kernels, processor: Processor.name)
        hashes = HashBook(places.hashes)
        models = ModelCache(capacity: keptModels, kernels: book.kernels(), hashes: hashes)
    }

    /// The checkpoints that can be named, each with the folder or file that it is.
    public var checkpoints: [(name: String, url: URL)] { shelf.checkpoints }

    /// The add-ons of a kind that can be named, each with its file or folder.
    package func addOns(_ kind: ModelKind) -> [(name: String, url: URL)] {
        AddOnShelf(places).all(kind)
    }

    /// Pickles where add-ons of a kind are, by their paths.
    func pickles(_ kind: ModelKind) -> [String] { AddOnShelf(places).pickles(kind) }

    /// Whether a model of the catalogue is in the Hugging Face cache.
    package func has(_ entry: Catalogue.Entry) -> Bool {
        shelf.cache.snapshot(of: entry.cacheName) != nil
    }

    /// The name of the checkpoint that edits of these verbs get when none is named.
    public func standardModel(for verbs: [Verb]) -> String { shelf.standard(for: verbs) }

    /// The checkpoint at a path, or of a name.
    ///
    /// - Throws: `GessoError` of kind `cannotRead` if there is none.
    public func checkpoint(_ nameOrPath: String?) throws -> URL { try shelf.model(nameOrPath) }

    /// Where tokenizers are found: in a folder if one is named, else with any checkpoint.
    package func tokenizers(_ path: String?) throws -> TokenizerPlaces {
        try shelf.tokenizers(path)
    }

    /// The preset of a name, or in the file at a path.
    ///
    /// - Throws: `RecipeError`.
    public func preset(_ nameOrPath: String) throws -> Preset {
        try places.presets.preset(nameOrPath)
    }

    /// A checkpoint with what a recipe adds to it, ready to load.
    func choice(of request: Request) throws -> ModelChoice? {
        let painted = request.edits.filter { $0.recipe.steps > 0 }
        let tokenizers = try shelf.tokenizers(request.tokenizer)
        guard !painted.isEmpty else { return nil }
        let url = try shelf.model(request.model ?? shelf.standard(for: painted.map(\.verb)))
        return ModelChoice(url: url, tokenizers: tokenizers)
    }

    /// A model with its add-ons, and the seconds that loading it took; 0 where it was loaded.
    ///
    /// - Parameter files: those of the add-ons. Where one of them or of the checkpoint is another by now, the model
    ///   is loaded again.
    func load(
        _ choice: ModelChoice, adding addOns: AddOns, from files: [URL], encoding: Bool
    ) throws -> (model: Model, seconds: Double) {
        try models.load(choice, adding: addOns, from: files, encoding: encoding)
    }

    /// Lets go of the models that are kept: the memory of one is free once no job uses it.
    public func unloadModels() { models.removeAll() }

    /// How many models are kept loaded.
    public var loadedModels: Int { models.count }

    /// The files of a checkpoint with their hashes, which are computed once.
    func files(of checkpoint: URL) throws -> [Receipt.File] {
        try models.files(of: checkpoint)
    }
}

/// A checkpoint that is to be loaded.
struct ModelChoice: Sendable {
    let url: URL
    let tokenizers: TokenizerPlaces
}

/// Models that are loaded.
private final class ModelCache: Sendable {
    /// One model, loaded by the first that asks while the others wait.
    private final class Slot: Sendable {
        let url: URL
        let addOns: AddOns
        /// What the files were like.
        let stamps: [String?]
        let model = Mutex<Model?>(nil)

        init(_ url: URL, _ addOns: AddOns, _ stamps: [String?]) {
            (self.url, self.addOns, self.stamps) = (url, addOns, stamps)
        }
    }

    private struct State {
        /// The one that was used last comes last.
        var slots: [Slot] = []
        /// The checkpoints that are known to encode pictures, with their add-ons.
        var encoders: [(url: URL, addOns: AddOns)] = []
        /// The hashes of checkpoints' files, and what these were like.
        var files: [URL: (stamps: [String?], files: [Receipt.File])] = [:]
    }

    private let capacity: Int
    private let kernels: FastestKernels
    private let hashes: HashBook
    private let state = Mutex(State())

    init(capacity: Int, kernels: FastestKernels, hashes: HashBook) {
        (self.capacity, self.kernels, self.hashes) = (max(capacity, 1), kernels, hashes)
    }

    func load(
        _ choice: ModelChoice, adding addOns: AddOns, from files: [URL], encoding: Bool
    ) throws -> (model: Model, seconds: Double) {
        if encoding { try checkEncoder(choice.url, addOns) }
        // What is wrong with the checkpoint shows when it is loaded.
        let own = (try? Model.files(of: choice.url).map(\.file)) ?? []
        let stamps = (own + files).map(HashBook.key)
        let slot = state.withLock { state in
            let known = state.slots.firstIndex { $0.url == choice.url && $0.addOns == addOns }
            let kept = known.map { state.slots.remove(at: $0) }
            let slot =
                kept.flatMap { $0.stamps == stamps ? $0 : nil } ?? Slot(choice.url, addOns, stamps)
            // The oldest goes before the new one is loaded, so that both need not fit into memory.
            while state.slots.count >= capacity { state.slots.removeFirst() }
            state.slots.append(slot)
            return slot
        }
        return try slot.model.withLock { model in
            if let model { return (model, 0) }
            let start = ContinuousClock.now
            let loaded = try Model.load(
                choice.url, tokenizers: choice.tokenizers, addOns: addOns, kernels: kernels)
            model = loaded
            return (loaded, start.duration(to: .now) / .seconds(1))
        }
    }

    func removeAll() { state.withLock { $0.slots.removeAll() } }

    var count: Int { state.withLock { $0.slots.count } }

    private func checkEncoder(_ url: URL, _ addOns: AddOns) throws {
        let isKnown = state.withLock {
            $0.encoders.contains { $0.url == url && $0.addOns == addOns }
        }
        if isKnown { return }
        try Model.requireEncoder(of: url, adding: addOns)
        state.withLock { $0.encoders = [(url, addOns)] + $0.encoders.prefix(7) }
    }

    func files(of checkpoint: URL) throws -> [Receipt.File] {
        let found = try Model.files(of: checkpoint)
        let stamps = found.map { HashBook.key($0.file) }
        if let known = state.withLock({ $0.files[checkpoint] }), known.stamps == stamps {
            return known.files
        }
        let files = zip(found, try hashes.sha256(found.map(\.file))).map { file, hash in
            Receipt.File(path: file.path, sha256: hash)
        }
        state.withLock { $0.files[checkpoint] = (stamps, files) }
        return files
    }
}
