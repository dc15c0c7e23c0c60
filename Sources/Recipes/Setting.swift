/// A key and its value as someone wrote them.
public struct Setting: Sendable, Equatable {
    /// Name of the key.
    public let key: String
    /// The value, as text.
    public let value: String
    /// Where the value was given, for errors.
    public let origin: Origin
    /// Where the key was given.
    public let keyOrigin: Origin
    /// The folder that the files in the value lie in; nil for the current one.
    private(set) var folder: String?
    /// Of a recipe's prompt, what is before, between and behind the places of `{prompt}`.
    var parts: [String]?

    /// A setting given at `origin`, its key there too if no other place is said; neither is checked.
    public init(_ key: String, _ value: String, at origin: Origin, keyAt keyOrigin: Origin? = nil) {
        self.key = key
        self.value = value
        self.origin = origin
        self.keyOrigin = keyOrigin ?? origin
    }

    /// The setting with its files in a folder: that of the recipe or list which it is from.
    package func from(folder: String?) -> Setting {
        var setting = self
        setting.folder = folder == "." ? nil : folder
        return setting
    }

    /// Reads `key=value`, the form that follows `--set`; the key may have `-` for `_`.
    ///
    /// - Throws: `RecipeError.malformed` if there is no `=`.
    public init(assignment: String) throws(RecipeError) {
        let origin = Origin.argument("--set")
        guard let equals = assignment.firstIndex(of: "=") else {
            throw .malformed(
                "'\(assignment.prefix(40))' sets nothing", at: origin,
                remedy: "write key=value")
        }
        let key = assignment[..<equals].map { $0 == "-" ? "_" : $0 }
        self.init(
            String(key), String(assignment[assignment.index(after: equals)...]), at: origin)
    }
}

/// Settings that were given together and have equal say.
struct Layer {
    private(set) var entries: [(key: Key, setting: Setting)] = []

    /// Checks each setting's key and value, and that they go together.
    ///
    /// - Parameter verbs: whose keys may be used.
    init(_ settings: [Setting], for verbs: [Verb]) throws(RecipeError) {
        var first: [String: Setting] = [:]
        for setting in settings {
            let key = try Layer.key(of: setting)
            if let earlier = first.updateValue(setting, forKey: key.name) {
                throw .repeated(
                    key: key.name, at: setting.keyOrigin, first: earlier.keyOrigin)
            }
            guard key.verbs.contains(where: verbs.contains) else {
                throw .unused(
                    key: key.name, at: setting.keyOrigin, by: verbs, usedBy: key.verbs)
            }
            var scratch = Recipe(.imageToImage)
            guard key.set(setting.value, in: &scratch) else {
                throw .badValue(
                    key: key.name, value: setting.value, at: setting.origin,
                    expected: key.expected(insteadOf: setting.value))
            }
            if case .file = setting.origin, Recipe.fileKeys.contains(key.name),
                !Recipe.staysInside(setting.value)
            {
                throw .badValue(
                    key: key.name, value: setting.value, at: setting.origin,
                    expected: "a name, or a path below the "
                        + (setting.folder == nil ? "current folder" : "folder of the file"))
            }
            if let folder = setting.folder {
                try scratch.lead(key, from: folder, at: setting.origin)
            }
            entries.append((key, setting))
        }
        try checkGrowth()
        entries.sort { Layer.order[$0.key.name, default: 0] < Layer.order[$1.key.name, default: 0] }
    }

    /// Applies what the verb uses; prompts are left to `Recipe.init`.
    func apply(to recipe: inout Recipe, for verb: Verb) {
        for (key, setting) in entries where key.verbs.contains(verb) {
            _ = key.set(setting.value, in: &recipe)
            // Checked as the layer was made.
            if let folder = setting.folder {
                try? recipe.lead(key, from: folder, at: setting.origin)
            }
            if Recipe.yieldingKeys.contains(key.name), setting.origin.isShipped {
                recipe.generalKeys.insert(key.name)
            } else {
                recipe.generalKeys.remove(key.name)
            }
        }
    }

    func text(_ name: String) -> String? { setting(name)?.value }

    func setting(_ name: String) -> Setting? {
        entries.first { $0.key.name == name }?.setting
    }

    private static let order = Dictionary(
        uniqueKeysWithValues: Recipe.keys.enumerated().map { ($1.name, $0) })

    private static func key(of setting: Setting) throws(RecipeError) -> Key {
        if let key = Recipe.key(setting.key) { return key }
        let elsewhere = Recipe.key(calledElsewhere: setting.key)
        // What a recipe may have has no place in a line of a list.
        let others = names(at: setting.keyOrigin).filter { $0 != setting.key }
        throw .unknownKey(
            setting.key, at: setting.keyOrigin,
            meant: elsewhere?.name ?? nearMiss(setting.key, among: others))
    }

    /// What a key can be called there.
    private static func names(at origin: Origin) -> [String] {
        let names = Recipe.keys.map(\.name)
        if case .file = origin { return names + RecipeFile.keys }
        return names
    }

    /// A file that asks for no steps must name the fill that is to stand as it is, or be for verbs that have one.
    func checkStepless(for verbs: [Verb]) throws(RecipeError) {
        guard let steps = setting("steps"), Int(steps.value) == 0 else { return }
        let fill = text("fill").flatMap { Fill($0) }
        if verbs.allSatisfy({ (fill ?? Recipe($0).fill).isPicture }) { return }
        throw .badValue(
            key: "steps", value: steps.value, at: steps.origin, expected: expectedSteps(of: verbs))
    }

    /// A canvas grows by sides, to an aspect or to a size.
    private func checkGrowth() throws(RecipeError) {
        let forms = Recipe.growthForms
        let growing = entries.filter { entry in forms.joined().contains(entry.key.name) }
        for (key, setting) in growing.dropFirst() {
            let first = growing[0].key.name
            guard forms.contains(where: { $0.contains(first) && $0.contains(key.name) }) else {
                throw .conflict(key: first, with: key.name, at: setting.keyOrigin)
            }
        }
    }
}

extension Recipe {
    /// The key that has a name in other programs; nil where none has.
    static func key(calledElsewhere name: String) -> Key? {
        keys.first { $0.namesElsewhere.contains(name) }
    }
}

extension Recipe {
    /// The recipe that results from a verb's defaults, presets in their order, and settings given
    /// directly: each overrides the ones before it.
    ///
    /// The prompts follow one rule more. Where a preset's prompt holds `{prompt}`, the prompt so far
    /// takes its place: what was given directly, put through the presets in their order. Without the
    /// placeholder a preset's prompt is used only if none was given directly. The negative prompt
    /// is treated alike.
    ///
    /// - Parameter variables: values for the presets' variables, by name.
    /// - Throws: `RecipeError` for settings that do not exist, are out of range, do not go together
    ///   or are of no use to the verb (in a preset, to none of its verbs), for a prompt that nobody
    ///   gave, and for variables without a value or without a use.
    public init(
        _ verb: Verb, presets: [Preset] = [], settings: [Setting] = [], variables: [Setting] = []
    ) throws(RecipeError) {
        try Variables.check(variables, for: presets.flatMap(\.variables))
        var layers: [Layer] = []
        for preset in presets { layers.append(try preset.layer(for: verb, variables)) }
        try self.init(verb, layers, Layer(settings, for: [verb]))
    }

    /// The recipe that layers come to, each over the ones before it, and what is given directly over
    /// all.
    init(_ verb: Verb, _ layers: [Layer], _ direct: Layer) throws(RecipeError) {
        self.init(verb)
        for layer in layers + [direct] { layer.apply(to: &self, for: verb) }

        func combined(_ name: String) throws(RecipeError) -> String? {
            try combine(layers.compactMap { $0.setting(name) }, with: direct.text(name))
        }
        if steps == 0 { try checkStepless(verb, layers + [direct]) }
        try checkReuse(layers + [direct])
        // Where nothing is repainted no words are needed, and styles bring their own.
        let none: String? = steps == 0 || strength == 0 || !styles.isEmpty ? "" : nil
        guard let prompt = try combined("prompt") ?? none else {
            throw .missing(key: "prompt", verb: verb)
        }
        self.prompt = prompt
        self.negativePrompt = try combined("negative_prompt") ?? ""
        if isDrawnOtherwise("prompt", self.prompt, layers, direct) { wildcardPrompt = nil }
        if isDrawnOtherwise("negative_prompt", self.negativePrompt, layers, direct) {
            wildcardNegativePrompt = nil
        }
    }
}

extension Recipe {
    /// Whether what a prompt was drawn from was noted beside another prompt, or another seed.
    private func isDrawnOtherwise(
        _ key: String, _ prompt: String, _ layers: [Layer], _ direct: Layer
    ) -> Bool {
        let record = "wildcard_" + key
        if direct.setting(record) != nil { return false }
        guard let source = layers.last(where: { $0.setting(record) != nil }) else { return false }
        if direct.setting(key) != nil || source.text(key) ?? "" != prompt { return true }
        guard let drawnBy = source.text("seed").flatMap({ UInt64($0) }) else { return false }
        return seed != drawnBy
    }

    /// The recipe without what its prompts were drawn from, where they are other prompts than those of `earlier`.
    func forgettingDraws(unlessOf earlier: Recipe) -> Recipe {
        var recipe = self
        if prompt != earlier.prompt { recipe.wildcardPrompt = nil }
        if negativePrompt != earlier.negativePrompt { recipe.wildcardNegativePrompt = nil }
        return recipe
    }

    /// The recipe with another seed. What its prompts were drawn from by an earlier one is forgotten.
    package func seeded(_ seed: UInt64?) -> Recipe {
        var seeded = self
        if let earlier = self.seed, earlier != seed {
            (seeded.wildcardPrompt, seeded.wildcardNegativePrompt) = (nil, nil)
        }
        seeded.seed = seed
        return seeded
    }

    /// What is kept around a mask is that of a whole call, with all of its pixels.
    private func checkReuse(_ layers: [Layer]) throws(RecipeError) {
        let others = [("deep_cache", deepCache > 1), ("token_merging", tokenMerging > 0)]
        guard reuse > 1, let other = others.first(where: \.1)?.0,
            let setting = layers.compactMap({ $0.setting("reuse") }).last
        else { return }
        throw .exclusive(
            key: "reuse", with: other,
            because: "since reuse needs all of the UNet's layers at all of its pixels",
            at: setting.origin)
    }

    /// Without steps there must be a fill to stand as it is.
    private func checkStepless(_ verb: Verb, _ layers: [Layer]) throws(RecipeError) {
        guard !fill.isPicture, let setting = layers.compactMap({ $0.setting("steps") }).last else {
            return
        }
        throw .badValue(
            key: "steps", value: setting.value, at: setting.origin,
            expected: expectedSteps(of: [verb]))
    }
}

/// What `steps` has to be, or beside which fill it may be 0.
private func expectedSteps(of verbs: [Verb]) -> String {
    let canBeFilled = verbs.contains { Recipe.key("fill")?.verbs.contains($0) == true }
    return "a whole number from 1 to 1000"
        + (canBeFilled ? ", or fill blur, edge, patch or a colour" : "")
}

/// The text given directly, put through the presets' texts in their order.
private func combine(
    _ texts: [Setting], with given: String?
) throws(RecipeError) -> String? {
    var text = given
    for setting in texts {
        if let parts = setting.parts, parts.count > 1 {
            let length = parts.reduce((parts.count - 1) * (text ?? "").utf8.count) {
                $0 + $1.utf8.count
            }
            guard length <= Recipe.longestText else { throw .longPrompt(at: setting.origin) }
            text = joined(parts, around: text ?? "")
        } else if given == nil {
            text = setting.value
        }
    }
    return text
}

/// Puts `text` between the parts; with nothing to put there, its comma goes too.
private func joined(_ parts: [String], around text: String) -> String {
    guard text.isEmpty else { return parts.joined(separator: text) }
    let used = Set(parts.joined().unicodeScalars)
    let unused = (UInt32(0xE000)...0x10FFFF).lazy.compactMap(Unicode.Scalar.init)
        .first { !used.contains($0) }
    let gap = unused.map { String($0) } ?? "\u{1}"
    let phrases = parts.joined(separator: gap).split(separator: ",").map(\.trimmed)
        .filter { $0 != gap }
    return phrases.joined(separator: ", ").replacing(gap, with: "")
}

extension String {
    /// How often a text is in this one, places that overlap counted once.
    func count(of text: String) -> Int {
        var (count, rest) = (0, utf8[...])
        let bytes = Array(text.utf8)
        while let first = rest.firstIndex(of: bytes[0]) {
            let isFound = rest[first...].starts(with: bytes)
            rest = rest[first...].dropFirst(isFound ? bytes.count : 1)
            count += isFound ? 1 : 0
        }
        return count
    }
}

extension Unicode.Scalar {
    /// Whether it cannot stand in a recipe file but as an escape: a control character, a separator of lines that
    /// YAML takes for a line end, a byte order mark or no character.
    var isControlInRecipe: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    /// Whether it is a letter, a digit or `_`.
    var isOfWord: Bool {
        // The tables of Unicode take long to look up.
        if isASCII {
            return (0x61...0x7A).contains(value | 0x20) || (0x30...0x39).contains(value)
                || self == "_"
        }
        return properties.isAlphabetic || properties.numericType != nil
    }
}

extension StringProtocol {
    /// Without the white space around it, found by Unicode scalars: going back over characters can
    /// take time that grows with the square of the length.
    package var trimmed: String {
        let scalars = String(self).unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }

    /// Without the mark of the order of bytes at its beginning, which is no part of a text.
    var withoutByteOrderMark: String {
        let scalars = String(self).unicodeScalars
        return String(scalars.first == "\u{FEFF}" ? scalars.dropFirst() : scalars[...])
    }

    /// Without the white space at its end.
    var trimmingEnd: String {
        let scalars = String(self).unicodeScalars
        let last = scalars.lastIndex { !$0.properties.isWhitespace }
        return last.map { String(scalars[...$0]) } ?? ""
    }
}
