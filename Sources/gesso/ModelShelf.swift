import Editing
import Foundation
import Recipes

/// Where checkpoints are found.
struct ModelShelf {
    /// The checkpoint used when none is asked for.
    static let defaultName = "gesso-builtin"
    /// The one used instead where all there is to do is to fill masks and new sides.
    private static let fillerName = "gesso-builtin-inpaint"

    /// The folders that hold checkpoints, in the order in which they are searched.
    private let folders: [URL]
    private let cache: HuggingFaceCache
    /// The `extra_model_paths.yaml` to read, whether or not it is there.
    private let extraFile: URL?
    private let isExtraNamed: Bool

    /// `$GESSO_MODELS`, then what is installed beside the program, then `Fixtures/Models` of the source
    /// tree that holds the program or the current folder.
    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let here = URL(filePath: FileManager.default.currentDirectoryPath)
        var folders: [URL] = []
        if let own = environment["GESSO_MODELS"], !own.isEmpty {
            folders.append(URL(filePath: own))
        }
        folders.append(program.appending(path: "../../share/gesso/Models").standardizedFileURL)
        folders += [program, here].flatMap(Self.ancestors).map {
            $0.appending(path: "Fixtures/Models")
        }
        self.folders = folders
        let named = environment["GESSO_MODEL_PATHS"].flatMap { $0.isEmpty ? nil : $0 }
        isExtraNamed = named != nil
        extraFile =
            named.map { URL(filePath: $0) }
            ?? environment["GESSO_MODELS"].flatMap {
                $0.isEmpty
                    ? nil : URL(filePath: $0).appending(path: "extra_model_paths.yaml")
            }
        cache = HuggingFaceCache(environment: environment)
    }

    /// Where tokenizers are found: in the folder at `path`, if it is given, else with any checkpoint
    /// on the shelf or in the Hugging Face cache.
    ///
    /// - Throws: `Failure` with `cannotRead` if there is no such folder.
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
            throw Failure(
                .cannotRead, "no such folder", at: path,
                do: "give the one that holds vocab.json and merges.txt")
        }
        return TokenizerPlaces(URL(filePath: FilePath.literal(path), directoryHint: .isDirectory))
    }

    /// The name of the checkpoint for edits of these verbs when none is asked for.
    func standard(for verbs: [Verb]) -> String {
        let fills = verbs.allSatisfy { $0 == .inpaint || $0 == .outpaint }
        return fills && onShelf(Self.fillerName) != nil ? Self.fillerName : Self.defaultName
    }

    /// A checkpoint: at a path, of that name on the shelf or in the folders of
    /// `extra_model_paths.yaml`, or `org/name` in the Hugging Face cache.
    ///
    /// - Throws: `Failure` with `cannotRead` if there is none.
    func model(_ nameOrPath: String?) throws -> URL {
        let name = nameOrPath ?? Self.defaultName
        guard !name.isEmpty else {
            throw Failure(.usage, "an empty name", at: "--model", do: "give the path of a folder")
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
            throw Failure(
                .cannotRead, "no such model", at: name,
                do: nearMiss(name, among: names).map { "did you mean '\($0)'?" }
                    ?? "give a folder or file, or set GESSO_MODELS; `gesso doctor` lists what is here"
            )
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

    /// What `$GESSO_MODEL_PATHS` names, or else `extra_model_paths.yaml` in `$GESSO_MODELS`; nil where
    /// there is none.
    func extraPaths() throws -> ExtraModelPaths? {
        guard let extraFile else { return nil }
        let isThere = FileManager.default.fileExists(
            atPath: extraFile.path(percentEncoded: false))
        return isThere || isExtraNamed ? try ExtraModelPaths(contentsOf: extraFile) : nil
    }

    /// What can be named.
    private var names: [String] {
        folders.flatMap {
            (try? FileManager.default.contentsOfDirectory(atPath: $0.path(percentEncoded: false)))
                ?? []
        }
    }

    private static func ancestors(of url: URL) -> [URL] {
        var folders = [url]
        while let last = folders.last, last.path != "/", folders.count < 64 {
            folders.append(last.deletingLastPathComponent())
        }
        return folders
    }
}
