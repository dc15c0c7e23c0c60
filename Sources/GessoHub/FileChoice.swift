/// Which files of a repository Gesso needs.
public struct FileChoice: Sendable {
    /// The files that are asked for by name; none leaves the choice to what the repository is.
    public var files: [String] = []
    /// The variant of the weights that is preferred, such as `fp16`; nil prefers none.
    public var variant: String? = "fp16"
    /// Whether the variant was asked for, so that it is an error if no weights have it.
    public var requiresVariant = false
    /// Whether the model's safety checker is wanted.
    public var includesSafetyChecker = true

    /// The usual choice.
    public init() {}

    private static let networks = ["unet", "vae", "text_encoder", "text_encoder_2"]
    private static let tokenizers = ["tokenizer", "tokenizer_2"]
    private static let tokenizerFiles = [
        "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json",
    ]
    private static let weights = ["diffusion_pytorch_model", "model"]
    private static let pickles = [".bin", ".ckpt", ".pt", ".pth", ".pkl"]

    /// The files to download, in the order of their paths.
    ///
    /// - Throws: `HubError` where a file that is asked for is not there or is a pickle, and where there is
    ///   nothing, or more than one thing, to load.
    public func chosen(from listing: [RemoteFile], of name: String) throws(HubError) -> [RemoteFile]
    {
        let known = Dictionary(listing.map { ($0.path, $0) }) { first, _ in first }
        if !files.isEmpty { return try named(known, name) }
        if known["model_index.json"] != nil { return try model(known, name) }
        if known["config.json"] != nil, let own = weights(in: "", known) {
            return Self.sorted(own + [known["config.json"]].compactMap(\.self))
        }
        return [try singleFile(known, name)]
    }

    /// The bytes of the safety checker that `chosen` would take; 0 where there is none.
    public func safetyCheckerSize(_ listing: [RemoteFile]) -> Int {
        guard files.isEmpty, listing.contains(where: { $0.path == "model_index.json" }) else {
            return 0
        }
        let known = Dictionary(listing.map { ($0.path, $0) }) { first, _ in first }
        return weights(in: "safety_checker/", known)?.reduce(0) { $0 + $1.size } ?? 0
    }

    private func named(
        _ known: [String: RemoteFile], _ name: String
    ) throws(HubError) -> [RemoteFile] {
        var found: [RemoteFile] = []
        for path in files {
            guard let file = known[path] else {
                let last = path.split(separator: "/").last.map(String.init) ?? path
                let meant = known.keys.filter { $0.hasSuffix(last) || $0.hasPrefix(path) }.sorted()
                throw .noFile(path, of: name, meant: meant)
            }
            guard !Self.isPickle(path) else {
                throw .nothingToLoad(
                    name, reason: "\(path) is a pickle, which can run code: take a safetensors file"
                )
            }
            found.append(file)
        }
        return Self.sorted(found)
    }

    /// A model in diffusers' layout.
    private func model(
        _ known: [String: RemoteFile], _ name: String
    ) throws(HubError) -> [RemoteFile] {
        var paths = ["model_index.json", "scheduler/scheduler_config.json"]
        for tokenizer in Self.tokenizers {
            paths += Self.tokenizerFiles.map { "\(tokenizer)/\($0)" }
        }
        var networks = Self.networks
        if includesSafetyChecker {
            networks.append("safety_checker")
            paths.append("feature_extractor/preprocessor_config.json")
        }
        var found: [RemoteFile] = []
        var hasVariant = false
        for network in networks {
            guard known["\(network)/config.json"] != nil else { continue }
            guard let files = weights(in: network + "/", known) else {
                // Without its checker a model can be used; of published models it is often a pickle.
                if network == "safety_checker" { continue }
                throw .nothingToLoad(
                    name,
                    reason: "the weights in \(network)/ are pickles only, which can run code: "
                        + "take another repository or revision")
            }
            hasVariant = hasVariant || variant.map { files.contains(inVariant: $0) } ?? false
            found += files
            paths.append("\(network)/config.json")
        }
        if requiresVariant, let variant, !hasVariant {
            throw .noFile("*.\(variant).safetensors", of: name, meant: [])
        }
        return Self.sorted(found + paths.compactMap { known[$0] })
    }

    /// The weights of a network in a folder, in one file or in shards; nil where there are none but
    /// pickles.
    private func weights(in folder: String, _ known: [String: RemoteFile]) -> [RemoteFile]? {
        for variant in (variant.map { ["." + $0] } ?? []) + [""] {
            for base in Self.weights {
                if let whole = known["\(folder)\(base)\(variant).safetensors"] { return [whole] }
                let indices = [
                    "\(folder)\(base).safetensors.index\(variant).json",
                    "\(folder)\(base)\(variant).safetensors.index.json",
                ]
                guard let index = indices.lazy.compactMap({ known[$0] }).first else { continue }
                let shards = known.values.filter {
                    Self.isShard($0.path, of: "\(folder)\(base)\(variant)")
                }
                if !shards.isEmpty { return [index] + shards }
            }
        }
        return nil
    }

    /// `base-00001-of-00003.safetensors`
    private static func isShard(_ path: String, of base: String) -> Bool {
        guard path.hasPrefix(base + "-"), path.hasSuffix(".safetensors") else { return false }
        let middle = path.dropFirst(base.count + 1).dropLast(".safetensors".count)
        return middle.utf8.allSatisfy { (0x30...0x39).contains($0) || "of-".utf8.contains($0) }
    }

    /// The one file of a repository of single files.
    private func singleFile(
        _ known: [String: RemoteFile], _ name: String
    ) throws(HubError) -> RemoteFile {
        let files = known.keys.filter { $0.hasSuffix(".safetensors") && !$0.contains("/") }.sorted()
        if let usual = known["pytorch_lora_weights.safetensors"] { return usual }
        let ofVariant = files.filter { file in variant.map { file.contains($0) } ?? false }
        for choice in [files, ofVariant] where choice.count == 1 {
            if let file = known[choice[0]] { return file }
        }
        guard files.isEmpty else { throw .severalFiles(name, files: files) }
        throw .nothingToLoad(
            name,
            reason: known.keys.contains(where: Self.isPickle)
                ? "holds pickles only, which can run code: take a repository with safetensors"
                : "holds no model that Gesso reads")
    }

    private static func isPickle(_ path: String) -> Bool {
        pickles.contains { path.lowercased().hasSuffix($0) }
    }

    private static func sorted(_ files: [RemoteFile]) -> [RemoteFile] {
        var seen: Set<String> = []
        return files.filter { seen.insert($0.path).inserted }.sorted { $0.path < $1.path }
    }
}

extension [RemoteFile] {
    fileprivate func contains(inVariant variant: String) -> Bool {
        contains { $0.path.contains(".\(variant).") || $0.path.contains(".\(variant)-") }
    }
}
