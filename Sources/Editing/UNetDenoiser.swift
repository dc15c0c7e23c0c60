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
    private var guided: Guided<NetworkDenoiser>
    private var unguided: Guided<NetworkDenoiser>

    /// Encodes the recipe's prompts; at a guidance scale of 1 or less the negative one is not needed.
    init(_ model: Model, _ recipe: Recipe) throws {
        self.model = model
        self.recipe = recipe
        let scale = Float(recipe.guidanceScale)
        let prompts = scale > 1 ? [recipe.negativePrompt, recipe.prompt] : [recipe.prompt]
        let reading = PromptReading(recipe)
        let branches = try prompts.enumerated().map { index, prompt in
            try model.conditioning(
                for: prompt, index + 1 < prompts.count ? reading.ofNegative : reading)
        }
        notes = branches.compactMap(\.dropped).map {
            "the prompt is too long for the model, left out: \($0)"
        }
        hiddenStates = Tensor.concatenated(
            try Self.evened(branches.map(\.hiddenStates)) {
                try model.conditioning(for: "", reading).hiddenStates
            }, axis: 0)
        let network = Self.network(model, recipe, hiddenStates, beside: nil)
        guided = Guided(network, scale: scale)
        unguided = Guided(network, scale: 1)
    }

    /// The same for a UNet that is shown more than the noisy latents: `channels` [1,H,W,C], not
    /// noised, come after them.
    func seeing(_ channels: Tensor?) -> UNetDenoiser {
        let network = Self.network(model, recipe, hiddenStates, beside: channels)
        var seeing = self
        seeing.guided = Guided(network, scale: Float(recipe.guidanceScale))
        seeing.unguided = Guided(network, scale: 1)
        return seeing
    }

    /// Branches of as many chunks each: after the shorter one come chunks of the empty prompt.
    private static func evened(_ branches: [Tensor], _ empty: () throws -> Tensor) rethrows
        -> [Tensor]
    {
        let longest = branches.map { $0.shape[1] }.max() ?? 0
        return try branches.map { branch in
            guard branch.shape[1] < longest else { return branch }
            let filler = try empty()
            let count = (longest - branch.shape[1]) / filler.shape[1]
            return .concatenated([branch] + Array(repeating: filler, count: count), axis: 1)
        }
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
                let each = Tensor.concatenated(Array(repeating: channels, count: rows), axis: 0)
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
        return try counts ? guided(x, at: level) : unguided(x, at: level)
    }
}
