import Imaging
public import Recipes

extension Edit {
    /// A picture from nothing, of the recipe's `width` and `height`, else `defaultSize` a side; in a second
    /// run made larger, if the recipe asks for one.
    ///
    /// - Throws: `ImagingError.tooLarge` where the larger picture would be.
    public static func textToImage(_ recipe: Recipe, defaultSize: Int) throws -> Edit {
        let first = Size(
            width: recipe.width ?? defaultSize, height: recipe.height ?? defaultSize)
        let enlargement = try Enlargement(recipe.hires, over: first)
        let size = enlargement?.kept ?? first
        return Edit(
            verb: .textToImage, recipe: recipe,
            original: nil, start: nil, mask: nil, region: nil, width: size.width,
            height: size.height, strength: nil, notes: [], enlargement: enlargement)
    }
}
