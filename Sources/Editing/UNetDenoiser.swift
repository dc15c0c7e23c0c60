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
    /// With guidance; a UNet that is told the guidance scale guides itself.
    private var guiding: NetworkDenoiser
    /// Without.
    private var plain: NetworkDenoiser

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
        let reading = PromptReading(recipe)
        var branches = [try model.conditioning(for: recipe.prompt, reading)]
        if model.branches(for: recipe) > 1 {
            branches.insert(
                try model.conditioning(away: recipe.negativePrompt, reading.ofNegative), at: 0)
        }
        let dropped = branches.compactMap(\.dropped).map {
            "the prompt is too long for the model, left out: \($0)"
        }
        notes =
            dropped
            + (model.isToldGuidance && !recipe.negativePrompt.isEmpty
                ? ["\(model.name) is told the guidance: negative_prompt has no effect"] : [])
        if model.branches(for: recipe) > 2 { branches.insert(branches[0], at: 0) }
        let pooled = branches.compactMap(\.pooled)
        let size = [Float(height), Float(width)]
        told = Told(
            hiddenStates: Tensor.concatenated(
                try Self.evened(branches) {
                    try model.conditioning(for: "", reading).hiddenStates
                }, axis: 0),
            pooled: pooled.isEmpty ? nil : Tensor.concatenated(pooled, axis: 0),
            sizes: size + [0, 0] + size)
        (guiding, plain) = Self.networks(model, recipe, told, beside: nil)
    }

    /// The same for a UNet that is shown more than the noisy latents: `channels` [1,H,W,C], not
    /// noised, come after them. Of three branches the first sees zeros.
    func seeing(_ channels: Tensor?) -> UNetDenoiser {
        var seeing = self
        (seeing.guiding, seeing.plain) = Self.networks(model, recipe, told, beside: channels)
        return seeing
    }

    /// Branches of as many chunks each: after the shorter one come chunks of the empty prompt, as in
    /// AUTOMATIC1111 and compel. After zeros come zeros, which no attention hears, however many: as in
    /// diffusers, and the same as in programs that do not fill up at all.
    private static func evened(
        _ branches: [Conditioning], _ empty: () throws -> Tensor
    ) rethrows -> [Tensor] {
        let longest = branches.map { $0.hiddenStates.shape[1] }.max() ?? 0
        return try branches.map { conditioning in
            let branch = conditioning.hiddenStates
            guard branch.shape[1] < longest else { return branch }
            guard !conditioning.isZeroed else {
                return Tensor(zeros: [branch.shape[0], longest, branch.shape[2]])
            }
            let filler = try empty()
            let count = (longest - branch.shape[1]) / filler.shape[1]
            return .concatenated([branch] + Array(repeating: filler, count: count), axis: 1)
        }
    }

    /// With and without guidance, sharing what deep layers said.
    private static func networks(
        _ model: Model, _ recipe: Recipe, _ told: Told, beside channels: Tensor?
    ) -> (guiding: NetworkDenoiser, plain: NetworkDenoiser) {
        let cache = DeepCache(interval: recipe.deepCache)
        let plain = network(model, recipe, told, channels, cache, scale: 1)
        guard model.isToldGuidance else { return (plain, plain) }
        let scale = Float(recipe.guidanceScale)
        return (network(model, recipe, told, channels, cache, scale: scale), plain)
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
                var shown = Array(repeating: channels, count: rows)
                if rows == 3 { shown[0] = Tensor(zeros: channels.shape) }
                let each = Tensor.concatenated(shown, axis: 0)
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
        let counts = model.guides(recipe, at: level)
        guard !model.isToldGuidance else { return try (counts ? guiding : plain)(x, at: level) }
        let scale = counts ? Float(recipe.guidanceScale) : 1
        guard model.followsInstructions else {
            return try Guided(plain, scale: scale)(x, at: level)
        }
        let imageScale = Float(recipe.imageGuidanceScale)
        return try PictureGuided(plain, scale: scale, imageScale: imageScale)(x, at: level)
    }
}
