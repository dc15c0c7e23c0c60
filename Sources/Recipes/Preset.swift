/// Settings under a name, kept in a file; or several edits in a row.
public struct Preset: Sendable, Equatable {
    /// What it is called: the file's `name`, else the file's own name without extension.
    public let name: String
    /// One line on what it is for; empty if the file does not say.
    public let summary: String
    /// The verbs it is made for, of all its edits; all if the file does not say.
    public let verbs: [Verb]
    /// Its settings, each of them checked, with those of what it extends. Where there are edits, what
    /// they share.
    public let settings: [Setting]
    /// The file's text.
    public let text: String
    /// Words that may be others each time.
    public let variables: [Variable]
    /// Masks that its edits call by name.
    public let masks: [NamedMask]
    /// What varies in the grid that it makes; none where it makes one picture.
    public let axes: [GridAxis]
    /// What it extends, and what that and its edits extend.
    public let bases: [Preset]
    /// What it repaints; nil if it does not say.
    let mask: [MaskItem]?
    /// Its edits in their order; none where it is one verb's settings.
    let edits: [Edit]
    /// The picture whose settings it is; nil for a file, in which braces stand for variables.
    public let picture: PictureSettings?

    /// One of several edits.
    struct Edit: Sendable, Equatable {
        let verb: Verb
        /// Its own settings with those of what it extends.
        let settings: [Setting]
        let mask: [MaskItem]?
        let origin: Origin
    }

    /// Whether it is more than settings for a verb: `gesso run` carries it out.
    public var hasEdits: Bool { !edits.isEmpty }

    /// Reads and checks a preset.
    ///
    /// - Parameters:
    ///   - bytes: YAML, at most 256 KiB.
    ///   - path: stands for the file in errors, gives the name if the file has none, and its folder is
    ///     where the files lie that it names.
    ///   - shelf: where the presets are found that it extends.
    public init(
        _ bytes: [UInt8], path: String, shelf: PresetShelf = PresetShelf(environment: [:])
    ) throws(RecipeError) {
        try self.init(bytes, path: path, finding: BaseFinder(shelf, from: path))
    }

    init(_ bytes: [UInt8], path: String, finding finder: BaseFinder) throws(RecipeError) {
        let file = try RecipeFile(bytes, path: path, in: finder.folder)
        let base = try file.whole.base.map { base throws(RecipeError) in
            try finder.preset(base)
        }
        var bases = base.map { [$0] } ?? []
        name = file.name ?? Self.name(ofFile: path)
        summary = file.summary ?? base?.summary ?? ""
        text = String(decoding: bytes, as: UTF8.self)
        axes = file.axes.isEmpty ? base?.axes ?? [] : file.axes
        masks = Self.joined(base?.masks ?? [], file.masks, by: \.name)
        mask = file.whole.mask ?? base?.mask
        picture = nil
        var edits = base?.edits ?? []
        if !file.edits.isEmpty { edits = [] }
        for section in file.edits {
            let own = try section.base.map { own throws(RecipeError) in try finder.preset(own) }
            edits.append(try Edit(section, extending: own))
            bases += [own].compactMap(\.self)
        }
        if let verb = file.whole.verb, !edits.isEmpty {
            throw .conflict(key: "verb", with: "edits", at: verb.keyOrigin)
        }
        self.edits = edits
        self.bases = bases + bases.flatMap(\.bases)
        variables = Self.joined(bases.reversed().flatMap(\.variables), file.variables, by: \.name)
        verbs =
            edits.isEmpty
            ? try file.whole.verb.map { verb throws(RecipeError) in try Self.verbs(verb) }
                ?? base?.verbs ?? Verb.allCases
            : Verb.allCases.filter { verb in edits.contains { $0.verb == verb } }
        settings = try (base?.settings ?? []).extended(by: file.whole.settings, for: verbs)
        try check(own: file.whole.settings)
    }

    /// The settings that a picture holds; those that no key has are left out.
    public init(_ picture: PictureSettings) {
        name = picture.name
        summary = "the settings of a picture"
        verbs = Verb.allCases
        settings = picture.settings
        text = picture.text
        (variables, masks, axes, bases, mask, edits) = ([], [], [], [], nil, [])
        self.picture = picture
    }

    /// Its settings for a verb that it is made for.
    func layer(for verb: Verb, _ given: [Setting] = []) throws(RecipeError) -> Layer {
        guard edits.isEmpty, axes.isEmpty else {
            throw .severalEdits(preset: name, at: .argument("--preset"))
        }
        guard verbs.contains(verb) else {
            throw .wrongVerb(preset: name, verb: verb, madeFor: verbs)
        }
        if let picture {
            return try Layer(settings.filter { picture.isMeant($0.key, for: verb) }, for: verbs)
        }
        return try Layer(settings.filled(Variables(variables, given: given)), for: verbs)
    }

    /// All that can be checked before variables and masks are given.
    private func check(own: [Setting]) throws(RecipeError) {
        let standard = Variables(variables)
        // Each key has its use and its place before it is joined with others.
        _ = try Layer(known(own, standard), for: verbs)
        let shared = try Layer(known(settings, standard), for: verbs)
        if edits.isEmpty { try shared.checkStepless(for: verbs) }
        for edit in edits {
            let whole = try settings.extended(by: edit.settings, for: [edit.verb])
            _ = try Layer(known(edit.settings, standard), for: [edit.verb])
            try Layer(known(whole, standard), for: [edit.verb])
                .checkStepless(for: [edit.verb])
        }
        for (index, edit) in edits.enumerated() where index > 0 && edit.verb == .textToImage {
            throw .malformed(
                "only the first edit can be \(edit.verb.rawValue)", at: edit.origin,
                remedy: "begin with it, or use another verb")
        }
        for edit in edits where edit.mask != nil && edit.verb != .inpaint {
            throw .unused(
                key: "mask", at: edit.mask?.first?.origin ?? edit.origin, by: [edit.verb],
                usedBy: [.inpaint])
        }
        if let item = mask?.first, !verbs.contains(.inpaint) {
            throw .unused(key: "mask", at: item.origin, by: verbs, usedBy: [.inpaint])
        }
        _ = try knownMasks()
        try checkAxes()
    }

    /// Settings as far as their variables have values; those of the others must be declared.
    private func known(
        _ settings: [Setting], _ variables: Variables
    ) throws(RecipeError) -> [Setting] {
        var known: [Setting] = []
        for setting in settings {
            let template = try Template(setting.value, at: setting.origin)
            try variables.checkDeclared(template, at: setting.origin)
            if variables.complete(template) {
                known.append(try setting.filled(variables))
            } else if Recipe.key(setting.key) == nil {
                known.append(setting)
            }
        }
        return known
    }

    /// All masks as far as variables have values, as if those that must be given were.
    public func knownMasks() throws(RecipeError) -> [MaskPlan] {
        let variables = Variables(variables)
        var plans: [MaskPlan] = []
        let given = MaskPlan.Part(.alpha, subtracts: false, at: .argument("--mask"))
        var maker = MaskMaker(
            masks: masks, variables: variables,
            given: Dictionary(
                masks.filter(\.isOpen).map { ($0.name, [given]) }, uniquingKeysWith: { $1 }))
        let lists = masks.compactMap(\.items) + [mask].compactMap(\.self)
        for item in (lists + edits.compactMap(\.mask)).joined() {
            let template = try Template(item.text, at: item.origin)
            try variables.checkDeclared(template, at: item.origin)
            if variables.complete(template) { plans.append(try maker.plan([item])) }
        }
        return plans
    }

    private func checkAxes() throws(RecipeError) {
        guard axes.count <= 3 else {
            throw .malformed(
                "\(axes.count) lists", at: axes[3].origin, remedy: "a grid has three at most")
        }
        for axis in axes {
            guard case .key(let name) = axis.subject, let key = Recipe.key(name) else { continue }
            guard key.verbs.contains(where: verbs.contains) else {
                throw .unused(key: name, at: axis.origin, by: verbs, usedBy: key.verbs)
            }
        }
    }

    /// What two recipes declare, the second's in place of the first's of that name.
    private static func joined<Item>(
        _ first: [Item], _ second: [Item], by name: KeyPath<Item, String>
    ) -> [Item] {
        var joined: [Item] = []
        var places: [String: Int] = [:]
        for item in first + second {
            if let place = places[item[keyPath: name]] {
                joined[place] = item
            } else {
                places[item[keyPath: name]] = joined.count
                joined.append(item)
            }
        }
        return joined
    }

    fileprivate static func verbs(_ setting: Setting) throws(RecipeError) -> [Verb] {
        let verbs = setting.value.split(separator: ",").map { Verb(rawValue: $0.trimmed) }
        guard !verbs.isEmpty, !verbs.contains(nil) else {
            throw .badValue(
                key: "verb", value: setting.value, at: setting.origin,
                expected: "one or several of "
                    + Verb.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return verbs.compactMap(\.self)
    }

    private static func name(ofFile path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return file.split(separator: ".").first.map(String.init) ?? file
    }
}

extension Preset.Edit {
    init(_ section: RecipeSection, extending base: Preset?) throws(RecipeError) {
        if let base, base.hasEdits || !base.axes.isEmpty {
            throw .severalEdits(
                preset: base.name, at: section.base?.origin ?? section.origin)
        }
        guard
            let verb = try section.verb.map({ verb throws(RecipeError) in
                try Self.verb(verb)
            }) ?? base?.verbs.first
        else {
            throw .malformed(
                "an edit without a verb", at: section.origin,
                remedy: "write verb: and one of "
                    + Verb.allCases.map(\.rawValue).joined(separator: ", "))
        }
        if let base, !base.verbs.contains(verb) {
            throw .malformed(
                "'\(base.name.prefix(40))' is not for \(verb.rawValue)",
                at: section.base?.origin ?? section.origin,
                remedy: "use it with " + base.verbs.map(\.rawValue).joined(separator: ", "))
        }
        self.verb = verb
        settings = try (base?.settings ?? []).extended(by: section.settings, for: [verb])
        mask = section.mask ?? base?.mask
        origin = section.origin
    }

    private static func verb(_ setting: Setting) throws(RecipeError) -> Verb {
        guard let verb = Verb(rawValue: setting.value.trimmed) else {
            throw .badValue(
                key: "verb", value: setting.value, at: setting.origin,
                expected: "one of " + Verb.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return verb
    }
}
