/// Finds the recipes that a recipe extends: shipped ones and the user's by name, files beside it by
/// path.
struct BaseFinder {
    /// The folder that the recipe's files lie in; nil where it is no file.
    let folder: String?
    private let shelf: PresetShelf
    /// The files on the way here, the one that is being read last.
    private let trail: [String]

    /// The most files on a way.
    private static let longest = 16

    /// The finder of a file.
    init(_ shelf: PresetShelf, from path: String) {
        self.init(shelf, folder: RecipeFolder.of(path), trail: [RecipeFolder.real(path) ?? path])
    }

    /// The finder of a shipped preset.
    init(_ shelf: PresetShelf, shipped name: String) {
        self.init(shelf, folder: nil, trail: ["preset " + name])
    }

    private init(_ shelf: PresetShelf, folder: String?, trail: [String]) {
        (self.shelf, self.folder, self.trail) = (shelf, folder, trail)
    }

    /// What `extends:` names.
    func preset(_ setting: Setting) throws(RecipeError) -> Preset {
        let name = setting.value
        let origin = setting.origin
        guard trail.count < Self.longest else {
            throw .malformed(
                "the \(Self.longest)th recipe that extends another", at: origin,
                remedy: "join some of them")
        }
        if PresetShelf.isPath(name) {
            return try preset(
                inFile: RecipeFolder.path(name, from: folder, at: origin), setting)
        }
        // One's own version of a shipped preset may extend it under the same name.
        if let path = shelf.ownPath(name), !trail.contains(RecipeFolder.real(path) ?? path) {
            return try preset(inFile: path, setting)
        }
        guard let bytes = shippedFiles[name] else {
            if shelf.ownPath(name) != nil { throw .cycle("'\(name)'", at: origin) }
            let meant = nearMiss(name, among: shelf.names)
            throw .malformed(
                "unknown preset '\(name.prefix(40))'", at: origin,
                remedy: meant.map { "did you mean '\($0)'?" }
                    ?? "`gesso preset list` lists them; a file needs a / or .yaml")
        }
        let mark = "preset " + name
        guard !trail.contains(mark) else { throw .cycle("'\(name)'", at: origin) }
        return try Preset(
            bytes, path: name, finding: BaseFinder(shelf, folder: nil, trail: trail + [mark]))
    }

    private func preset(inFile path: String, _ setting: Setting) throws(RecipeError) -> Preset {
        let real = RecipeFolder.real(path) ?? path
        guard !trail.contains(real) else {
            throw .cycle("'\(setting.value)'", at: setting.origin)
        }
        let bytes: [UInt8]
        do {
            bytes = try shelf.read(path)
        } catch .unreadable(_, let reason) {
            throw .malformed(
                "cannot read '\(setting.value.prefix(40))', \(reason.lowercased())",
                at: setting.origin, remedy: "name a preset, or a file beside the recipe")
        }
        return try Preset(
            bytes, path: path,
            finding: BaseFinder(
                shelf, folder: RecipeFolder.of(path), trail: trail + [real]))
    }
}
