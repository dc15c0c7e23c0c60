public import Imaging
public import Recipes

extension Edit {
    /// The picture made larger by Lanczos' filter, then painted over tile by tile at the recipe's
    /// strength; the tiles fade into each other.
    ///
    /// - Throws: `ImagingError.tooLarge` when the result would be.
    public static func upscale(_ image: Image, _ recipe: Recipe) throws -> Edit {
        func scaled(_ length: Int) -> Int { Int((Double(length) * recipe.scale).rounded()) }
        let (width, height) = (scaled(image.width), scaled(image.height))
        try ImageLimits.check(width: width, height: height, name: "the larger picture")
        var large = image.resized(width: width, height: height)
        if width != image.width || height != image.height {
            large.metadata.reframe(width: width, height: height, isScaled: true)
        }
        return Edit(
            verb: .upscale, recipe: recipe,
            original: large, start: large, mask: nil, region: nil, width: width, height: height,
            strength: recipe.strength,
            notes: recipe.strength == 0 ? ["strength is 0: the picture is only made larger"] : [],
            division: .tiles(size: recipe.tileSize, overlap: recipe.tileOverlap))
    }
}
