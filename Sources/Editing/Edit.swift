public import Imaging
public import Recipes

/// All that the engine is given, whatever the verb: a recipe, a canvas, what of it may change, and how
/// strongly.
///
/// The factories in `Edit+ImageToImage.swift` and its siblings make one from a picture and a recipe;
/// from there on every verb goes the same way (`Editor`).
public struct Edit: Sendable {
    /// What is done.
    public let verb: Verb
    /// What was asked for, with the seed that is used.
    public let recipe: Recipe
    /// The seed that all noise comes from: the recipe's, or one that was drawn.
    public let seed: UInt64
    /// The picture the result is composited over; its channels, depth and metadata are kept.
    /// Nil when there is no picture (text to image).
    public let original: Image?
    /// The picture the model begins with: the original, filled where the recipe says so.
    let start: Image?
    /// How much of each pixel is replaced, 0...255; nil replaces all of `original`.
    public let mask: Mask?
    /// What the model repaints, 0 or 255, or in other modes than `hard` how strongly; nil is
    /// everything.
    let region: Mask?
    /// Size of the result in pixels.
    public let width: Int
    /// Size of the result in pixels.
    public let height: Int
    /// Share of the noise schedule that is run, in 0...1; nil starts from pure noise.
    public let strength: Double?
    /// Remarks for the user, in the order they arose.
    public let notes: [String]
    /// By how much the canvas is larger than the picture, where an edit extends it.
    let insets: Insets?
    /// What greys of `region` mean.
    let mode: MaskMode
    /// How it falls into passes.
    let division: Division
    /// How it is made larger for a second run; nil where there is none.
    let enlargement: Enlargement?
    /// The ControlNets that steer it.
    public var controls: [Control] = []
    /// Whether the prompt says what to change, to a model that is shown the picture.
    let isInstruction: Bool

    init(
        verb: Verb, recipe: Recipe, original: Image?, start: Image?, mask: Mask?, region: Mask?,
        width: Int, height: Int, strength: Double?, notes: [String], insets: Insets? = nil,
        mode: MaskMode = .hard, division: Division = .whole, isInstruction: Bool = false,
        enlargement: Enlargement? = nil
    ) {
        let seeded = recipe.drawingSeed()
        (self.verb, self.recipe, self.seed) = (verb, seeded.recipe, seeded.seed)
        (self.original, self.start, self.mask, self.region) = (original, start, mask, region)
        (self.width, self.height, self.strength, self.notes) = (width, height, strength, notes)
        (self.insets, self.mode, self.division) = (insets, mode, division)
        (self.isInstruction, self.enlargement) = (isInstruction, enlargement)
    }

    /// Whether the result is the original, because nothing may change.
    public var isIdentity: Bool {
        original != nil && (strength == 0 && enlargement == nil || region?.isEmpty == true)
    }

    /// Share of the result's pixels that may change, in 0...1.
    public var repaintedFraction: Double {
        guard !isIdentity else { return 0 }
        return mask.map { mask in
            Double(mask.values.count { $0 > 0 }) / Double(mask.values.count)
        } ?? 1
    }

    /// The result: what was painted, over the original wherever that may not change.
    func composited(_ painted: Image) -> Image {
        guard let original else { return painted }
        let mask = mask ?? Mask(width: width, height: height, filledWith: 255)
        return composite(original: original, generated: painted, mask: mask)
    }
}
