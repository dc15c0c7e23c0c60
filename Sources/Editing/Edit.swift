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
    public private(set) var original: Image?
    /// The picture the model begins with, `fill` not yet carried out.
    private(set) var start: Image?
    /// What is filled before the model begins; nil is nothing.
    private(set) var fill: PendingFill?
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
    /// Where the picture that the edit begins with is on the canvas.
    var pictureBox: Box {
        let insets = insets ?? Insets()
        return Box(
            x: insets.left, y: insets.top, width: width - insets.left - insets.right,
            height: height - insets.top - insets.bottom)
    }
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
        width: Int, height: Int, strength: Double?, notes: [String], fill: PendingFill? = nil,
        insets: Insets? = nil, mode: MaskMode = .hard, division: Division = .whole,
        isInstruction: Bool = false, enlargement: Enlargement? = nil
    ) {
        let seeded = recipe.drawingSeed()
        (self.verb, self.recipe, self.seed) = (verb, seeded.recipe, seeded.seed)
        (self.original, self.start, self.mask, self.region) = (original, start, mask, region)
        (self.width, self.height, self.strength, self.notes) = (width, height, strength, notes)
        (self.insets, self.mode, self.division) = (insets, mode, division)
        (self.isInstruction, self.enlargement, self.fill) = (isInstruction, enlargement, fill)
    }

    /// A part of an original that is filled, which may take longer than the model: planned with the
    /// edit, carried out when that begins.
    struct PendingFill: Sendable {
        /// All that is not black.
        let hole: Mask
        let filling: Filling
        /// What no patch is taken from; nil is nothing.
        var avoided: Mask? = nil
        /// Whether the result shows the fill where nothing is painted over it, as on a new canvas.
        let isShown: Bool
    }

    /// The same edit, its fill carried out and the maps of its ControlNets drawn.
    ///
    /// - Parameters:
    ///   - format: of the file that the filled picture becomes, for the memory that takes; nil where it becomes none.
    ///   - progress: called between any two pieces of a fill that takes long; what it throws ends it.
    func begun(
        writing format: ImageFormat? = nil, progress: @escaping (Progress) throws -> Void
    ) throws -> Edit {
        var begun = self
        if let fill, let original, !isIdentity || fill.isShown {
            begun.fill = nil
            try fillMemory(writing: format).check()
            begun.start = try original.filled(
                where: fill.hole, with: fill.filling, avoiding: fill.avoided,
                progress: Progress.filling(progress))
            if fill.isShown { begun.original = begun.start }
        }
        begun.controls = controls.map { $0.drawn(from: begun.start) }
        return begun
    }

    /// What the fill needs of memory, and its result after that, with the picture and the program: what is taken
    /// already is in it, so that some is left beside what a check finds free.
    ///
    /// Measured on pictures of 12 and 24 megapixels, and rounded up.
    ///
    /// - Parameter format: of the file that the result becomes; nil where that is not known yet.
    func fillMemory(writing format: ImageFormat? = nil) -> MemoryPlan {
        guard let fill, let original else { return MemoryPlan(work: 0) }
        let pixels = original.width * original.height
        let picture = original.samples.count * MemoryLayout<UInt16>.size
        let filling =
            picture + 8 * pixels
            + original.bytesToFill(where: fill.hole, with: fill.filling, avoiding: fill.avoided)
        // The picture, the result, what its file is read as to compare them, and masks.
        let writing = 7 * picture / 2 + (7 + Self.bytesToEncode(format)) * pixels
        let work = max(filling, writing)
        // Of small pictures the program itself takes most, and is there already.
        return MemoryPlan(work: work > 4 << 20 ? work + (48 << 20) : work)
    }

    /// Bytes for each pixel that an encoder takes beside the picture.
    private static func bytesToEncode(_ format: ImageFormat?) -> Int {
        switch format {
        case .webp: 24
        case .avif: 32
        default: 0
        }
    }

    /// Whether the result is the original, because nothing may change.
    public var isIdentity: Bool {
        original != nil && (strength == 0 && enlargement == nil || region?.isEmpty == true)
    }

    /// The mask as a picture by itself: hard edges in mask mode `hard` unless a feather or a blur is asked for,
    /// with white wherever something is repainted. Nil where all is.
    ///
    /// Where the picture's transparency is the mask, ``mask`` says how much of each new pixel is seen, which is
    /// as much as the picture was transparent there; this one says which pixels are new.
    public var drawnMask: Mask? {
        let isPlain = mode == .hard && recipe.maskFeather == 0 && recipe.maskBlur == 0
        return isPlain ? region ?? mask : mask
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
