import Imaging
public import Recipes

extension Edit {
    /// The result without any model: the original with its masked part filled, and joined to it as the
    /// recipe says. Nil if there is no original.
    public func filled(_ recipe: Recipe) -> EditResult? {
        guard let original, let start else { return nil }
        var work = Workpiece(self, recipe)
        // As it is it keeps its depth; what is matched and blended has 8 bits, like a model's.
        let isPlain = recipe.blend == .feather && recipe.matchColor == .off
        if !isIdentity, !isPlain {
            work.lay(
                Workpiece.Painted(image: start.inSRGB.rgb8, shown: nil), Pass(wholeOf: self))
        }
        let image = isIdentity ? original : isPlain ? composited(start) : work.result ?? original
        return EditResult(
            image: image,
            report: EditReport(
                model: "none", seed: recipe.seed ?? 0, scheduler: "none", evaluations: 0,
                width: width, height: height, paddedWidth: width, paddedHeight: height,
                repaintedFraction: repaintedFraction, seconds: [:], notes: notes,
                seams: work.seams))
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
