/// An edit of a recipe with all that is asked for.
public struct RecipeEdit: Sendable, Equatable {
    /// What is done.
    public let verb: Verb
    /// What is asked for; its seed is set.
    public var recipe: Recipe
    /// What is repainted; nil but for inpainting.
    public let mask: MaskPlan?
    /// Where it is in the file.
    public let origin: Origin
}

/// What is given for a recipe from outside of it.
public struct RecipeGiven: Sendable {
    /// Values of variables, by name.
    public var variables: [Setting]
    /// What masks are made of, by name.
    public var masks: [String: [MaskPlan.Part]]
    /// Settings that go before the recipe's, in each edit that has a use for them. A prompt goes where
    /// `{prompt}` stands, and to edits that have none.
    public var settings: [Setting]
    /// Settings of a cell of the grid, in place of what the edits share.
    public var varied: [Setting] = []

    /// Things given for a recipe.
    public init(
        variables: [Setting] = [], masks: [String: [MaskPlan.Part]] = [:],
        settings: [Setting] = []
    ) {
        (self.variables, self.masks, self.settings) = (variables, masks, settings)
    }
}

extension Preset {
    /// The edits that it comes to: its own, or one of its first verb. Edit n, from 0, has the seed of the
    /// first plus n, unless it says its own.
    ///
    /// - Parameter seed: that of the first if nothing says one; drawn if there is none.
    /// - Throws: `RecipeError` for what is missing, does not exist, or has no use.
    public func edits(_ given: RecipeGiven, seed: UInt64? = nil) throws(RecipeError) -> [RecipeEdit]
    {
        try Variables.check(given.variables, for: variables)
        let variables = Variables(variables, given: given.variables)
        let steps = edits.isEmpty ? [try alone()] : edits
        let shared = edits.isEmpty ? [] : settings
        try checkUse(of: given, by: steps)
        var maker = MaskMaker(masks: masks, variables: variables, given: given.masks)
        var made: [RecipeEdit] = []
        var first = seed
        for (index, step) in steps.enumerated() {
            var whole = try shared.replaced(by: given.varied).extended(
                by: step.settings, for: [step.verb])
            if edits.isEmpty { whole = whole.replaced(by: given.varied) }
            let mask = try step.mask.map { items throws(RecipeError) in try maker.plan(items) }
            if step.verb == .inpaint, mask == nil { throw .missingMask(nil, at: step.origin) }
            if let feather = try mask?.setting(beside: whole + given.settings, at: step.origin) {
                whole.append(feather)
            }
            let layer = try Layer(whole.filled(variables), for: [step.verb])
            var recipe = try Recipe(step.verb, [layer], direct(given.settings, step.verb, layer))
            let own = step.settings.contains { $0.key == "seed" } && !edits.isEmpty
            if !own || given.settings.contains(where: { $0.key == "seed" }) {
                first = recipe.seed ?? first ?? Recipe(step.verb).drawingSeed().seed
                recipe = recipe.seeded(first.map { $0 &+ UInt64(index) })
            }
            recipe = recipe.drawingSeed().recipe
            if index == 0 { first = recipe.seed }
            made.append(
                RecipeEdit(verb: step.verb, recipe: recipe, mask: mask, origin: step.origin))
        }
        return made
    }

    /// The verb of what is no list of edits.
    private func alone() throws(RecipeError) -> Edit {
        let verb = verbs.first ?? .imageToImage
        return Edit(
            verb: verb, settings: try settings.extended(by: [], for: [verb]),
            mask: verb == .inpaint ? mask : nil, origin: .argument(name))
    }

    /// What goes before the recipe's own settings in an edit.
    private func direct(
        _ settings: [Setting], _ verb: Verb, _ layer: Layer
    ) throws(RecipeError) -> Layer {
        let hasOwnPrompt = layer.setting("prompt").map { ($0.parts?.count ?? 1) == 1 } ?? false
        return try Layer(
            settings.filter { setting in
                guard let key = Recipe.key(setting.key) else { return true }
                if edits.isEmpty { return true }
                return key.verbs.contains(verb) && !(setting.key == "prompt" && hasOwnPrompt)
            }, for: [verb])
    }

    /// What is given must have a use in some edit.
    private func checkUse(of given: RecipeGiven, by steps: [Edit]) throws(RecipeError) {
        let verbs = steps.map(\.verb)
        for setting in given.settings + given.varied {
            guard let key = Recipe.key(setting.key) else { continue }
            guard key.verbs.contains(where: verbs.contains) else {
                throw .unused(key: key.name, at: setting.keyOrigin, by: verbs, usedBy: key.verbs)
            }
        }
        for setting in given.varied where !edits.isEmpty {
            let takers = steps.filter { step in
                Recipe.key(setting.key)?.verbs.contains(step.verb) == true
                    && !step.settings.contains { $0.key == setting.key }
            }
            guard takers.isEmpty else { continue }
            throw .malformed(
                "each edit has its own \(setting.key)", at: setting.keyOrigin,
                remedy: "write a variable there and vary that")
        }
        if let prompt = given.settings.first(where: { $0.key == "prompt" }), !edits.isEmpty {
            var texts: [Setting?] = []
            for step in steps {
                let whole = try settings.extended(by: step.settings, for: [step.verb])
                texts.append(whole.first { $0.key == "prompt" })
            }
            let hasPlace = texts.contains { text in
                text.map {
                    (try? Template($0.value, at: $0.origin))?.names.contains(Template.prompt)
                        ?? false
                } ?? true
            }
            guard hasPlace else {
                throw .malformed(
                    "no edit has a place for a prompt", at: prompt.origin,
                    remedy: "leave it out, or write {\(Template.prompt)} in the recipe")
            }
        }
        for name in given.masks.keys.sorted() where !masks.contains(where: { $0.name == name }) {
            throw .unknownMask(
                name, at: .argument("--mask"), meant: nearMiss(name, among: masks.map(\.name)))
        }
    }
}

extension MaskPlan {
    /// The feather that its masks ask for, where the edit does not say one.
    fileprivate func setting(
        beside settings: [Setting], at origin: Origin
    ) throws(RecipeError) -> Setting? {
        let feathers = feathers
        guard !settings.contains(where: { ["mask_feather", "mask_blur"].contains($0.key) }),
            let feather = feathers.first
        else { return nil }
        guard feathers.count == 1 else {
            throw .malformed(
                "its masks fade differently", at: origin, remedy: "write mask_feather in the edit")
        }
        return Setting("mask_feather", "\(feather)", at: origin)
    }
}
