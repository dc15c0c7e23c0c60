import Models
import Recipes
import Sampling
import Tensors

/// The checkpoint's UNet as a denoiser for one pair of prompts, guided (Ho & Salimans 2022).
struct UNetDenoiser: Denoiser {
    /// Remarks for the user: what of the prompts was left out.
    let notes: [String]
    /// [branches, T, C], the prompt last.
    private let hiddenStates: Tensor
    private let model: Model
    private let recipe: Recipe
    private var network: NetworkDenoiser

    /// Encodes the recipe's prompts; at a guidance scale of 1 or less the negative one is not needed.
    init(_ model: Model, _ recipe: Recipe) throws {
        self.model = model
        self.recipe = recipe
        let prompts = model.branches(recipe) > 1 ? [recipe.negativePrompt] : []
        var branches = try (prompts + [recipe.prompt]).map { try model.conditioning(for: $0) }
        notes = branches.compactMap(\.dropped).map {
            "the prompt is too long for the model, left out: \($0)"
        }
        if model.branches(recipe) == 3 { branches.insert(branches[0], at: 0) }
        hiddenStates = Tensor.concatenated(branches.map(\.hiddenStates), axis: 0)
        network = Self.network(model, recipe, hiddenStates, beside: nil)
    }

    /// The same for a UNet that is shown more than the noisy latents: `channels` [1,H,W,C], not
    /// noised, come after them. Of three branches the first sees zeros.
    func seeing(_ channels: Tensor?) -> UNetDenoiser {
        var seeing = self
        seeing.network = Self.network(model, recipe, hiddenStates, beside: channels)
        return seeing
    }

    private static func network(
        _ model: Model, _ recipe: Recipe, _ hiddenStates: Tensor, beside channels: Tensor?
    ) -> NetworkDenoiser {
        let unet = model.unet
        let cache = DeepCache(interval: recipe.deepCache)
        let branches = hiddenStates.shape[0]
        return NetworkDenoiser(predicting: model.predictionType) { sample, timestep in
            let rows = sample.shape[0]
            let input = channels.map { channels in
                var shown = Array(repeating: channels, count: rows)
                if rows == 3 { shown[0] = Tensor(zeros: channels.shape) }
                let each = Tensor.concatenated(shown, axis: 0)
                return Tensor.concatenated([sample, each], axis: 3)
            }
            return unet(
                input ?? sample, timestep: timestep,
                encoderHiddenStates: hiddenStates.sliced(axis: 0, branches - rows..<branches),
                cache: cache, tokenMerging: recipe.tokenMerging)
        }
    }

    /// The clean estimate of latents [1,H,W,4].
    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        // 0 at the noisiest end of the schedule.
        let place = 1 - Double(level.timestep + 1) / Double(model.trainTimesteps)
        let counts = place >= recipe.guidanceStart && place <= recipe.guidanceEnd
        let scale = counts ? Float(recipe.guidanceScale) : 1
        guard model.followsInstructions else {
            return try Guided(network, scale: scale)(x, at: level)
        }
        let imageScale = Float(recipe.imageGuidanceScale)
        return try PictureGuided(network, scale: scale, imageScale: imageScale)(x, at: level)
    }
}
