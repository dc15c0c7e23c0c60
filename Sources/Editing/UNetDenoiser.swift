import Models
import Recipes
import Sampling
import Tensors

/// The checkpoint's UNet as a denoiser for one pair of prompts, guided (Ho & Salimans 2022).
struct UNetDenoiser: Denoiser {
    /// Remarks for the user: what of the prompts was left out.
    let notes: [String]
    private let hiddenStates: Tensor
    private let model: Model
    private let scale: Float
    private var guided: Guided<NetworkDenoiser>

    /// Encodes the recipe's prompts; at a guidance scale of 1 or less the negative one is not needed.
    init(_ model: Model, _ recipe: Recipe) throws {
        self.model = model
        scale = Float(recipe.guidanceScale)
        let prompts = scale > 1 ? [recipe.negativePrompt, recipe.prompt] : [recipe.prompt]
        let branches = try prompts.map { try model.family.conditioning(for: $0) }
        notes = branches.compactMap(\.dropped).map {
            "the prompt is too long for the model, left out: \($0)"
        }
        hiddenStates = Tensor.concatenated(branches.map(\.hiddenStates), axis: 0)
        guided = Self.guided(model, hiddenStates, beside: nil, scale: scale)
    }

    /// The same for a UNet that is shown more than the noisy latents: `channels` [1,H,W,C], not
    /// noised, come after them.
    func seeing(_ channels: Tensor?) -> UNetDenoiser {
        var seeing = self
        seeing.guided = Self.guided(model, hiddenStates, beside: channels, scale: scale)
        return seeing
    }

    private static func guided(
        _ model: Model, _ hiddenStates: Tensor, beside channels: Tensor?, scale: Float
    ) -> Guided<NetworkDenoiser> {
        let unet = model.unet
        let network = NetworkDenoiser(predicting: model.predictionType) { sample, timestep in
            let input = channels.map { channels in
                let each = Tensor.concatenated(
                    Array(repeating: channels, count: sample.shape[0]), axis: 0)
                return Tensor.concatenated([sample, each], axis: 3)
            }
            return unet(input ?? sample, timestep: timestep, encoderHiddenStates: hiddenStates)
        }
        return Guided(network, scale: scale)
    }

    /// The clean estimate of latents [1,H,W,4].
    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        try guided(x, at: level)
    }
}
