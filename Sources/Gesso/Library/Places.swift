import Files
public import Foundation
public import Recipes

/// Where models, presets and caches are found. Nothing in the library reads the environment by itself: a
/// front end makes this once, from `init(environment:program:folder:)` or from its own settings.
public struct Places: Sendable {
    /// Folders that hold checkpoints by name, and add-ons in `loras`, `embeddings`, `vae`, `unet` and
    /// `controlnet`, or the whole folders of other programs; in the order in which they are searched.
    public var models: [URL] = []
    /// How many of `models`, from the first on, somebody asked for, so that they should be there.
    public var namedModels = 0
    /// Where they were asked for: a variable, or a place in a file.
    public var modelsOrigin = "GESSO_MODELS"
    /// Folders with files of words that prompts draw from, in the order in which they are searched.
    public var wildcards: [URL] = []
    /// Files like ComfyUI's `extra_model_paths.yaml`; those that are not there are passed over.
    public var modelPaths: [URL] = []
    /// The variables that paths in `modelPaths` may have, and `HOME` for a `~` in them.
    public var variables: [String: String] = [:]
    /// Whether it is an error if `modelPaths` are not there.
    public var requiresModelPaths = false
    /// The cache of the Hugging Face tools, whose models are found as `org/name`; nil for none.
    public var huggingFace: URL?
    /// Where presets are found by name.
    public var presets = PresetShelf(environment: [:])
    /// The file that measured speeds of models are kept in; nil keeps none.
    public var speeds: URL?
    /// The file that the fastest kernels are kept in; nil keeps none.
    public var kernels: URL?
    /// The file that hashes of models are kept in; nil keeps none.
    public var hashes: URL?
    /// Where keys to sign pictures with are found.
    public var credentials = CredentialsPlaces()

    /// No places: models and presets are found by their paths only.
    public init() {}

    /// The places that environment variables name.
    ///
    /// Checkpoints are searched for in the folders of `$GESSO_MODELS`, which colons separate, in `share/gesso/Models` beside the program's
    /// folder, and in `Fixtures/Models` of the source tree that holds the program or `folder`.
    ///
    /// - Parameters:
    ///   - environment: the variables, such as `ProcessInfo.processInfo.environment`.
    ///   - program: the running program's file.
    ///   - folder: the current folder.
    public init(
        environment: [String: String],
        program: URL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath(),
        folder: URL = URL(filePath: FileManager.default.currentDirectoryPath)
    ) {
        func place(_ name: String) -> URL? {
            environment[name].flatMap {
                $0.isEmpty ? nil : URL(filePath: expandingHome($0, environment))
            }
        }
        variables = environment
        models = Self.folders(environment["GESSO_MODELS"] ?? "", environment)
        namedModels = models.count
        wildcards = models.map { $0.appending(path: "wildcards") }
        models.append(program.appending(path: "../../share/gesso/Models").standardizedFileURL)
        models += [program, folder].flatMap(Self.ancestors).map {
            $0.appending(path: "Fixtures/Models")
        }
        requiresModelPaths = place("GESSO_MODEL_PATHS") != nil
        modelPaths =
            place("GESSO_MODEL_PATHS").map { [$0] }
            ?? models.prefix(namedModels).map { $0.appending(path: "extra_model_paths.yaml") }
        let home = place("HOME") ?? FileManager.default.homeDirectoryForCurrentUser
        let cache = cacheFolder(environment)
        let own =
            place("HF_HOME")
            ?? (cache ?? home.appending(path: ".cache"))
            .appending(path: "huggingface")
        huggingFace =
            place("HF_HUB_CACHE") ?? place("HUGGINGFACE_HUB_CACHE") ?? own.appending(path: "hub")
        presets = PresetShelf(environment: environment)
        if let folder = presets.folder {
            let own = URL(filePath: folder).deletingLastPathComponent()
            wildcards.append(own.appending(path: "wildcards"))
        }
        speeds = cache?.appending(path: "gesso/speeds.json")
        kernels = cache?.appending(path: "gesso/kernels.json")
        hashes = cache?.appending(path: "gesso/hashes.json")
        credentials = CredentialsPlaces(environment: environment, program: program)
    }

    /// Folders that colons separate; one whose name holds a colon and that is there is one folder.
    private static func folders(_ list: String, _ environment: [String: String]) -> [URL] {
        let whole = URL(filePath: list, directoryHint: .isDirectory)
        if list.contains(":"), FolderSearch.isFolder(whole) { return [whole] }
        return list.split(separator: ":").map { part in
            let path = expandingHome(String(part), environment)
            return URL(filePath: path, directoryHint: .isDirectory)
        }
    }

    /// What a file in a folder says of `models`, `model` or `tokenizer`, as it holds in any other folder: paths
    /// lead from the file's.
    package static func setting(_ key: String, _ value: String, from folder: URL) -> String {
        func path(_ path: String) -> String {
            path.hasPrefix("/") || path.hasPrefix("~")
                ? path
                : folder.appending(path: path).standardizedFileURL.path
        }
        let place = folder.appending(path: value)
        switch key {
        case "models" where value.contains(":") && !FolderSearch.isFolder(place):
            return value.split(separator: ":").map { path(String($0)) }.joined(separator: ":")
        case "models", "tokenizer": return path(value)
        case "model" where value.hasPrefix(".") || FolderSearch.exists(place): return path(value)
        default: return value
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
