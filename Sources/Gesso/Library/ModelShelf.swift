import Editing
import Foundation
import Recipes

/// Where checkpoints are found.
struct ModelShelf {
    /// The one used instead where all there is to do is to fill masks and new sides.
    private static let fillerName = "gesso-builtin-inpaint"
    /// The folder with CLIP's vocabulary, which comes with Gesso beside the built-in models.
    private static let vocabularyName = "clip-tokenizer"

    private let places: Places
    var roots: [ModelRoot] { places.models.map(ModelRoot.init) }
    var cache: HuggingFaceCache { HuggingFaceCache(places.huggingFace) }

    init(_ places: Places) { self.places = places }

    /// Where tokenizers are found: in the folder at `path`, if it is given; else CLIP's own that comes with
    /// Gesso, then with any checkpoint on the shelf or in the Hugging Face cache.
    ///
    /// - Throws: `GessoError` with `cannotRead` if there is no such folder.
    func tokenizers(_ path: String?) throws -> TokenizerPlaces {
        guard let path else {
            let shelf = places.models.flatMap { [$0] + HuggingFaceCache.folders(in: $0) }
            return TokenizerPlaces(others: vocabularies + shelf + cache.snapshots)
        }
        let folder = URL(filePath: FilePath.literal(path), directoryHint: .isDirectory)
        guard FolderSearch.isFolder(folder) else {
            throw GessoError(
                .cannotRead, "no such folder", at: path,
                do: "give the one that holds vocab.json and merges.txt")
        }
        return TokenizerPlaces(folder)
    }

    /// The folders that may hold CLIP's vocabulary.
    var vocabularies: [URL] {
        places.models.map {
            $0.appending(path: Self.vocabularyName, directoryHint: .isDirectory)
        }
    }

    /// The name of the checkpoint for edits of these verbs when none is asked for.
    func standard(for verbs: [Verb]) -> String {
        let fills = verbs.allSatisfy { $0 == .inpaint || $0 == .outpaint }
        let isHere = places.models.contains {
            FolderSearch.exists($0.appending(path: Self.fillerName))
        }
        return fills && isHere ? Self.fillerName : Library.defaultModel
    }

    /// A checkpoint: at a path, of that name on the shelf or in the folders of `extra_model_paths.yaml`, or
    /// in the Hugging Face cache as `org/name`, `org/name/file`, or by its bare name.
    ///
    /// - Throws: `GessoError` with `cannotRead` if there is none, with `usage` if there are several.
    func model(_ nameOrPath: String?) throws -> URL {
        let name = nameOrPath ?? Library.defaultModel
        guard !name.isEmpty else {
            throw GessoError(
                .usage, "an empty name", remedy: .part("model", "give the path of a folder"))
        }
        if let path = nameOrPath.map(FilePath.literal),
            FileManager.default.fileExists(atPath: path)
        {
            return URL(filePath: path)
        }
        if name.hasPrefix("/"), FolderSearch.isForbidden(name) {
            throw GessoError(
                .cannotRead, "it may not be read", at: name, do: "ask the owner of its folder")
        }
        if let found = try found(name) { return found }
        if let entry = Catalogue.shipped[name] {
            if let snapshot = cache.snapshot(of: entry.cacheName) { return snapshot }
            throw GessoError(.cannotRead, "this model is not here", at: name, remedy: .fetch(name))
        }
        let folders = try places(.checkpoints).map(\.url)
        if let refusal = FolderSearch.refusal(of: name, in: folders, as: "model") { throw refusal }
        throw GessoError(
            .cannotRead, "no such model", at: name,
            remedy: FolderSearch.meant(name, among: names).map { .meant($0) } ?? .nameModel)
    }

    private func found(_ name: String) throws -> URL? {
        guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else { return nil }
        let places = try self.places(.checkpoints)
        if let found = FolderSearch.direct(name, in: places.map(\.url)) { return found }
        if name.contains("/"), let cached = cache.matches(name).first { return cached.url }
        let further = FolderSearch.further(
            name, in: places.filter(\.isDeep).map(\.url), skipping: ModelRoot.others)
        if further.count > 1 {
            throw Self.ambiguous(
                name, further.map { $0.pathComponents.suffix(2).joined(separator: "/") })
        }
        if let found = further.first { return found }
        let cached = name.contains("/") ? [] : cache.matches(name)
        if cached.count > 1 { throw Self.ambiguous(name, cached.map(\.name)) }
        return cached.first?.url
    }

    private static func ambiguous(_ name: String, _ names: [String]) -> GessoError {
        GessoError(
            .usage,
            "\(names.count) models have this name: " + names.prefix(3).joined(separator: ", ")
                + (names.count > 3 ? ", …" : ""),
            at: name, do: "give its folder, too")
    }

    /// The folders that hold files of a kind, in the order in which they are searched.
    func places(_ kind: ModelKind) throws -> [ModelRoot.Place] {
        try roots.flatMap { $0.places(kind) } + extraFolders(kind).map { ModelRoot.Place(url: $0) }
    }

    /// The folders of a kind that files like `extra_model_paths.yaml` name.
    func extraFolders(_ kind: ModelKind) throws -> [URL] {
        try extraPaths().flatMap { $0.folders(kind) }
    }

    /// What is in the folders of checkpoints, each under the name that finds it. Files that are no model
    /// but may be pickles are among it.
    func items() -> [FolderSearch.Item] {
        var (found, names, files) = ([FolderSearch.Item](), Set<String>(), Set<String>())
        for place in (try? self.places(.checkpoints)) ?? roots.flatMap({ $0.places(.checkpoints) })
        {
            let items = FolderSearch.items(
                in: place.url, isDeep: place.isDeep, skipping: ModelRoot.others)
            for item in items where item.sort != .part {
                let file = item.url.resolvingSymlinksInPath().path(percentEncoded: false)
                if Self.isVAEOfCheckpoint(item.path) { continue }
                if place.isMixed, item.sort == .file, Self.isOther(item.url) { continue }
                guard !names.contains(item.path), files.insert(file).inserted else { continue }
                names.insert(item.path)
                found.append(item)
            }
        }
        return found
    }

    /// Whether a name is of a VAE that AUTOMATIC1111 keeps beside the checkpoint that it belongs to.
    static func isVAEOfCheckpoint(_ name: String) -> Bool {
        ["", ".safetensors", ".pt", ".ckpt"].contains { name.lowercased().hasSuffix(".vae" + $0) }
    }

    private static func isOther(_ file: URL) -> Bool {
        (try? OtherFile(file)) != nil
    }

    /// The checkpoints that can be named, each under the name that finds it.
    var checkpoints: [(name: String, url: URL)] {
        items().filter { $0.sort != .pickle }.map { ($0.path, $0.url) } + cached
    }

    /// The checkpoints of the Hugging Face cache: folders, and single files of others.
    private var cached: [(name: String, url: URL)] {
        cache.repositories.flatMap { name -> [(name: String, url: URL)] in
            guard let snapshot = cache.snapshot(of: name) else { return [] }
            if FolderSearch.exists(snapshot.appending(path: "model_index.json")) {
                return [(name, snapshot)]
            }
            return FolderSearch.items(in: snapshot, isDeep: false)
                .filter { $0.sort == .file && !Self.isOther($0.url) }
                .map { ("\(name)/\($0.path)", $0.url) }
        }
    }

    /// What the files of other programs' model folders say.
    func extraPaths() throws -> [ExtraModelPaths] {
        try places.modelPaths.filter { places.requiresModelPaths || FolderSearch.exists($0) }
            .map { try ExtraModelPaths(contentsOf: $0, variables: places.variables) }
    }

    /// What can be named.
    private var names: [String] {
        checkpoints.flatMap { name, _ in
            [name, name.split(separator: "/").last.map(String.init) ?? name]
                .flatMap { [$0, FolderSearch.stem($0)] }
        }
    }
}
