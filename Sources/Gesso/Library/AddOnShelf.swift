import Editing
import Files
import Foundation
package import Recipes
import Synchronization

/// Finds the files of what a recipe adds to a model.
struct AddOnShelf {
    /// An add-on of a recipe with its files.
    struct Entry {
        /// The recipe's key: `lora`, `embedding`, `control`, `vae`, `unet`, `inpaint_base` or `inpaint_delta`.
        let key: String
        /// The recipe's word for it.
        let name: String
        let files: [URL]
        /// Whether a folder was given for the files in it.
        var isFolder = false
        /// Whether nothing but a prompt names it.
        var isOfPrompt = false
    }

    private let models: ModelShelf
    /// Files of add-ons that were found before, by `key:name`, which precede any search.
    private let known: [String: URL]

    private let aliases = Aliases()

    /// The names that writers of LoRAs gave them in the file, which AUTOMATIC1111 writes into prompts: read once
    /// where no file has a name that is asked for.
    private final class Aliases: Sendable {
        private let known = Mutex<[String: [URL]]?>(nil)

        func files(_ name: String, among items: () -> [ShelfItem]) -> [URL] {
            // Of files that have none, nobody asks.
            guard !name.isEmpty else { return [] }
            if let names = known.withLock({ $0 }) { return names[name] ?? [] }
            // Several folders may lead to one file.
            var seen: Set<String> = []
            let files = items().filter { $0.sort == .file }.map(\.item.url)
                .filter { seen.insert(AddOnShelf.place($0)).inserted }
            let names = Dictionary(grouping: files) {
                OtherFile.metadata(of: $0)?["ss_output_name"] ?? ""
            }
            known.withLock { $0 = names }
            return names[name] ?? []
        }
    }

    init(_ places: Places, known: [String: URL] = [:]) {
        self.known = known
        models = ModelShelf(places)
    }

    /// All that a recipe asks for.
    ///
    /// - Throws: `GessoError` for what is not found, and with `usage` for a file named twice.
    func entries(of recipe: Recipe) throws -> [Entry] {
        let beside = recipe.loras.map(\.name).filter { $0.contains("/") }
            .map { URL(filePath: FilePath.literal($0)).deletingLastPathComponent() }
        let loras = try recipe.loras.map {
            Entry(key: "lora", name: $0.name, files: [try find("lora", $0.name, beside: beside)])
        }
        let listed = try recipe.embeddings.map {
            let place = try find("embedding", $0)
            return Entry(
                key: "embedding", name: $0, files: try Self.files(place, $0),
                isFolder: place.isFolder)
        }
        // A file that the recipe lists may be one of the shelf that a prompt names.
        let given = Set(listed.flatMap(\.files).map(Self.place))
        let embeddings =
            listed
            + embeddings(namedIn: recipe).filter {
                !$0.files.map(Self.place).contains(where: given.contains)
            }
        let controls = try Set(recipe.controls.map(\.network)).sorted().map {
            Entry(key: "control", name: $0, files: [try find("control", $0)])
        }
        let components = try [("vae", recipe.vae), ("unet", recipe.unet)].compactMap { key, name in
            try name.map { Entry(key: key, name: $0, files: [try find(key, $0)]) }
        }
        try checkOnce(loras + embeddings)
        return try loras + embeddings + controls + components + inpaintingParts(of: recipe)
    }

    /// The embeddings of the shelf that prompts name, beside those that the recipe lists; none where prompts
    /// are plain. Pickles are among them where no other file has the name, so that a note says why the word
    /// stays a word.
    private func embeddings(namedIn recipe: Recipe) -> [Entry] {
        guard recipe.promptSyntax == .weighted else { return [] }
        let key = "embedding"
        let found = known.filter { $0.key.hasPrefix(key + ":") }.map {
            (name: String($0.key.dropFirst(key.count + 1)), url: $0.value)
        }.sorted { $0.name < $1.name }
        var names = Set(recipe.embeddings)
        let items = items(.embeddings)
        let named = [items.filter { $0.sort != .pickle }, items.filter { $0.sort == .pickle }]
            .flatMap { Self.named($0, .embeddings) }
        func word(_ name: String) -> String { String(name.split(separator: "/").last ?? "") }
        let held = PromptWords(recipe).held(of: Set((found + named).map { word($0.name) }))
        return (found + named).compactMap { name, url in
            guard held.contains(word(name)), names.insert(name).inserted else { return nil }
            return Entry(key: key, name: name, files: [url], isOfPrompt: true)
        }
    }

    /// A note on embeddings that the prompts of edits name as such and that none of their entries is.
    static func noteOnMissing(_ edits: [(recipe: Recipe, entries: [Entry])]) -> String? {
        let missing = edits.filter { $0.recipe.steps > 0 }.flatMap { recipe, entries in
            let here = entries.filter { $0.key == "embedding" }.flatMap(\.files).map {
                $0.deletingPathExtension().lastPathComponent.lowercased()
            }
            return recipe.askedEmbeddings.filter { name in
                let last = name.lowercased().split { "/\\".contains($0) }.last ?? ""
                // A name may have spaces.
                return !here.contains {
                    last == $0 || last.hasPrefix($0 + ".") || $0.hasPrefix(last + " ")
                }
            }
        }
        let names = Set(missing).sorted()
        guard let first = names.first else { return nil }
        let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        return "no embedding \(shown)\(more): embedding:\(first) stays words"
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
            for file in entry.files where !seen.insert(Self.place(file)).inserted {
                throw GessoError(
                    .usage, "the same file is given twice", at: entry.name,
                    do: "give it once, with the weight it is to have")
            }
        }
    }

    /// Where a file is, whatever leads to it.
    private static func place(_ file: URL) -> String {
        file.resolvingSymlinksInPath().standardizedFileURL.path
    }

    /// Whether an add-on of that name is here.
    func has(_ key: String, _ name: String) -> Bool { (try? find(key, name)) != nil }

    private func find(_ key: String, _ name: String, beside: [URL] = []) throws -> URL {
        if let known = known["\(key):\(name)"] { return known }
        let path = FilePath.literal(name)
        if FileManager.default.fileExists(atPath: path) {
            return try Self.file(at: URL(filePath: path), name, key)
        }
        let name = name.replacing("\\", with: "/")
        let isName = !name.split(separator: "/").contains("..") && !name.hasPrefix("/")
        let kind = ModelKind(key: key)
        var shelves = try (kind.map { try models.places($0).map(\.url) } ?? []) + beside
        if key == "vae", ModelShelf.isVAEOfCheckpoint(name) {
            shelves += try models.places(.checkpoints).map(\.url)
        }
        var matches = isName ? FolderSearch.matches(name, in: shelves) : []
        var advice = "give its folder, too"
        if matches.isEmpty, key == "lora" {
            matches = aliases.files(name) { items(.loras) }
            advice = "give the file's own name"
        }
        if matches.count > 1 {
            let paths = matches.prefix(2).map { $0.pathComponents.suffix(2).joined(separator: "/") }
            throw GessoError(
                .usage, "\(matches.count) files have this name: \(paths.joined(separator: ", "))",
                at: name, do: advice)
        }
        if let found = matches.first { return try Self.file(at: found, name, key) }
        if key == "control", isName, let file = only(of: name) { return file }
        let entry = Catalogue.shipped[name]
        let repository = entry?.cacheName ?? name
        if repository.contains("/"), let cached = models.cache.matches(repository).first,
            let file = try Self.file(of: cached, key)
        {
            return file
        }
        if entry != nil {
            throw GessoError(
                .cannotRead, "this \(key) is not here", at: name, remedy: .fetch(name))
        }
        if let refusal = FolderSearch.refusal(of: name, in: shelves, as: key) { throw refusal }
        // Another case, or a file in a folder inside: the whole path is the name to give.
        let listed = shelves.flatMap { shelf in
            FolderSearch.names(in: shelf).filter {
                FolderSearch.sort(ofFile: $0) == .file
                    || FolderSearch.isFolder(shelf.appending(path: $0))
            }
        }
        let names =
            listed
            + (kind.map(all) ?? []).flatMap {
                [$0.name, String($0.name.split(separator: "/").last ?? "")]
            }
        let place = kind?.names.first ?? key
        throw GessoError(
            .cannotRead, "no such \(key)", at: name,
            remedy: FolderSearch.meant(name, among: names).map { .meant($0) }
                ?? .nameAddOn(folder: place))
    }

    /// The file of a LoRA that diffusers or PEFT wrote into a folder of its own; anything else as it is.
    private static func file(at url: URL, _ name: String, _ key: String) throws -> URL {
        guard key == "lora", url.isFolder else { return url }
        guard let file = try file(of: (name, url), key) else {
            let pickle = FolderSearch.items(in: url, isDeep: false).first { $0.sort == .pickle }
            throw GessoError(
                .cannotRead, "no .safetensors file in the folder", at: name,
                do: pickle.map { "\($0.path) is a pickle, which can run code: convert it first" }
                    ?? "give the file of a LoRA")
        }
        return file
    }

    /// The one network of a kind, such as `canny`, whose name contains it.
    private func only(of kind: String) -> URL? {
        let found = all(.controlNets).filter {
            $0.name.folderAndName.name.lowercased().contains(kind.lowercased())
        }
        return found.count == 1 ? found.first?.url : nil
    }

    /// What diffusers and PEFT call the file of a LoRA.
    private static let loraFiles = [
        "pytorch_lora_weights.safetensors", "adapter_model.safetensors",
    ]

    /// The add-on of a repository in the Hugging Face cache: its folder where it is a network in
    /// diffusers' layout, else its one file, or the one that diffusers would take.
    private static func file(of found: (name: String, url: URL), _ key: String) throws -> URL? {
        guard found.url.isFolder else { return found.url }
        if ["vae", "unet", "control"].contains(key),
            ["config.json", key].contains(where: {
                FolderSearch.exists(found.url.appending(path: $0))
            })
        {
            return found.url
        }
        let files = FolderSearch.items(in: found.url, isDeep: false).filter { $0.sort == .file }
        let usual = files.first { loraFiles.contains($0.path) }
        guard files.count <= 1 || usual != nil else {
            let names = files.prefix(3).map { "\(found.name)/\($0.path)" }
            throw GessoError(
                .usage,
                "\(files.count) files are in the folder, such as \(names.joined(separator: ", "))",
                at: found.name, do: "give one of them")
        }
        return (usual ?? files.first)?.url
    }

    /// The add-ons of a kind that can be named, each under the name that finds it, without its ending.
    func all(_ kind: ModelKind) -> [(name: String, url: URL)] {
        Self.named(items(kind).filter { $0.sort != .pickle }, kind)
    }

    /// Files of a kind that other programs load and Gesso does not, by their paths.
    func pickles(_ kind: ModelKind) -> [String] {
        items(kind).filter { $0.sort == .pickle && !$0.isAmongOthers }.map(\.item.path)
    }

    /// An item of a folder.
    private struct ShelfItem {
        let item: FolderSearch.Item
        /// Whether the folder holds other kinds, too.
        let isAmongOthers: Bool
        var sort: FolderSearch.Sort { item.sort }
    }

    /// What lies in the folders of a kind.
    private func items(_ kind: ModelKind) -> [ShelfItem] {
        ((try? models.places(kind)) ?? []).flatMap { place in
            FolderSearch.items(in: place.url).map {
                ShelfItem(item: $0, isAmongOthers: place.isMixed)
            }
        }
    }

    /// Those of a kind, each under the name that finds it, without its ending; of one name the first.
    private static func named(_ items: [ShelfItem], _ kind: ModelKind) -> [(name: String, url: URL)]
    {
        var (found, names, files) = ([(name: String, url: URL)](), Set<String>(), Set<String>())
        for shelved in items {
            let item = shelved.item
            if shelved.isAmongOthers, !kind.isKind(of: item.url) { continue }
            let hasEnding = [.file, .pickle].contains(item.sort)
            let ending = hasEnding ? item.path.lastIndex(of: ".") : nil
            let name = String(item.path[..<(ending ?? item.path.endIndex)])
            let file = item.url.resolvingSymlinksInPath().path(percentEncoded: false)
            guard !names.contains(name), files.insert(file).inserted else { continue }
            names.insert(name)
            found.append((name, item.url))
        }
        return found
    }

    /// The embeddings of a folder and those inside of it, or the one file. Pickles are among them, so that
    /// one that a prompt uses is refused by name.
    private static func files(_ url: URL, _ name: String) throws -> [URL] {
        guard url.isFolder else { return [url] }
        let files = FolderSearch.items(in: url).filter { [.file, .pickle].contains($0.sort) }
        guard files.contains(where: { $0.sort == .file }) else {
            throw GessoError(
                .cannotRead, "no .safetensors file in the folder", at: name,
                do: "give a folder of embeddings")
        }
        return files.map(\.url)
    }
}

extension URL {
    fileprivate var isFolder: Bool { FolderSearch.isFolder(self) }
}

extension AddOns {
    /// What was found of a recipe's add-ons.
    init(_ entries: [AddOnShelf.Entry], of recipe: Recipe) {
        self.init()
        precision = recipe.precision
        for entry in entries {
            switch entry.key {
            case "lora":
                let choice = recipe.loras.first { $0.name == entry.name }
                loras += entry.files.map {
                    AddedLoRA(
                        $0, strength: choice?.strength ?? 1, textStrength: choice?.textStrength,
                        blocks: choice?.blocks?.factors,
                        scalesDirection: recipe.compatibility.scalesDirection)
                }
            case "embedding":
                embeddings += entry.files.map {
                    AddedEmbedding(
                        $0, isOptional: entry.isFolder, isOfPrompt: entry.isOfPrompt)
                }
            case "control": controlNets[entry.name] = entry.files.first
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
    ///
    /// - Parameter hashes: those that are known; they are computed once.
    func provenance(in recipe: Recipe, _ hashes: HashBook) throws -> Provenance.AddOn? {
        if key == "control", let url = files.first {
            let hash = url.isFolder ? nil : Digest.shortHash(of: url)
            return Provenance.AddOn(
                key: key, name: url.deletingPathExtension().lastPathComponent, hash: hash ?? "",
                asked: name)
        }
        if key == "embedding", !isFolder, let file = files.first {
            let name = file.deletingPathExtension().lastPathComponent
            guard recipe.names(embedding: name) else { return nil }
            return Provenance.AddOn(
                key: key, name: name, hash: String(try hashes.sha256(file).prefix(12)))
        }
        guard key == "lora" || key == "vae", let file = files.first, !file.hasDirectoryPath,
            let handle = try? FileHandle(forReadingFrom: file),
            let length = try? handle.read(upToCount: 8), length.count == 8
        else { return nil }
        let name = file.deletingPathExtension().lastPathComponent
        guard key == "lora" else {
            let hash = String(try hashes.sha256(file).prefix(10))
            return Provenance.AddOn(key: key, name: name, hash: hash)
        }
        let choice = recipe.loras.first { $0.name == self.name }
        // A1111 leaves out a LoRA's header, in which trainers keep notes that others strip.
        let header = length.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.1) << (8 * $1.0) }
        return Provenance.AddOn(
            key: key, name: name,
            hash: String(try hashes.sha256(file, from: 8 + header).prefix(12)),
            strength: choice?.strength ?? 1, textStrength: choice?.textStrength,
            blocks: choice?.blocks)
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
    /// The most names of a picture's settings that are looked for: each may be a search of folders.
    private static let mostNames = 100

    /// What a picture says of how it was made, without the autoencoder, LoRAs and ControlNets that are not
    /// here: another program's picture can still be a beginning. Names beyond the first hundred count as not here.
    package func available(_ stored: PictureSettings) -> PictureSettings {
        let shelf = AddOnShelf(places)
        var known: [String: Bool] = [:]
        func has(_ key: String, _ name: String) -> Bool {
            let whole = key + ":" + name
            if let isHere = known[whole] { return isHere }
            guard known.count < Self.mostNames else { return false }
            let isHere = shelf.has(key, name)
            known[whole] = isHere
            return isHere
        }
        func value(_ key: String) -> String? { stored.settings.first { $0.key == key }?.value }
        var found = stored
        if let vae = value("vae"), !has("vae", vae) {
            found.leaveOut(["VAE \(vae)"], of: "vae")
        }
        found.leaveOutLoRAs { has("lora", $0) }
        // What is named in a prompt and not here stays a word.
        let embeddings = stored.embeddings.filter { !has("embedding", $0) }
        found.leaveOut(embeddings.map { "embedding \($0)" }, of: nil)
        let controls = (value("control") ?? "").split(separator: ";").map(String.init)
        let missing = controls.filter { control in
            guard let choice = ControlChoice(control) else { return false }
            // A map or a mask that was made for a picture is not in it.
            return !has("control", choice.network)
                || !choice.pictures.allSatisfy {
                    FileManager.default.fileExists(atPath: FilePath.literal($0))
                }
        }
        if !missing.isEmpty {
            let gone = Set(missing)
            let left = controls.filter { !gone.contains($0) }
            let names = missing.map { "ControlNet \(ControlChoice($0)?.network ?? $0)" }
            found.leaveOut(
                names, of: "control",
                keeping: left.isEmpty ? nil : left.joined(separator: ";"))
        }
        return found
    }
}
