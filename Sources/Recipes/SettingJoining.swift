extension [Setting] {
    /// These settings, as far as the verbs have a use for them, with others that extend them.
    ///
    /// The others go before, but for prompts: where either holds `{prompt}`, the other's text goes
    /// there. A canvas grows by one way only, the nearer one.
    ///
    /// - Parameter near: the others; none of these is left out.
    func extended(by near: [Setting], for verbs: [Verb]) throws(RecipeError) -> [Setting] {
        let names = Set(near.map(\.key))
        let grows = Recipe.growthForms.first { !names.isDisjoint(with: $0) }
        var joined = filter { setting in
            guard !names.contains(setting.key),
                Recipe.key(setting.key)?.verbs.contains(where: verbs.contains) == true
            else { return false }
            let isGrowth = Recipe.growthForms.contains { $0.contains(setting.key) }
            return grows.map { !isGrowth || $0.contains(setting.key) } ?? true
        }
        for setting in near {
            let other = first { $0.key == setting.key }
            joined.append(
                try other.flatMap { other throws(RecipeError) in
                    try setting.joined(with: other)
                } ?? setting)
        }
        return joined
    }

    /// These settings with others in the place of those of the same key.
    func replaced(by others: [Setting]) -> [Setting] {
        filter { setting in !others.contains { $0.key == setting.key } } + others
    }

    /// These settings with the variables' values in them.
    func filled(_ variables: Variables) throws(RecipeError) -> [Setting] {
        var filled: [Setting] = []
        for setting in self { filled.append(try setting.filled(variables)) }
        return filled
    }
}

extension Setting {
    /// A prompt in which another stands; nil where neither has a place for the other.
    fileprivate func joined(with far: Setting) throws(RecipeError) -> Setting? {
        guard key == "prompt" || key == "negative_prompt",
            let inner = try? Template(value, at: origin),
            let outer = try? Template(far.value, at: far.origin)
        else { return nil }
        if inner.pieces.isEmpty { return nil }
        let text: Template
        if outer.names.contains(Template.prompt) {
            text = try outer.holding(inner, at: origin)
        } else if inner.names.contains(Template.prompt) {
            text = try inner.holding(outer, at: origin)
        } else {
            return nil
        }
        return Setting(key, text.text, at: origin, keyAt: keyOrigin)
    }
}

extension Recipe {
    /// The ways in which a canvas can grow, by their keys.
    static let growthForms: [Set<String>] = [
        ["left", "right", "top", "bottom"], ["aspect"], ["size"],
    ]
}
