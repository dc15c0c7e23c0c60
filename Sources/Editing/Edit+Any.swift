public import Imaging
public import Recipes

extension Edit {
    /// The edit of a verb on a picture.
    ///
    /// - Parameters:
    ///   - mask: what is repainted, for `inpaint`.
    ///   - history: what earlier edits did to the canvas; nil if this is the first.
    ///   - read: reads a picture of the mask by its name.
    /// - Throws: what the factory of the verb throws, and `EditingError.noMask`.
    public init(
        _ verb: Verb, of image: Image, _ recipe: Recipe, mask: MaskPlan?,
        after history: CanvasHistory? = nil, read: @escaping (String) throws -> Image
    ) throws {
        switch verb {
        case .inpaint:
            guard let mask else { throw EditingError.noMask }
            self = try .inpaint(image, mask, recipe, after: history, read: read)
        case .outpaint: self = try .outpaint(image, recipe)
        case .upscale: self = try .upscale(image, recipe)
        case .instruct: self = .instruct(image, recipe)
        case .imageToImage, .textToImage: self = try .imageToImage(image, recipe)
        }
    }
}
