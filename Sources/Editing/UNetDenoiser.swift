import Models
import Recipes
import Sampling
import Tensors

/// The checkpoint's UNet as a denoiser for one pair of prompts, guided (Ho & Salimans 2022).
struct UNetDenoiser: Denoiser {
    /// Remarks for the user: what of the prompts was left out.
    let notes: [String]
    private let guided: Guided<NetworkDenoiser>
    private let unguided: Guided<NetworkDenoiser>
    /// The part of the schedule, 0 its noisiest end, in which guidance counts.
    private let guidance: ClosedRange<Double>
    private let trainTimesteps: Int

    /// Encodes the recipe's prompts; at a guidance scale of 1 or less the negative one is not needed.
    init(_ model: Model, _ recipe: Recipe) throws {
        let scale = Float(recipe.guidanceScale)
        let prompts = scale > 1 ? [recipe.negativePrompt, recipe.prompt] : [recipe.prompt]
        let branches = try prompts.map { try model.family.conditioning(for: $0) }
        notes = branches.compactMap(\.dropped).map {
            "the prompt is too long for the model, left out: \($0)"
        }
        let all = Tensor.concatenated(branches.map(\.hiddenStates), axis: 0)
        let prompt = branches[branches.count - 1].hiddenStates
        let unet = model.unet
        let cache = DeepCache(interval: recipe.deepCache)
        let network = NetworkDenoiser(predicting: model.predictionType) { sample, timestep in
            unet(
                sample, timestep: timestep,
                encoderHiddenStates: sample.shape[0] == all.shape[0] ? all : prompt, cache: cache,
                tokenMerging: recipe.tokenMerging)
        }
        guided = Guided(network, scale: scale)
        unguided = Guided(network, scale: 1)
        guidance = recipe.guidanceStart...max(recipe.guidanceStart, recipe.guidanceEnd)
        trainTimesteps = model.trainTimesteps
    }

    /// The clean estimate of latents [1,H,W,4].
    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        let place = 1 - Double(level.timestep + 1) / Double(trainTimesteps)
        return try guidance.contains(place) ? guided(x, at: level) : unguided(x, at: level)
    }
}
