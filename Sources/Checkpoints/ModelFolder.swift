import Files
public import Foundation

/// A model in diffusers' layout: one folder per component (`unet`, `vae`, `text_encoder`, `tokenizer`,
/// `scheduler`), each with its configuration, and beside them, usually, `model_index.json`.
public struct ModelFolder: ModelSource {
    /// where the model is
    public let url: URL
    /// the pipeline the model was saved from, as `model_index.json` says
    public let pipelineClassName: String?
    /// the class of each component, as `model_index.json` says; components set to null are left out
    public let componentClassNames: [String: String]

    /// whether its index marks it as a small model that stands in for a real checkpoint
    public let isStandIn: Bool

    /// what its index says of negative prompts that are not given; as a rule they are zeroed
    public let zeroesEmptyPrompt: Bool

    /// what its index says of settings, by verb and key
    public let ownSettings: [String: [String: String]]

    /// the members of its index that are true or false
    let flags: [String: Bool]

    /// the layout, in words
    public let layout = "diffusers folder"

    package static let largestConfiguration = 1 << 20
    private static let weightNames = ["diffusion_pytorch_model", "model"]
    private static let variants = ["", ".fp16", ".bf16"]

    /// - Throws: `CheckpointError.cannotRead` when `url` is not a readable folder, `.malformed` when its
    ///   `model_index.json` is not what it should be.
    public init(_ url: URL) throws {
        var isFolder: ObjCBool = false
        let path = url.path(percentEncoded: false)
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CheckpointError.cannotRead(
                path: path, reason: Self.reasonForAbsence(of: url) ?? "no such model folder")
        }
        guard isFolder.boolValue else {
            throw CheckpointError.cannotRead(
                path: path, reason: "is a file; a model folder in diffusers' layout is needed")
        }
        try Self.checkAccess(url)
        self.url = url
        let index = url.appending(path: "model_index.json")
        let members = Self.exists(index) ? try ModelIndex(contentsOf: index) : ModelIndex()
        pipelineClassName = members.className
        isStandIn = members.isStandIn
        zeroesEmptyPrompt = members.zeroesEmptyPrompt
        ownSettings = members.ownSettings
        flags = members.flags
        componentClassNames = members.components
    }

    /// where the tokenizer of a text encoder is; the second may share the first's
    public func tokenizer(for encoder: String) -> URL? {
        let own = encoder.replacing("text_encoder", with: "tokenizer")
        return url(of: contains(own) ? own : "tokenizer")
    }

    /// nil where a tokenizer of its own says so
    public func paddingToken(for encoder: String) -> String? {
        encoder == "text_encoder_2" && !contains("tokenizer_2") ? "!" : nil
    }

    /// The folder of a component, whether or not it is there.
    public func url(of component: String) -> URL {
        url.appending(path: component, directoryHint: .isDirectory)
    }

    /// Whether the model has that component.
    public func contains(_ component: String) -> Bool {
        Self.exists(url(of: component))
    }

    /// The JSON of a component's configuration: `config.json`, or else `scheduler_config.json` for the
    /// scheduler and the like.
    /// - Throws: `CheckpointError.missingFile` or `.cannotRead`.
    public func configuration(_ component: String) throws -> Data {
        try Data(contentsOf: configurationFile(component), upTo: Self.largestConfiguration)
    }

    func configurationFile(_ component: String) throws -> URL {
        let names = ["config.json", "\(component)_config.json"]
        let folder = try existing(component)
        guard let file = names.map({ folder.appending(path: $0) }).first(where: Self.exists) else {
            throw missing(component, names, hint: Self.lostLink(in: folder))
        }
        return file
    }

    /// The weights of a component: full precision if there is a choice, fp16 and bf16 variants and
    /// shards otherwise.
    /// - Throws: `CheckpointError.missingFile`, or what opening the file throws.
    public func weights(_ component: String) throws -> Weights {
        switch try weightsFile(component) {
        case .whole(let file): Weights(try Safetensors(contentsOf: file))
        case .index(let file):
            try ShardIndex(contentsOf: file).weights(in: file.deletingLastPathComponent())
        }
    }

    /// Where the weights of a component are.
    enum WeightsFile {
        case whole(URL), index(URL)
    }

    func weightsFile(_ component: String) throws -> WeightsFile {
        let folder = try existing(component)
        for variant in Self.variants {
            for name in Self.weightNames {
                let whole = folder.appending(path: "\(name)\(variant).safetensors")
                if Self.exists(whole) { return .whole(whole) }
                let index = [
                    "\(name).safetensors.index\(variant).json",
                    "\(name)\(variant).safetensors.index.json",
                ].map { folder.appending(path: $0) }.first(where: Self.exists)
                if let index { return .index(index) }
            }
        }
        throw missing(
            component, Self.weightNames.map { $0 + ".safetensors" },
            hint: Self.hint(folder, renaming: Self.weightNames[1] + ".safetensors"))
    }

    /// The one file of weights in a folder that is one part of a model; nil where it is something else, or its weights are
    /// in shards.
    static func weightsFile(ofPart folder: URL) throws -> URL? {
        guard exists(folder.appending(path: "config.json")),
            !exists(folder.appending(path: "model_index.json")),
            !exists(folder.appending(path: "unet"))
        else { return nil }
        let parent = try ModelFolder(folder.deletingLastPathComponent())
        guard case .whole(let file) = try parent.weightsFile(folder.lastPathComponent) else {
            return nil
        }
        return file
    }

    private func existing(_ component: String) throws -> URL {
        let folder = url(of: component)
        guard Self.exists(folder) else {
            let path = url.path(percentEncoded: false)
            let transformer = componentClassNames["transformer"] ?? "a diffusion transformer"
            if component == "unet", contains("transformer") {
                throw CheckpointError.unsupportedModel(
                    path: path,
                    what: "a model with \(shown(transformer)) in place of a UNet")
            }
            throw CheckpointError.missingFile(
                folder: path, tried: ["\(component)/"], hint: missingHint(component))
        }
        try Self.checkAccess(folder)
        return folder
    }

    /// Why a component may be missing, and what to do.
    private func missingHint(_ component: String) -> String? {
        if Self.exists(url.appending(path: "config.json")) {
            return "it seems to be one part of a model: name the folder that it is in"
        }
        let promise = componentClassNames[component].map {
            "model_index.json promises \(shown($0))"
        }
        let option = ["vae", "unet"].contains(component) ? "give one with --\(component)" : nil
        let hints = [promise, option].compactMap(\.self)
        return hints.isEmpty ? nil : hints.joined(separator: ": ")
    }

    private func missing(_ component: String, _ tried: [String], hint: String?) -> CheckpointError {
        .missingFile(
            folder: url(of: component).path(percentEncoded: false), tried: tried, hint: hint)
    }

    package static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(
            atPath: url.path(percentEncoded: false), isDirectory: &isFolder) && isFolder.boolValue
    }

    static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path(percentEncoded: false))
    }
}

extension Data {
    /// The whole of a small file.
    /// - Throws: `CheckpointError.cannotRead` when it is missing, no regular file or over `limit` bytes,
    ///   `.foreign` when it is what a download left in its place.
    package init(contentsOf url: URL, upTo limit: Int) throws {
        let path = url.path(percentEncoded: false)
        let file = try MappedFile(checkpoint: path)
        guard file.bytes.count <= limit else {
            throw CheckpointError.cannotRead(
                path: path, reason: "has \(file.bytes.count) bytes, more than the limit of \(limit)"
            )
        }
        if let foreign = ForeignFile.download(in: file.bytes) {
            throw CheckpointError.foreign(path: path, what: foreign.what, hint: foreign.hint)
        }
        self = Data(file.bytes)
    }
}
