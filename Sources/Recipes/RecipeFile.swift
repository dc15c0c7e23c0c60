/// A recipe file as it is written, before it is joined with what it extends.
struct RecipeFile {
    /// Keys of a file that are not settings but say something about it.
    static let keys = [
        "version", "name", "description", "verb", "extends", "vars", "masks", "mask", "for",
        "edits",
    ]

    /// The version of the form that this reads.
    static let version = 1

    /// The most edits of a recipe.
    static let mostEdits = 64

    private(set) var name: String?
    private(set) var summary: String?
    /// What is at the left: the edit of a file that has one, else what its edits share.
    private(set) var whole: RecipeSection
    private(set) var variables: [Variable] = []
    private(set) var masks: [NamedMask] = []
    private(set) var axes: [GridAxis] = []
    private(set) var edits: [RecipeSection] = []

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: stands for it in errors.
    ///   - folder: the one that its files lie in; nil if it can have none.
    init(_ bytes: [UInt8], path: String, in folder: String?) throws(RecipeError) {
        let text = try RecipeText(bytes, name: path, as: .recipe)
        let start = Origin.file(path, line: 1, column: 1)
        whole = RecipeSection(at: start)
        try Self.checkVersion(text.entries)
        var axes: [RecipeNode.Entry] = []
        for entry in text.entries {
            switch entry.key {
            case "version": continue
            case "name": name = try entry.setting().value
            case "description": summary = try entry.setting().value
            case "vars": variables = try Self.variables(entry)
            case "masks": masks = try NamedMask.all(entry, in: folder)
            case "for": axes = entry.value.entries ?? []
            case "edits": edits = try Self.edits(entry, in: folder)
            default: try whole.take(entry, in: folder)
            }
        }
        for entry in axes {
            self.axes.append(try GridAxis(entry, over: variables.map(\.name), in: folder))
        }
        if !edits.isEmpty, let verb = whole.verb {
            throw .conflict(key: "verb", with: "edits", at: verb.keyOrigin)
        }
        if !edits.isEmpty, let mask = whole.mask?.first {
            throw .conflict(key: "mask", with: "edits", at: mask.origin)
        }
    }

    private static func checkVersion(_ entries: [RecipeNode.Entry]) throws(RecipeError) {
        guard let entry = entries.first(where: { $0.key == "version" }) else { return }
        let setting = try entry.setting()
        guard let version = Int(setting.value), version > 0 else {
            throw .badValue(
                key: "version", value: setting.value, at: setting.origin,
                expected: "\(Self.version)")
        }
        guard version <= Self.version else {
            throw .malformed(
                "the recipe is of version \(version)", at: setting.origin,
                remedy: "this gesso reads version \(Self.version): use a newer one")
        }
    }

    private static func variables(_ entry: RecipeNode.Entry) throws(RecipeError) -> [Variable] {
        var variables: [Variable] = []
        for one in entry.value.entries ?? [] {
            guard Template.isName(one.key), one.key != Template.prompt else {
                throw .malformed(
                    "no variable can be called '\(one.key.prefix(40))'", at: one.keyOrigin,
                    remedy: "choose another name: {prompt} is the prompt that is given")
            }
            var standard: String?
            if case .text(let text, let origin) = one.value {
                standard = (try? Template(text, at: origin))?.plain ?? text
            }
            variables.append(
                Variable(name: one.key, standard: standard, origin: one.keyOrigin))
        }
        return variables
    }

    private static func edits(
        _ entry: RecipeNode.Entry, in folder: String?
    ) throws(RecipeError) -> [RecipeSection] {
        guard case .list(let items, let origin) = entry.value else { return [] }
        guard items.count <= mostEdits else {
            throw .malformed(
                "\(items.count) edits", at: origin, remedy: "keep to \(mostEdits)")
        }
        var sections: [RecipeSection] = []
        for item in items {
            var section = RecipeSection(at: item.origin)
            for entry in item.entries ?? [] {
                guard !keys.contains(entry.key) || RecipeSection.keys.contains(entry.key) else {
                    throw .malformed(
                        "\(entry.key) in an edit", at: entry.keyOrigin,
                        remedy: "write it at the left, for the whole recipe")
                }
                try section.take(entry, in: folder)
            }
            sections.append(section)
        }
        return sections
    }
}

/// What a file says of one edit, or of all of them.
struct RecipeSection: Sendable, Equatable {
    /// Keys that are not settings.
    static let keys = ["verb", "extends", "mask"]

    private(set) var verb: Setting?
    /// What it extends.
    private(set) var base: Setting?
    private(set) var settings: [Setting] = []
    private(set) var mask: [MaskItem]?
    /// Where it begins.
    let origin: Origin

    init(at origin: Origin) {
        self.origin = origin
    }

    mutating func take(_ entry: RecipeNode.Entry, in folder: String?) throws(RecipeError) {
        switch entry.key {
        case "verb": verb = try entry.setting()
        case "extends": base = try entry.setting()
        case "mask": mask = try MaskItem.all(entry.value, in: folder)
        default: settings.append(try entry.setting().from(folder: folder))
        }
    }
}
