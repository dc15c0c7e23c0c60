public import Imaging
import Recipes

/// What a chain of edits did to the canvas: where the picture that it began with is by now, and which
/// of its pixels must still be as they were.
public struct CanvasHistory: Sendable {
    /// What happened to the canvas.
    private enum Move {
        case extended(Insets)
        case scaled(width: Int, height: Int)
        case enlarged(Enlargement)
    }

    /// A result must equal `original` wherever `mask`, of the same size, is black.
    public struct Claim: Sendable {
        /// The picture that the chain began with, on the canvas of its end.
        public let original: Image
        /// What edits may have changed.
        public let mask: Mask
    }

    /// The picture that the chain began with, on the canvas as it is now; nil where a whole picture
    /// was painted over.
    private var original: Image?
    /// What edits may have changed of it.
    private var touched: Mask
    /// The picture that the chain began with.
    let source: Image
    private var moves: [Move] = []
    /// Whether any edit was for a part of the picture only.
    private var hasMask = false

    /// A chain that begins with a picture.
    public init(_ source: Image) {
        self.source = source
        original = source
        touched = Mask(width: source.width, height: source.height, filledWith: 0)
    }

    /// A mask of the first picture, on the canvas as it is now.
    func moved(_ mask: Mask) -> Mask {
        moves.reduce(mask) { mask, move in
            switch move {
            case .extended(let insets): mask.extended(by: insets)
            case .scaled(let width, let height): mask.resized(width: width, height: height)
            case .enlarged(let enlargement): enlargement.applied(to: mask)
            }
        }
    }

    /// Notes what an edit may have done.
    ///
    /// - Parameter image: the picture as the edit found it.
    /// - Throws: `ImagingError.tooLarge` and `RecipeError.canvas` for a canvas that cannot be.
    public mutating func note(_ edit: Edit, on image: Image) throws {
        if let insets = edit.insets {
            moves.append(.extended(insets))
            touched = touched.extended(by: insets)
            original = try original.map { try Canvas(extending: $0, by: insets, overlap: 0).image }
        } else if edit.width != image.width || edit.height != image.height {
            moves.append(
                edit.enlargement.map(Move.enlarged)
                    ?? .scaled(width: edit.width, height: edit.height))
            touched = Mask(width: edit.width, height: edit.height, filledWith: 255)
            original = nil
        }
        if let mask = edit.mask {
            touched = touched.united(with: mask)
            hasMask = true
        } else if !edit.isIdentity {
            original = nil
        }
    }

    /// What a result is compared with; nil where all may differ.
    public var claim: Claim? {
        hasMask ? original.map { Claim(original: $0, mask: touched) } : nil
    }
}
