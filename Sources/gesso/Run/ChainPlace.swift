import Editing
import Imaging
import Recipes

/// Where the first picture of a chain lies by now, and what of it must still be as it was.
struct ChainPlace {
    /// What happened to the canvas.
    private enum Move {
        case extended(Insets)
        case scaled(width: Int, height: Int)
    }

    /// The picture that the chain began with, on the canvas as it is now; nil where a whole picture
    /// was painted over.
    private(set) var original: Image?
    /// What edits may have changed of it.
    private(set) var touched: Mask
    /// The picture that the chain began with.
    let source: Image
    private var moves: [Move] = []

    init(_ source: Image) {
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
            }
        }
    }

    /// Notes what an edit may have done.
    ///
    /// - Parameter image: the picture as the edit found it.
    mutating func note(_ edit: Edit, _ verb: Verb, _ recipe: Recipe, on image: Image) throws {
        if verb == .outpaint {
            let sides = try recipe.sides(width: image.width, height: image.height)
            let insets = Insets(
                top: sides.top, left: sides.left, bottom: sides.bottom, right: sides.right)
            moves.append(.extended(insets))
            touched = touched.extended(by: insets)
            original = try original.map { try Canvas(extending: $0, by: insets, overlap: 0).image }
        } else if edit.width != image.width || edit.height != image.height {
            moves.append(.scaled(width: edit.width, height: edit.height))
            touched = Mask(width: edit.width, height: edit.height, filledWith: 255)
            original = nil
        }
        if let mask = edit.mask {
            touched = touched.united(with: mask)
        } else if !edit.isIdentity {
            original = nil
        }
    }

    /// What a result is compared with, outside of what was touched; nil where all may differ.
    var claim: EditRun.Claim? {
        original.map { EditRun.Claim(original: $0, mask: touched) }
    }
}
