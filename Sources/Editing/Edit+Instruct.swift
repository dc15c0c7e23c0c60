public import Imaging
public import Recipes

extension Edit {
    /// The whole picture is changed as the recipe's prompt says, by a model that is shown it beside the
    /// noise (InstructPix2Pix, Brooks et al. 2023). A grey picture gets colours.
    public static func instruct(_ image: Image, _ recipe: Recipe) -> Edit {
        Edit(
            verb: .instruct, recipe: recipe,
            original: image.withColors, start: image.withColors, mask: nil, region: nil,
            width: image.width, height: image.height, strength: nil,
            notes: image.isGrey ? [noteOnColors] : [], isInstruction: true)
    }
}
