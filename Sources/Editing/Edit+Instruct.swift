public import Imaging
public import Recipes

extension Edit {
    /// The whole picture is changed as the recipe's prompt says, by a model that is shown it beside the
    /// noise (InstructPix2Pix, Brooks et al. 2023).
    public static func instruct(_ image: Image, _ recipe: Recipe) -> Edit {
        Edit(
            verb: .instruct, recipe: recipe,
            original: image, start: image, mask: nil, region: nil, width: image.width,
            height: image.height, strength: nil, notes: [], isInstruction: true)
    }
}
