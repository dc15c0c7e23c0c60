public import Imaging
public import Recipes

extension Edit {
    /// What is white in `mask` is repainted; every pixel of `image` where it is black stays as it is.
    ///
    /// Greys count as white from the recipe's threshold up, 128 as in diffusers unless it says
    /// otherwise. The white is grown, and the recipe's feather fades the new part in, inside it.
    /// - Parameter revealing: whether transparent pixels become opaque where they are repainted;
    ///   nothing shines through these, so no feather reaches them.
    /// - Throws: `ImagingError.sizesDiffer` when the mask is not of the picture's size and the recipe
    ///   does not ask to fit it.
    public static func inpaint(
        _ image: Image, _ mask: Mask, _ recipe: Recipe, revealing: Bool = false
    ) throws -> Edit {
        try inpaint(image, conformed: recipe.conformed(mask, to: image), recipe, revealing)
    }

    /// What is white in the mask of a plan is repainted; transparent pixels that the plan names become
    /// opaque there.
    ///
    /// - Parameters:
    ///   - history: what earlier edits did to the canvas; nil if this is the first.
    ///   - read: reads a picture of the mask by its name.
    public static func inpaint(
        _ image: Image, _ plan: MaskPlan, _ recipe: Recipe, after history: CanvasHistory? = nil,
        read: @escaping (String) throws -> Image
    ) throws -> Edit {
        let drawing = MaskDrawing(for: image, history, conform: recipe.conformed, read: read)
        let avoided =
            recipe.avoid.isEmpty || recipe.fill != .patch
            ? nil
            : try drawing(
                MaskPlan(parts: recipe.avoid.map { .init($0, at: .argument("avoid")) }))
        return try inpaint(
            image, conformed: drawing(plan), recipe, plan.showsAlpha, avoiding: avoided)
    }

    private static func inpaint(
        _ image: Image, conformed fitted: Mask, _ recipe: Recipe, _ revealing: Bool,
        avoiding avoided: Mask? = nil
    ) throws -> Edit {
        let grown = (recipe.invertMask ? fitted.inverted : fitted).grown(by: recipe.maskGrow)
        var notes: [String] = []
        if recipe.strength == 0 { notes.append("strength is 0: the picture is unchanged") }
        if grown.isEmpty { notes.append(emptiness(of: fitted, recipe)) }
        var (region, share) = parts(of: grown, recipe)
        if region.isEmpty, !grown.isEmpty {
            notes.append(
                "mask_blur \(recipe.maskBlur) leaves nothing of the mask: the picture is unchanged")
        }
        let revealing = revealing && recipe.strength > 0
        if revealing {
            let hidden = region.subtracting(Mask(transparencyOf: image).inverted)
            share = share.united(with: hidden)
        }
        let original = revealing ? image.revealed(by: region) : image
        if recipe.fill.isFromSurroundings, !region.values.contains(0) {
            notes.append("the mask covers the whole picture: the fill has nothing to draw on")
        }
        return Edit(
            verb: .inpaint, recipe: recipe,
            original: original, start: original, mask: share, region: region,
            width: image.width, height: image.height, strength: recipe.strength,
            notes: notes + Self.notes(onFill: recipe, of: .inpaint),
            fill: Filling(recipe.fill).map {
                PendingFill(hole: region, filling: $0, avoided: avoided, isShown: false)
            }, mode: recipe.maskMode,
            division: division(recipe))
    }

    /// What the model repaints of a mask, and how much of it is shown.
    ///
    /// A feather is inside the mask. A blur reaches out of it: of a hard mask the model then
    /// repaints what is half white or more, all of which is shown, and the rest fades in the picture
    /// as AUTOMATIC1111 has it; of a region alone the blurred mask itself is shown. Soft modes show
    /// all of what they repaint, but for a short ramp where a mask ends.
    private static func parts(of mask: Mask, _ recipe: Recipe) -> (region: Mask, share: Mask) {
        let blurred = mask.blurred(sigma: recipe.maskBlur)
        guard recipe.maskMode == .hard else {
            let soft =
                recipe.maskFeather > 0 ? blurred.feathered(radius: recipe.maskFeather) : blurred
            return (soft, soft.brightened(by: 4))
        }
        guard recipe.maskBlur > 0 else {
            return (mask, mask.feathered(radius: recipe.maskFeather))
        }
        return (blurred.thresholded, recipe.region == .mask ? blurred : blurred.brightened(by: 2))
    }

    private static func division(_ recipe: Recipe) -> Division {
        guard recipe.region == .mask || recipe.perComponent else { return .whole }
        return .mask(
            padding: recipe.region == .mask ? recipe.maskPadding : nil,
            byComponent: recipe.perComponent)
    }

    /// Why nothing is repainted.
    private static func emptiness(of mask: Mask, _ recipe: Recipe) -> String {
        let isWhite = recipe.invertMask ? mask.inverted : mask
        guard isWhite.isEmpty else {
            return "mask_grow \(recipe.maskGrow) leaves nothing of the mask: "
                + "the picture is unchanged"
        }
        let level = max(recipe.maskThreshold, 1)
        let half = recipe.invertMask ? "\(level - 1) or darker" : "\(level) or lighter"
        return "no pixel of the mask is \(half): the picture is unchanged"
    }
}
