import Editing
import Files
import Foundation
package import Recipes

/// Finds the files of what a recipe adds to a model.
struct AddOnShelf {
    /// An add-on of a recipe with its files.
    struct Entry {
        /// The recipe's key: `lora`, `embedding`, `vae`, `unet`, `inpaint_base` or `inpaint_delta`.
        let key: String
        /// The recipe's word for it.
        let name: String
        let files: [URL]
    }

    private let folders: [URL]
    private let models: ModelShelf
    /// Files of add-ons that were found before, by `key:name`, which precede any search.
    private let known: [String: URL]

    init(_ places: Places, known: [String: URL] = [:]) {
        self.known = known
        models = ModelShelf(places)
        folders = [places.addOns].compactMap(\.self)
    }

    /// The folders of a kind of add-on, as Gesso, ComfyUI and AUTOMATIC1111 call them.
    private static let places = [
        "lora": ["loras", "Lora"], "embedding": ["embeddings"],
        "vae": ["vae", "VAE", "vae_approx"],
        "unet": ["unet", "diffusion_models"],
    ]

    /// All that a recipe asks for.
    ///
    /// - Throws: `GessoError` for what is not found, and with `usage` for a file named twice.
    func entries(of recipe: Recipe) throws -> [Entry] {
        let beside = recipe.loras.map(\.name).filter { $0.contains("/") }
            .map { URL(filePath: FilePath.literal($0)).deletingLastPathComponent() }
        let loras = try recipe.loras.map {
            Entry(key: "lora", name: $0.name, files: [try find("lora", $0.name, beside: beside)])
        }
        let embeddings = try recipe.embeddings.map {
            Entry(key: "embedding", name: $0, files: try Self.files(find("embedding", $0), $0))
        }
        let components = try [("vae", recipe.vae), ("unet", recipe.unet)].compactMap { key, name in
            try name.map { Entry(key: key, name: $0, files: [try find(key, $0)]) }
        }
        try checkOnce(loras + embeddings)
        return try loras + embeddings + components + inpaintingParts(of: recipe)
    }

    private func inpaintingParts(of recipe: Recipe) throws -> [Entry] {
        let parts = [
            ("inpaint_base", recipe.inpaintBase), ("inpaint_delta", recipe.inpaintDelta),
        ]
        let named = parts.compactMap { key, name in name.map { (key, $0) } }
        guard named.count != 1 else {
            throw GessoError(
                .usage, "one without the other", at: "inpaint_base, inpaint_delta",
                do: "give an inpainting checkpoint and the one that it was made from")
        }
        return try named.map { key, name in
            Entry(
                key: key, name: name,
                files: [try known["\(key):\(name)"] ?? models.model(name)])
        }
    }

    private func checkOnce(_ entries: [Entry]) throws {
        var seen: Set<String> = []
        for entry in entries {
            for file in entry.files
            where !seen.insert(file.resolvingSymlinksInPath().standardizedFileURL.path).inserted {
                throw GessoError(
                    .usage, "the same file is given twice", at: entry.name,
                    do: "give it once, with the weight it is to have")
            }
        }
    }

    /// Whether an add-on of that name is here.
    func has(_ key: String, _ name: String) -> Bool { (try? find(key, name)) != nil }

    private func find(_ key: String, _ name: String, beside: [URL] = []) throws -> URL {
        if let known = known["\(key):\(name)"] { return known }
        let path = FilePath.literal(name)
        if FileManager.default.fileExists(atPath: path) { return URL(filePath: path) }
        let isName = !name.contains("..") && !name.hasPrefix("/")
        let shelves =
            folders.flatMap { folder in (Self.places[key] ?? []).map { folder.appending(path: $0) }
            }
            + beside
        for shelf in isName ? shelves : [] {
            for candidate in [name, name + ".safetensors"] {
                let file = shelf.appending(path: candidate)
                if FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) {
                    return file
                }
            }
        }
        if let kind = ExtraModelPaths.Kind(key: key), let file = try models.find(name, kind) {
            return file
        }
        let names = shelves.flatMap {
            (try? FileManager.default.contentsOfDirectory(atPath: $0.path(percentEncoded: false)))
                ?? []
        }
        let place = Self.places[key]?.first ?? key
        throw GessoError(
            .cannotRead, "no such \(key)", at: name,
            remedy: nearMiss(name, among: names).map { .meant($0) } ?? .nameAddOn(folder: place))
    }

    /// The embeddings of a folder, or the one file.
    private static func files(_ url: URL, _ name: String) throws -> [URL] {
        let path = url.path(percentEncoded: false)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            isFolder.boolValue
        else { return [url] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let files = names.filter { $0.hasSuffix(".safetensors") }.sorted()
        guard !files.isEmpty else {
            throw GessoError(
                .cannotRead, "no .safetensors file in it", at: name,
                do: "give a folder of embeddings")
        }
        return files.map { url.appending(path: $0) }
    }
}

extension AddOns {
    /// What was found of a recipe's add-ons.
    init(_ entries: [AddOnShelf.Entry], of recipe: Recipe) {
        self.init()
        for entry in entries {
            switch entry.key {
            case "lora":
                let choice = recipe.loras.first { $0.name == entry.name }
                loras += entry.files.map {
                    AddedLoRA($0, strength: choice?.strength ?? 1)
                }
            case "embedding": embeddings += entry.files
            case "vae": vae = entry.files.first
            case "unet": unet = entry.files.first
            default: continue
            }
        }
        let parts = ["inpaint_base", "inpaint_delta"].map { key in
            entries.first { $0.key == key }?.files.first
        }
        if let base = parts[0], let delta = parts[1] {
            inpainting = InpaintingParts(base: base, delta: delta)
        }
    }
}

extension AddOnShelf.Entry {
    /// What a picture's text says of it; nil for what A1111 has no word for, and for folders.
    func provenance(in recipe: Recipe) throws -> Provenance.AddOn? {
        guard key == "lora" || key == "vae", let file = files.first, !file.hasDirectoryPath,
            let handle = try? FileHandle(forReadingFrom: file),
            let length = try? handle.read(upToCount: 8), length.count == 8
        else { return nil }
        let name = file.deletingPathExtension().lastPathComponent
        guard key == "lora" else {
            let hash = String(try Digest.sha256(file: file).prefix(10))
            return Provenance.AddOn(key: key, name: name, hash: hash)
        }
        let choice = recipe.loras.first { $0.name == self.name }
        // A1111 leaves out a LoRA's header, in which trainers keep notes that others strip.
        let header = length.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.1) << (8 * $1.0) }
        return Provenance.AddOn(
            key: key, name: name,
            hash: String(try Digest.sha256(file: file, from: 8 + header).prefix(12)),
            strength: choice?.strength ?? 1, textStrength: choice?.textStrength)
    }

    /// The files that results depend on; of a folder or a checkpoint, those inside of it.
    func allFiles() throws -> [URL] {
        try files.flatMap { url in
            let path = url.path(percentEncoded: false)
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            guard isFolder.boolValue else { return [url] }
            if key.hasPrefix("inpaint_") { return try Model.files(of: url).map(\.file) }
            let inside = try? FileManager.default.subpathsOfDirectory(atPath: path).sorted()
                .map { url.appending(path: $0) }
                .filter { ["safetensors", "json"].contains($0.pathExtension) }
            return inside ?? [url]
        }
    }
}

extension Library {
    /// What a picture says of how it was made, without an autoencoder that is not here: another
    /// program's picture can still be a beginning.
    package func available(_ stored: PictureSettings) -> PictureSettings {
        guard let vae = stored.settings.first(where: { $0.key == "vae" }),
            !AddOnShelf(places).has("vae", vae.value)
        else { return stored }
        return stored.without("vae", as: "VAE (not here)")
    }
}
