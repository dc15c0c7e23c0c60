public import Imaging
import Recipes

extension Edit {
    /// The result without any model: the original with its masked part filled. Nil if there is no
    /// original.
    ///
    /// - Parameters:
    ///   - format: of the file that the result becomes, for the memory that takes; nil where that is not known yet.
    ///   - progress: called between any two pieces of a fill that takes long; what it throws ends it.
    public func filled(
        writing format: ImageFormat? = nil,
        progress: @escaping (Progress) throws -> Void = { _ in }
    ) throws -> EditResult? {
        let begun = try begun(writing: isIdentity ? nil : format, progress: progress)
        guard let original = begun.original, let start = begun.start else { return nil }
        let image = isIdentity ? original : begun.composited(start)
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
        // Masks that are not hard, and ComfyUI, know the picture at every strength.
        guard recipe.strength == 1, recipe.steps > 0, recipe.fill != Recipe(verb).fill,
            recipe.maskMode == .hard, !recipe.compatibility.startsFromPicture
        else { return [] }
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
