public import Imaging
public import Recipes

extension Edit {
    /// The canvas grows as the recipe says. What is new, and `overlap` pixels of the old along it,
    /// is painted over the recipe's fill, else an extension of the picture's edges; every other pixel stays as it is.
    ///
    /// - Throws: `RecipeError.canvas` when the recipe does not make the picture larger,
    ///   `ImagingError.tooLarge` when it makes it too large.
    public static func outpaint(_ image: Image, _ recipe: Recipe) throws -> Edit {
        let sides = try recipe.sides(width: image.width, height: image.height)
        let wanted = Insets(
            top: sides.top, left: sides.left, bottom: sides.bottom, right: sides.right)
        let insets = wanted.replacing(recipe.growth.sidesToMove, with: image.aligningBlocks(wanted))
        // Nothing of the old is painted where no model works.
        let isPainted = recipe.steps > 0 && recipe.strength > 0
        let canvas = try Canvas(
            extending: image, by: insets, overlap: isPainted ? recipe.overlap : 0)
        let region = Mask(
            width: canvas.mask.width, height: canvas.mask.height,
            values: canvas.mask.values.map { $0 > 0 ? 255 : 0 })
        let filling = recipe.fill == .edge ? nil : Filling(recipe.fill)
        let only = filling == nil ? "continues the edges" : "gets its fill"
        return Edit(
            verb: .outpaint, recipe: recipe,
            original: canvas.image, start: canvas.image, mask: canvas.mask,
            region: region, width: canvas.image.width, height: canvas.image.height,
            strength: recipe.strength,
            notes: (recipe.strength == 0 ? ["strength is 0: the new area only \(only)"] : [])
                + notes(onFill: recipe, of: .outpaint) + noteOnGrey(image, recipe),
            fill: filling.map {
                PendingFill(hole: canvas.newArea, filling: $0, isShown: true)
            }, insets: insets,
            division: recipe.canvasPasses == .one
                ? .whole
                : .canvas(around: canvas.pictureBox, filling: Filling(recipe.fill) ?? .edge))
    }
}

extension Growth {
    /// Whether a few pixels may go from one of two sides to the other, so that a JPEG's blocks are kept: of both sides only the
    /// sum is asked for, or a percentage.
    fileprivate var sidesToMove: (across: Bool, down: Bool) {
        guard case .sides(let left, let right, let top, let bottom) = self else {
            return (true, true)
        }
        return (left.isPercent && right.isPercent, top.isPercent && bottom.isPercent)
    }
}

extension Extent {
    fileprivate var isPercent: Bool { if case .percent = self { true } else { false } }
}

extension Insets {
    fileprivate func replacing(
        _ sides: (across: Bool, down: Bool), with other: Insets
    ) -> Insets {
        Insets(
            top: sides.down ? other.top : top, left: sides.across ? other.left : left,
            bottom: sides.down ? other.bottom : bottom,
            right: sides.across ? other.right : right)
    }
}
