/// Why a recipe cannot be had. Each describes itself in one line: what, where, what to do.
public enum RecipeError: Error, Equatable, CustomStringConvertible {
    /// A file that cannot be read.
    case unreadable(path: String, reason: String)
    /// A file that is too long for a recipe; the limit is in bytes.
    case tooLong(path: String, limit: Int)
    /// Text that is no recipe.
    case malformed(String, at: Origin, remedy: String)
    /// A prompt that styles, variables or presets would make longer than `Recipe.longestText`.
    case longPrompt(at: Origin)
    /// Settings of a program that cannot be read here.
    case otherProgram(String, at: Origin)
    /// A key that does not exist; `meant` is the one that was probably meant.
    case unknownKey(String, at: Origin, meant: String?)
    /// A value outside of what its key takes.
    case badValue(key: String, value: String, at: Origin, expected: String)
    /// A key given twice in one place.
    case repeated(key: String, at: Origin, first: Origin)
    /// A key that the verb has no use for.
    case unused(key: String, at: Origin, by: [Verb], usedBy: [Verb])
    /// Keys that cannot both be given.
    case conflict(key: String, with: String, at: Origin)
    /// Settings that cannot work together, and why.
    case exclusive(key: String, with: String, because: String, at: Origin)
    /// A key without which the verb cannot do.
    case missing(key: String, verb: Verb)
    /// No preset has that name.
    case unknownPreset(String, meant: String?)
    /// A preset made for other verbs.
    case wrongVerb(preset: String, verb: Verb, madeFor: [Verb])
    /// A variable that nothing declares.
    case unknownVariable(String, at: Origin, meant: String?)
    /// A variable that must be given and is not.
    case missingVariable(String, at: Origin)
    /// A mask that nothing declares.
    case unknownMask(String, at: Origin, meant: String?)
    /// A mask that must be given and is not.
    case missingMask(String?, at: Origin)
    /// A file that is outside of the folder that the recipe is in.
    case outside(path: String, at: Origin)
    /// Recipes or masks that lead back to themselves.
    case cycle(String, at: Origin)
    /// A recipe with edits of its own, which are not one verb's.
    case severalEdits(preset: String, at: Origin)
    /// A canvas that cannot be.
    case canvas(String, remedy: String)
    /// A canvas that is the picture: it has the aspect or size that is asked for.
    case sameCanvas(String)

    /// What, where, what to do, in one line.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read the recipe: \(path): \(reason)"
        case .tooLong(let path, let limit):
            "too long for a recipe: \(path): keep it under \(limit / 1024) KiB"
        case .malformed(let what, let origin, let remedy):
            "\(what): \(origin): \(remedy)"
        case .longPrompt(let origin):
            "the text would be too long: \(origin): "
                + "keep prompts and texts under \(Recipe.longestText / 1024) KiB"
        case .otherProgram(let program, let origin):
            "it holds settings of another program (\(program)): \(origin): "
                + "set what you need with options; `gesso info` shows the text"
        case .unknownKey(let key, let origin, let meant):
            "unknown key '\(shortened(key))': \(origin): "
                + (meant.map { "did you mean '\($0)'?" } ?? "`gesso preset keys` lists all keys")
        case .badValue(let key, let value, let origin, let expected):
            "\(key) is '\(shortened(value))': \(origin): give \(expected)"
        case .repeated(let key, let origin, let first):
            "\(key) is given twice: \(origin): keep one, the first is at \(first.place)"
        case .unused(let key, let origin, let verbs, let users):
            "\(key) has no use in \(list(verbs)): \(origin): leave it out, it is for \(list(users))"
        case .conflict(let key, let other, let origin):
            "\(key) and \(other) cannot both be given: \(origin): keep one"
        case .exclusive(let key, let other, let reason, let origin):
            "\(key) and \(other) cannot work together: \(origin): keep one, \(reason)"
        case .missing(let key, let verb):
            "no \(key): \(verb.rawValue): give one, or a preset that has one"
        case .unknownPreset(let name, let meant):
            "unknown preset '\(shortened(name))': presets: "
                + (meant.map { "did you mean '\($0)'?" }
                    ?? "`gesso preset list` lists them; a file needs a / or .yaml")
        case .wrongVerb(let preset, let verb, let madeFor):
            "preset '\(shortened(preset))' is not for \(verb.rawValue): "
                + "use it with \(list(madeFor))"
        case .unknownVariable(let name, let origin, let meant):
            "no variable '\(shortened(name))': \(origin): "
                + (meant.map { "did you mean '\($0)'?" }
                    ?? (origin.isInFile
                        ? "declare it under vars:, or write {{ }} for braces"
                        : "no preset or recipe here asks for it"))
        case .missingVariable(let name, let origin):
            "no value for the variable '\(name)': \(origin): give it one"
        case .unknownMask(let name, let origin, let meant):
            "no mask '\(shortened(name))': \(origin): "
                + (meant.map { "did you mean '\($0)'?" } ?? "declare it under masks:")
        case .missingMask(let name, let origin):
            "no mask\(name.map { " for '\($0)'" } ?? ""): \(origin): "
                + (name == nil ? "write mask: and what is repainted" : "give one of that name")
        case .outside(let path, let origin):
            "'\(shortened(path))' leads out of the recipe's folder: \(origin): "
                + "put the file beside the recipe"
        case .cycle(let what, let origin):
            "\(what) leads back to itself: \(origin): leave it out"
        case .severalEdits(let preset, let origin):
            "'\(shortened(preset))' is more than one verb's settings: \(origin): use `gesso run`"
        case .canvas(let what, let remedy):
            "\(what): outpaint: \(remedy)"
        case .sameCanvas(let what): "\(what): outpaint: give another aspect or size"
        }
    }

    private func shortened(_ text: String) -> String {
        text.count > 40 ? text.prefix(40) + "…" : text
    }

    private func list(_ verbs: [Verb]) -> String {
        verbs.map(\.rawValue).joined(separator: ", ")
    }
}

/// Where a setting was given.
public enum Origin: Sendable, Equatable, CustomStringConvertible {
    /// In a file; line and column are counted from 1, columns in Unicode scalars.
    case file(String, line: Int, column: Int)
    /// As an argument of the command: `--steps`, `--set`.
    case argument(String)

    /// `file:line:column` or the argument.
    public var description: String {
        switch self {
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .argument(let name): name
        }
    }

    /// Whether it is a place in a file.
    var isInFile: Bool {
        if case .file = self { true } else { false }
    }

    /// Whether it is a place in a preset that comes with the program, which has a name and no path.
    var isShipped: Bool {
        if case .file(let path, _, _) = self { !PresetShelf.isPath(path) } else { false }
    }

    /// The place for someone who knows the file.
    var place: String {
        switch self {
        case .file(_, let line, _): "line \(line)"
        case .argument(let name): name
        }
    }
}
