import Models
import Recipes
import Sampling
import Tensors

/// The checkpoint's UNet as a denoiser for one pair of prompts, guided (Ho & Salimans 2022).
struct UNetDenoiser: Denoiser {
    /// Remarks for the user: what of the prompts was left out.
    let notes: [String]
    private let guided: Guided<NetworkDenoiser>

    /// Encodes the recipe's prompts; at a guidance scale of 1 or less the negative one is not needed.
    init(_ model: Model, _ recipe: Recipe) throws {
        let scale = Float(recipe.guidanceScale)
        let prompts = scale > 1 ? [recipe.negativePrompt, recipe.prompt] : [recipe.prompt]
        let branches = try prompts.map { try model.family.conditioning(for: $0) }
        notes = branches.compactMap(\.dropped).map {
            "the prompt is too long for the model, left out: \($0)"
        }
        let hiddenStates = Tensor.concatenated(branches.map(\.hiddenStates), axis: 0)
        let unet = model.unet
        let network = NetworkDenoiser(predicting: model.predictionType) { sample, timestep in
            unet(sample, timestep: timestep, encoderHiddenStates: hiddenStates)
        }
        guided = Guided(network, scale: scale)
    }

    /// The clean estimate of latents [1,H,W,4].
    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        try guided(x, at: level)
    }
}
