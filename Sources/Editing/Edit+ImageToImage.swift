public import Imaging
public import Recipes

extension Edit {
    /// The whole picture is noised to the recipe's strength and denoised by its prompt; in a second run
    /// made larger, if the recipe asks for one. A grey picture gets colours.
    ///
    /// - Throws: `ImagingError.tooLarge` where the larger picture would be.
    public static func imageToImage(_ image: Image, _ recipe: Recipe) throws -> Edit {
        let isPainted = recipe.steps > 0 && recipe.strength > 0
        let wasGrey = image.isGrey && isPainted
        let image = isPainted ? image.withColors : image
        let enlargement = try Enlargement(
            recipe.hires, over: Size(width: image.width, height: image.height))
        let original = enlargement?.applied(to: image) ?? image
        return Edit(
            verb: .imageToImage, recipe: recipe,
            original: original, start: image, mask: nil, region: nil, width: original.width,
            height: original.height, strength: recipe.strength,
            notes: recipe.strength == 0 && enlargement == nil
                ? ["strength is 0: the picture is unchanged"] : wasGrey ? [noteOnColors] : [],
            enlargement: enlargement)
    }

    /// What is said of a grey picture that is painted as a whole.
    static let noteOnColors = "the picture is grey, and the result has colours"

    /// What is said of a grey picture of which a part is painted.
    static func noteOnGrey(_ image: Image, _ recipe: Recipe) -> [String] {
        guard image.isGrey, recipe.steps > 0, recipe.strength > 0 else { return [] }
        return ["the picture is grey, and so is what is painted"]
    }
}
