import Imaging
import Recipes

extension Edit {
    /// The result without any model: the original with its masked part filled. Nil if there is no
    /// original.
    ///
    /// - Parameter progress: called between any two pieces of a fill that takes long; what it throws ends it.
    public func filled(
        progress: @escaping (Progress) throws -> Void = { _ in }
    ) throws -> EditResult? {
        let begun = try begun(progress: progress)
        guard let original = begun.original, let start = begun.start else { return nil }
        let image = isIdentity ? original : begun.covered(by: start)
        return EditResult(
            image: image, recipe: recipe,
            report: EditReport(
                model: "none", seed: seed, scheduler: "none", evaluations: 0,
                width: width, height: height, paddedWidth: width, paddedHeight: height,
                repaintedFraction: repaintedFraction, seconds: [:],
                settingNotes: recipe.idleSettings(of: verb), notes: notes))
    }

    /// The result of a fill that no model works on.
    ///
    /// What is drawn from the surroundings meets them at the border of the mask already: a feather would only
    /// bring back what was to be removed, so the fill covers all of the mask.
    private func covered(by filled: Image) -> Image {
        guard mode == .hard, recipe.fill.isFromSurroundings, mask != nil, let region, let original
        else { return composited(filled) }
        return composite(original: original, generated: filled, mask: region)
    }

    /// What to say of a fill that the model never sees.
    static func notes(onFill recipe: Recipe, of verb: Verb) -> [String] {
        guard recipe.strength == 1, recipe.steps > 0, recipe.fill != Recipe(verb).fill else {
            return []
        }
        return ["strength is 1: the fill has no effect; give less to use it"]
    }
}

extension Filling {
    /// The filling of pixels that a fill asks for; nil if it asks for none.
    init?(_ fill: Fill) {
        switch fill {
        case .original, .noise, .nothing: return nil
        case .blur: self = .blur
        case .edge: self = .edge
        case .patch: self = .patch
        case .color(let color): self = .color(red: color.red, green: color.green, blue: color.blue)
        }
    }
}

extension Fill {
    /// Whether it is drawn from what is around the mask.
    var isFromSurroundings: Bool { [.blur, .edge, .patch].contains(self) }
}
