import Editing
import Foundation
import Recipes

/// Where checkpoints are found.
struct ModelShelf {
    /// The one used instead where all there is to do is to fill masks and new sides.
    private static let fillerName = "gesso-builtin-inpaint"

    private let places: Places
    private var folders: [URL] { places.models }
    private var cache: HuggingFaceCache { HuggingFaceCache(places.huggingFace) }

    init(_ places: Places) { self.places = places }

    /// Where tokenizers are found: in the folder at `path`, if it is given, else with any checkpoint
    /// on the shelf or in the Hugging Face cache.
    ///
    /// - Throws: `GessoError` with `cannotRead` if there is no such folder.
    func tokenizers(_ path: String?) throws -> TokenizerPlaces {
        guard let path else {
            let shelf = folders.flatMap { [$0] + HuggingFaceCache.folders(in: $0) }
            return TokenizerPlaces(others: shelf + cache.snapshots)
        }
        var isFolder: ObjCBool = false
        guard
            FileManager.default.fileExists(
                atPath: FilePath.literal(path), isDirectory: &isFolder), isFolder.boolValue
        else {
            throw GessoError(
                .cannotRead, "no such folder", at: path,
                do: "give the one that holds vocab.json and merges.txt")
        }
        return TokenizerPlaces(URL(filePath: FilePath.literal(path), directoryHint: .isDirectory))
    }

    /// The name of the checkpoint for edits of these verbs when none is asked for.
    func standard(for verbs: [Verb]) -> String {
        let fills = verbs.allSatisfy { $0 == .inpaint || $0 == .outpaint }
        return fills && onShelf(Self.fillerName) != nil ? Self.fillerName : Library.defaultModel
    }

    /// A checkpoint: at a path, of that name on the shelf or in the folders of
    /// `extra_model_paths.yaml`, or `org/name` in the Hugging Face cache.
    ///
    /// - Throws: `GessoError` with `cannotRead` if there is none.
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
        let found = name.contains("/") ? nil : onShelf(name)
        // Other tools' folders may hold folders; a name with a slash is looked for there first.
        guard
            let found = try found ?? find(name, .checkpoints) ?? cache.snapshot(of: name)
        else {
            throw GessoError(
                .cannotRead, "no such model", at: name,
                remedy: nearMiss(name, among: names).map { .meant($0) } ?? .nameModel)
        }
        return found
    }

    private func onShelf(_ name: String) -> URL? {
        folders.map { $0.appending(path: name) }.first {
            FileManager.default.fileExists(atPath: $0.path(percentEncoded: false))
        }
    }

    /// The checkpoints that can be named, each under the name that finds it.
    var checkpoints: [(name: String, url: URL)] {
        var found: [(name: String, url: URL)] = []
        for folder in folders {
            for item in HuggingFaceCache.folders(in: folder) {
                let name = item.lastPathComponent
                let index = item.appending(path: "model_index.json").path(percentEncoded: false)
                let isModel =
                    name.hasSuffix(".safetensors") || FileManager.default.fileExists(atPath: index)
                if isModel, !found.contains(where: { $0.name == name }) {
                    found.append((name, folder.appending(path: name)))
                }
            }
        }
        return found
            + cache.repositories.compactMap { name in
                cache.snapshot(of: name).map { (name, $0) }
            }
    }

    /// What the file of other programs' model folders says; nil where there is none.
    func extraPaths() throws -> ExtraModelPaths? {
        guard let file = places.modelPaths else { return nil }
        let isThere = FileManager.default.fileExists(atPath: file.path(percentEncoded: false))
        return isThere || places.requiresModelPaths
            ? try ExtraModelPaths(contentsOf: file) : nil
    }

    /// What can be named.
    private var names: [String] {
        folders.flatMap {
            (try? FileManager.default.contentsOfDirectory(atPath: $0.path(percentEncoded: false)))
                ?? []
        }
    }
}
