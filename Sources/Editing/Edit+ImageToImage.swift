public import Imaging
public import Recipes

extension Edit {
    /// The whole picture is noised to the recipe's strength and denoised by its prompt; in a second run
    /// made larger, if the recipe asks for one.
    ///
    /// - Throws: `ImagingError.tooLarge` where the larger picture would be.
    public static func imageToImage(_ image: Image, _ recipe: Recipe) throws -> Edit {
        let enlargement = try Enlargement(
            recipe.hires, over: Size(width: image.width, height: image.height))
        let original = enlargement?.applied(to: image) ?? image
        return Edit(
            verb: .imageToImage, recipe: recipe,
            original: original, start: image, mask: nil, region: nil, width: original.width,
            height: original.height, strength: recipe.strength,
            notes: recipe.strength == 0 && enlargement == nil
                ? ["strength is 0: the picture is unchanged"] : [],
            enlargement: enlargement)
    }
}
