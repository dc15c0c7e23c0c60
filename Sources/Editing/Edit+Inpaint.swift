public import Imaging
public import Recipes

extension Edit {
    /// What is white in `mask` is repainted; every pixel of `image` where it is black stays as it is.
    ///
    /// Greys count as white from the recipe's threshold up, 128 as in diffusers unless it says
    /// otherwise. The white is grown, and the recipe's feather fades the new part in, inside it.
    /// - Throws: `ImagingError.sizesDiffer` when the mask is not of the picture's size and the recipe
    ///   does not ask to fit it.
    public static func inpaint(
        _ image: Image, _ mask: Mask, _ recipe: Recipe
    ) throws -> Edit {
        try inpaint(image, conformed: recipe.conformed(mask, to: image), recipe)
    }

    /// What is white in the mask of a plan is repainted; pixels whose transparency the plan names become
    /// opaque there, however little of it they have.
    ///
    /// - Parameters:
    ///   - history: what earlier edits did to the canvas; nil if this is the first.
    ///   - read: reads a picture of the mask by its name.
    public static func inpaint(
        _ image: Image, _ plan: MaskPlan, _ recipe: Recipe, after history: CanvasHistory? = nil,
        read: @escaping (String) throws -> Image
    ) throws -> Edit {
        var stretched: [String] = []
        let conform = { (mask: Mask, image: Image) throws -> Mask in
            if let note = Self.stretching(of: mask, to: image), !stretched.contains(note) {
                stretched.append(note)
            }
            return try recipe.conformed(mask, to: image)
        }
        let drawing = MaskDrawing(for: image, history, conform: conform, read: read)
        let avoided =
            recipe.avoid.isEmpty || recipe.fill != .patch
            ? nil
            : try drawing(
                MaskPlan(parts: recipe.avoid.map { .init($0, at: .argument("avoid")) }))
        let mask = try drawing(plan)
        if mask.isEmpty, !recipe.invertMask { try checkColors(of: plan) }
        let isAlphaAlone = plan.parts.allSatisfy { $0.source == .alpha }
        if isAlphaAlone, reveals(plan.showsAlpha, recipe), recipe.maskMode == .hard,
            recipe.maskThreshold != Recipe(.inpaint).maskThreshold
        {
            stretched.append(
                "the mask is alpha: mask_threshold has no effect, all that is not opaque is repainted"
            )
        }
        return try inpaint(
            image, conformed: mask, recipe, revealing: plan.showsAlpha, avoiding: avoided,
            notes: stretched)
    }

    /// Whether pixels of the picture become opaque.
    private static func reveals(_ showsAlpha: Bool, _ recipe: Recipe) -> Bool {
        showsAlpha && !recipe.invertMask && recipe.strength > 0
    }

    /// A mask of nothing but colours that are nowhere is as wrong as a shape outside of the picture.
    ///
    /// - Throws: `EditingError.colorNowhere`, of the first colour.
    private static func checkColors(of plan: MaskPlan) throws {
        // What is taken away or shrunk may have been there.
        guard plan.grow >= 0, !plan.inverts, plan.parts.allSatisfy({ !$0.subtracts }) else {
            return
        }
        let colors = plan.parts.compactMap { part -> EditingError? in
            guard case .color = part.source, let text = part.source.text else { return nil }
            return .colorNowhere(String(text.dropFirst("color:".count)), at: "\(part.origin)")
        }
        guard colors.count == plan.parts.count, let first = colors.first else { return }
        throw first
    }

    /// A note on a mask that is on its side, or whose shape is not the picture's by more than a few percent.
    private static func stretching(of mask: Mask, to image: Image) -> String? {
        if image.isStored(withWidth: mask.width, height: mask.height) {
            return "the mask is \(mask.width)x\(mask.height), as the file stores the picture: it "
                + "is turned as EXIF turns that"
        }
        let (shape, other) = (mask.width * image.height, image.width * mask.height)
        guard 100 * abs(shape - other) > 3 * max(shape, other) else { return nil }
        return "the mask is \(mask.width)x\(mask.height), the picture "
            + "\(image.width)x\(image.height): the mask is stretched to the picture's shape"
    }

    private static func inpaint(
        _ image: Image, conformed fitted: Mask, _ recipe: Recipe,
        revealing: Bool = false, avoiding avoided: Mask? = nil, notes: [String] = []
    ) throws -> Edit {
        let isRevealing = reveals(revealing, recipe)
        // All that something shines through is repainted, however little: a rim would be left otherwise.
        let shape =
            isRevealing || recipe.maskMode != .hard
            ? fitted : fitted.thresholded(at: recipe.maskThreshold)
        let grown = (recipe.invertMask ? shape.inverted : shape).grown(by: recipe.maskGrow)
        var notes = notes
        if recipe.strength == 0 { notes.append("strength is 0: the picture is unchanged") }
        if grown.isEmpty { notes.append(emptiness(of: shape, recipe)) }
        let (region, share) = parts(
            of: grown, recipe, hidden: isRevealing ? Mask(transparencyOf: image) : nil)
        if region.isEmpty, !grown.isEmpty {
            notes.append(
                "mask_blur \(recipe.maskBlur) leaves nothing of the mask: the picture is unchanged")
        }
        let original = isRevealing ? image.revealed(by: region) : image
        if recipe.strength > 0 { notes += transparency(of: original, in: region) }
        if recipe.fill.isFromSurroundings, !region.values.contains(0) {
            notes.append("the mask is white everywhere: there are no surroundings to fill it from")
        }
        return Edit(
            verb: .inpaint, recipe: recipe,
            original: original, start: original, mask: share, region: region,
            width: image.width, height: image.height, strength: recipe.strength,
            notes: notes + Self.notes(onFill: recipe, of: .inpaint)
                + noteOnGrey(image, recipe),
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
    /// all of what they repaint, but for a short ramp where a mask ends. A fill from the surroundings that no
    /// model works on meets them at the border already: a feather would only bring back what was to be removed.
    ///
    /// - Parameter hidden: how transparent the picture is, where it is to become opaque: it is laid over what
    ///   is painted as far as it is not. Nil for a picture that stays as transparent as it is.
    private static func parts(
        of mask: Mask, _ recipe: Recipe, hidden: Mask?
    ) -> (region: Mask, share: Mask) {
        let blurred = mask.blurred(sigma: recipe.maskBlur)
        guard recipe.maskMode == .hard else {
            let soft =
                recipe.maskFeather > 0 ? blurred.feathered(radius: recipe.maskFeather) : blurred
            return (soft, showing(hidden, in: soft, soft.brightened(by: 4)))
        }
        let isBlurred = recipe.maskBlur > 0
        var region = isBlurred ? blurred.thresholded : mask
        if hidden != nil { region = region.united(with: mask).support }
        if recipe.steps == 0, recipe.fill.isFromSurroundings {
            return (region, isBlurred || hidden == nil ? region : mask)
        }
        guard isBlurred else {
            return (region, showing(hidden, in: region, mask.feathered(radius: recipe.maskFeather)))
        }
        let share = recipe.region == .mask ? blurred : blurred.brightened(by: 2)
        return (region, showing(hidden, in: region, share))
    }

    /// How much is shown where a picture becomes opaque: no less than it was transparent.
    private static func showing(_ hidden: Mask?, in region: Mask, _ share: Mask) -> Mask {
        hidden.map { share.united(with: region.subtracting($0.inverted)) } ?? share
    }

    /// A note where much of what is repainted cannot be seen.
    private static func transparency(of picture: Image, in region: Mask) -> [String] {
        guard picture.hasAlpha else { return [] }
        let hidden = region.support.subtracting(Mask(transparencyOf: picture).inverted)
        let (unseen, all) = (
            hidden.values.count { $0 >= 128 }, region.values.count { $0 > 0 }
        )
        guard unseen > 0, 100 * unseen >= all else { return [] }
        let percent = max(100 * unseen / all, 1)
        return [
            "\(percent) % of what is repainted is transparent in the picture and stays so: "
                + "add the mask alpha to make it opaque"
        ]
    }

    private static func division(_ recipe: Recipe) -> Division {
        guard recipe.region == .mask || recipe.perComponent else { return .whole }
        return .mask(
            padding: recipe.region == .mask ? recipe.maskPadding : nil,
            size: recipe.regionShape, byComponent: recipe.perComponent)
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
