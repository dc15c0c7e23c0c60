import Imaging
import Recipes

extension Edit {
    /// The result without any model: the original with its masked part filled. Nil if there is no
    /// original.
    public func filled() -> EditResult? {
        guard let original, let start else { return nil }
        let image = isIdentity ? original : composited(start)
        return EditResult(
            image: image, recipe: recipe,
            report: EditReport(
                model: "none", seed: seed, scheduler: "none", evaluations: 0,
                width: width, height: height, paddedWidth: width, paddedHeight: height,
                repaintedFraction: repaintedFraction, seconds: [:],
                settingNotes: recipe.idleSettings(of: verb), notes: notes))
    }

    /// What to say of a fill that the model never sees.
    static func notes(onFill recipe: Recipe, of verb: Verb) -> [String] {
        guard recipe.strength == 1, recipe.steps > 0, recipe.fill != Recipe(verb).fill else {
            return []
        }
        return ["strength is 1: all under the mask is forgotten, the fill too; give less"]
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
