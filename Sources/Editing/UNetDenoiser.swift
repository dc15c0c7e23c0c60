import Models
import Recipes
import Sampling
import Tensors

/// The checkpoint's UNet as a denoiser for one pair of prompts, guided (Ho & Salimans 2022).
struct UNetDenoiser: Denoiser {
    /// Remarks for the user: what of the prompts was left out.
    let notes: [String]
    private let told: Told
    private let model: Model
    private let recipe: Recipe
    private var guided: Guided<NetworkDenoiser>
    private var unguided: Guided<NetworkDenoiser>

    /// What the UNet is told of the prompts and the picture.
    private struct Told {
        /// [branches, T, C], the prompt last.
        let hiddenStates: Tensor
        /// [branches, P], likewise; nil in families that have none.
        let pooled: Tensor?
        /// height, width, top left corner, height, width: the picture as a whole.
        let sizes: [Float]

        /// What Stable Diffusion XL is told of the last rows.
        func added(_ rows: Int) -> UNet2DCondition.Added? {
            pooled.map { pooled in
                let count = pooled.shape[0]
                return UNet2DCondition.Added(
                    pooled: pooled.sliced(axis: 0, count - rows..<count), sizes: sizes)
            }
        }
    }

    /// Encodes the recipe's prompts; without guidance the negative one is not needed.
    ///
    /// - Parameters:
    ///   - width: of the picture the model works at, in pixels.
    ///   - height: likewise.
    init(_ model: Model, _ recipe: Recipe, width: Int, height: Int) throws {
        self.model = model
        self.recipe = recipe
        var branches = [try model.conditioning(for: recipe.prompt)]
        if model.branches(for: recipe) > 1 {
            branches.insert(try model.conditioning(away: recipe.negativePrompt), at: 0)
        }
        notes = branches.compactMap(\.dropped).map {
            "the prompt is too long for the model, left out: \($0)"
        }
        let pooled = branches.compactMap(\.pooled)
        let size = [Float(height), Float(width)]
        told = Told(
            hiddenStates: Tensor.concatenated(branches.map(\.hiddenStates), axis: 0),
            pooled: pooled.isEmpty ? nil : Tensor.concatenated(pooled, axis: 0),
            sizes: size + [0, 0] + size)
        (guided, unguided) = Self.denoisers(model, recipe, told, beside: nil)
    }

    /// The same for a UNet that is shown more than the noisy latents: `channels` [1,H,W,C], not
    /// noised, come after them.
    func seeing(_ channels: Tensor?) -> UNetDenoiser {
        var seeing = self
        (seeing.guided, seeing.unguided) = Self.denoisers(model, recipe, told, beside: channels)
        return seeing
    }

    /// With and without guidance. A UNet that is told the guidance scale guides itself.
    private static func denoisers(
        _ model: Model, _ recipe: Recipe, _ told: Told, beside channels: Tensor?
    ) -> (Guided<NetworkDenoiser>, Guided<NetworkDenoiser>) {
        let scale = Float(recipe.guidanceScale)
        let cache = DeepCache(interval: recipe.deepCache)
        let plain = network(model, recipe, told, channels, cache, scale: 1)
        guard model.isToldGuidance else {
            return (Guided(plain, scale: scale), Guided(plain, scale: 1))
        }
        let guided = network(model, recipe, told, channels, cache, scale: scale)
        return (Guided(guided, scale: 1), Guided(plain, scale: 1))
    }

    private static func network(
        _ model: Model, _ recipe: Recipe, _ told: Told, _ channels: Tensor?, _ cache: DeepCache,
        scale: Float
    ) -> NetworkDenoiser {
        let unet = model.unet
        let branches = told.hiddenStates.shape[0]
        return NetworkDenoiser(predicting: model.predictionType) { sample, timestep in
            let rows = sample.shape[0]
            let input = channels.map { channels in
                let each = Tensor.concatenated(Array(repeating: channels, count: rows), axis: 0)
                return Tensor.concatenated([sample, each], axis: 3)
            }
            return unet(
                input ?? sample, timestep: timestep,
                encoderHiddenStates: told.hiddenStates.sliced(axis: 0, branches - rows..<branches),
                added: told.added(rows), guidanceScale: scale, cache: cache,
                tokenMerging: recipe.tokenMerging)
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
