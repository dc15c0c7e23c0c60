public import Imaging
import Recipes

/// What the engine is given, whatever the verb: a canvas, what of it may change, and how strongly.
///
/// The factories in `Edit+ImageToImage.swift` and its siblings make one from a picture and a recipe;
/// from there on every verb goes the same way (`Editor`).
public struct Edit: Sendable {
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
    /// What greys of `region` mean.
    var mode = MaskMode.hard
    /// How it falls into passes.
    var division = Division.whole
    /// The ControlNets that steer it.
    public var controls: [Control] = []
    /// Whether the prompt says what to change, to a model that is shown the picture.
    var isInstruction = false

    /// Whether the result is the original, because nothing may change.
    public var isIdentity: Bool {
        original != nil && (strength == 0 || region?.isEmpty == true)
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
