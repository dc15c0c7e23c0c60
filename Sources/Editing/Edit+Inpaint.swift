public import Imaging
public import Recipes

extension Edit {
    /// What is white in `mask` is repainted; every pixel of `image` where it is black stays as it is.
    ///
    /// Greys count as white from 128 up and as black below, as in diffusers. The recipe's feather
    /// fades the new part in, inside the white.
    /// - Throws: `ImagingError.sizesDiffer` when the mask is not of the picture's size and the recipe
    ///   does not ask to fit it.
    public static func inpaint(_ image: Image, _ mask: Mask, _ recipe: Recipe) throws -> Edit {
        let fitted = try mask.fitted(to: image, resizing: recipe.fitMask)
        let region = (recipe.invertMask ? fitted.inverted : fitted).thresholded
        var notes: [String] = []
        if recipe.strength == 0 { notes.append("strength is 0: the picture is unchanged") }
        if region.isEmpty {
            let half = recipe.invertMask ? "127 or darker" : "128 or lighter"
            notes.append("no pixel of the mask is \(half): the picture is unchanged")
        }
        return Edit(
            original: image, mask: region.feathered(radius: recipe.maskFeather), region: region,
            width: image.width, height: image.height, strength: recipe.strength, notes: notes)
    }
}
