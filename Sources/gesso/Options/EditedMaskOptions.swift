import ArgumentParser
import Gesso

/// The mask of an edit that is looked at afterwards, shaped as the edit shaped it.
struct EditedMaskOptions: ParsableArguments {
    @Option(
        name: .customLong("mask"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "The mask of the edit: a file or what else `inpaint` takes; may be repeated.",
            valueName: "mask"),
        completion: .file())
    var masks: [String] = []

    @Flag(help: help("fit_mask", ""))
    var fitMask = false

    @Flag(help: "Outside is where the mask is white, as for an edit with --invert-mask.")
    var invertMask = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Greys from this level up are inside, 0 to 255; without it all that is not black is.",
            valueName: "grey"))
    var maskThreshold: String?

    @Option(parsing: .unconditional, help: help("mask_grow", "pixels"))
    var maskGrow: String?

    /// Whether no mask is given.
    var isEmpty: Bool { masks.isEmpty }

    /// Whether the mask that is given is to have another shape.
    var isShaped: Bool { fitMask || invertMask || maskThreshold != nil || maskGrow != nil }

    /// - Parameter pictures: the paths of the pictures, for standard input holds one only.
    func validate(with pictures: [String]) throws {
        try MaskOptions.checkPaths(pictures, masks)
    }

    /// What the options come to, white inside and black outside.
    ///
    /// - Parameters:
    ///   - image: the picture before the edit.
    ///   - read: reads a picture, and checks that it has the size of `image` unless it may be fitted.
    func mask(
        for image: Image, read: @escaping (_ path: String, _ mayBeFitted: Bool) throws -> Image
    ) throws -> Mask {
        let settings = [
            setting("fit_mask", fitMask), setting("invert_mask", invertMask),
            setting("mask_threshold", maskThreshold), setting("mask_grow", maskGrow),
            Setting("prompt", "", at: .argument("--prompt")),
        ].compactMap(\.self)
        let recipe = try Recipe(.inpaint, presets: [], settings: settings)
        let isThresholdGiven = maskThreshold != nil
        let drawing = MaskDrawing(for: image) { mask, image in
            let fitted = try mask.fitted(to: image, resizing: recipe.fitMask)
            // Fitting makes greys, which the edit made black or white.
            let isFitted = mask.width != image.width || mask.height != image.height
            return isThresholdGiven || isFitted
                ? fitted.thresholded(at: recipe.maskThreshold) : fitted
        } read: { path in
            try read(path, recipe.fitMask)
        }
        let drawn = try drawing(MaskPlan(words: masks))
        return (recipe.invertMask ? drawn.inverted : drawn).support.grown(by: recipe.maskGrow)
    }
}
