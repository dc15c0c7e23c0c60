public import Imaging
public import Recipes

extension Edit {
    /// The whole picture is noised to the recipe's strength and denoised by its prompt.
    public static func imageToImage(_ image: Image, _ recipe: Recipe) -> Edit {
        Edit(
            verb: .imageToImage, recipe: recipe,
            original: image, start: image, mask: nil, region: nil, width: image.width,
            height: image.height,
            strength: recipe.strength,
            notes: recipe.strength == 0 ? ["strength is 0: the picture is unchanged"] : [])
    }
}
