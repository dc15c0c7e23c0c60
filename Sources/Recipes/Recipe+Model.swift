extension Recipe {
    /// The keys that a model may have its own values for.
    private static let modelKeys = [
        "steps", "guidance_scale", "strength", "scheduler", "width", "height",
    ]

    /// Those in which a model's own value precedes a shipped preset's, which suits models in general. A
    /// preset's strength is only ever lowered: it is a matter of taste up to where the model loses the
    /// picture.
    static let yieldingKeys = ["steps", "guidance_scale", "strength"]

    /// Whether a model's own value may be taken for a key: nobody chose one, or only a shipped preset.
    public func isOpen(_ key: String) -> Bool {
        switch key {
        case "steps": !choosesSteps || generalKeys.contains(key)
        case "guidance_scale": !choosesGuidanceScale || generalKeys.contains(key)
        case "strength": !choosesStrength || generalKeys.contains(key)
        case "scheduler": scheduler == nil
        case "width": width == nil
        case "height": height == nil
        default: false
        }
    }

    /// The recipe with a model's own values where the choice is open.
    ///
    /// - Parameter values: by key, as text; a key that the verb does not use is skipped.
    /// - Returns: the recipe, and what took a shipped preset's place: `guidance_scale 3`.
    /// - Throws: `RecipeError` for a key that a model has no say in and for a value out of range.
    public func completed(
        by values: [String: String], for verb: Verb, of model: String
    ) throws(RecipeError) -> (recipe: Recipe, replaced: [String]) {
        var (recipe, replaced) = (self, [String]())
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            let origin = Origin.argument(model)
            guard Self.modelKeys.contains(name), let key = Recipe.key(name) else {
                throw .unknownKey(name, at: origin, meant: nearMiss(name, among: Self.modelKeys))
            }
            var changed = recipe
            guard key.set(value, in: &changed) else {
                throw .badValue(key: name, value: value, at: origin, expected: key.expected)
            }
            let raises = generalKeys.contains("strength") && changed.strength > strength
            guard key.verbs.contains(verb), isOpen(name), !(name == "strength" && raises),
                key.value(in: self) != key.value(in: changed)
            else { continue }
            changed.generalKeys.remove(name)
            recipe = changed
            if generalKeys.contains(name) { replaced.append("\(name) \(value)") }
        }
        return (recipe, replaced)
    }
}
