public import Recipes

extension Edit {
    /// A picture from nothing, of the recipe's `width` and `height`, else `defaultSize` a side.
    public static func textToImage(_ recipe: Recipe, defaultSize: Int) -> Edit {
        Edit(
            verb: .textToImage, recipe: recipe,
            original: nil, start: nil, mask: nil, region: nil,
            width: recipe.width ?? defaultSize, height: recipe.height ?? defaultSize,
            strength: nil, notes: [])
    }
}
