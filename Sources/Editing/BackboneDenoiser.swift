import Models
import Recipes
import Sampling
import Tensors

/// The checkpoint's backbone as a denoiser for one pair of prompts, guided (Ho & Salimans 2022).
struct BackboneDenoiser: Denoiser {
    /// Remarks for the user: what of the prompts was left out.
    let notes: [String]
    private let model: Model
    private let recipe: Recipe
    /// Of all branches, the prompt's last.
    private let conditioning: Conditioning
    /// With guidance; a model with a guidance embedding guides itself.
    private var guiding: NetworkDenoiser
    /// Without guidance.
    private var plain: NetworkDenoiser
    private let control: ControlRun?

    /// Encodes the recipe's prompts; without guidance the negative one is not needed.
    ///
    /// - Parameters:
    ///   - width: of the picture the model works at, in pixels.
    ///   - height: likewise.
    ///   - control: the ControlNets that steer this run.
    init(
        _ model: Model, _ recipe: Recipe, width: Int, height: Int, control: ControlRun? = nil
    ) throws {
        self.model = model
        self.recipe = recipe
        self.control = control
        let reading = PromptReading(recipe)
        var branches = [try model.encoded(recipe.prompt, reading)]
        if model.branches(for: recipe) > 1 {
            branches.insert(
                try model.encoded(negative: recipe.negativePrompt, reading.ofNegative), at: 0)
        }
        let dropped = branches.compactMap(\.dropped).map {
            "the prompt is too long for the model, left out: \($0)"
        }
        notes =
            dropped
            + (model.hasGuidanceEmbedding && !recipe.negativePrompt.isEmpty
                ? ["\(model.name) guides itself: negative_prompt has no effect"] : [])
        if model.branches(for: recipe) > 2 { branches.insert(branches[0], at: 0) }
        let sizes = model.family.sizes.map { sizes in
            Tensor.concatenated(
                branches.indices.map { index in
                    let facts = PictureFacts(
                        width: width, height: height, isNegative: index < branches.count - 1)
                    let row = sizes(facts)
                    return Tensor(row, shape: [1, row.count])
                }, axis: 0)
        }
        let pooled = branches.compactMap(\.pooled)
        conditioning = Conditioning(
            hiddenStates: Tensor.concatenated(
                try Self.evened(branches) { try model.encoded("", reading).hiddenStates }, axis: 0),
            pooled: pooled.isEmpty ? nil : Tensor.concatenated(pooled, axis: 0), sizes: sizes)
        (guiding, plain) = Self.networks(model, recipe, conditioning, control, beside: nil)
    }

    /// The same for a backbone whose input shows more than the noisy latents: `channels` [1,H,W,C], not
    /// noised, follow them. Of three branches the first gets zeros.
    func seeing(_ channels: Tensor?) -> BackboneDenoiser {
        var seeing = self
        (seeing.guiding, seeing.plain) = Self.networks(
            model, recipe, conditioning, control, beside: channels)
        return seeing
    }

    /// Branches of as many chunks each: after the shorter one come chunks of the empty prompt, as in
    /// AUTOMATIC1111 and compel. After zeros come zeros, which attention ignores, however many: as in
    /// diffusers, and the same as in programs that do not fill up at all.
    private static func evened(
        _ branches: [EncodedPrompt], _ empty: () throws -> Tensor
    ) rethrows -> [Tensor] {
        let longest = branches.map { $0.hiddenStates.shape[1] }.max() ?? 0
        return try branches.map { encoded in
            let branch = encoded.hiddenStates
            guard branch.shape[1] < longest else { return branch }
            guard !encoded.isZeroed else {
                return Tensor(zeros: [branch.shape[0], longest, branch.shape[2]])
            }
            let filler = try empty()
            let count = (longest - branch.shape[1]) / filler.shape[1]
            return .concatenated([branch] + Array(repeating: filler, count: count), axis: 1)
        }
    }

    /// With and without guidance, sharing what the deep part made.
    private static func networks(
        _ model: Model, _ recipe: Recipe, _ conditioning: Conditioning, _ control: ControlRun?,
        beside channels: Tensor?
    ) -> (guiding: NetworkDenoiser, plain: NetworkDenoiser) {
        var options = PredictionOptions()
        options.cache = DeepCache(interval: recipe.deepCache)
        options.tokenMerging = recipe.tokenMerging
        let plain = network(model, conditioning, channels, options, control)
        guard model.hasGuidanceEmbedding else { return (plain, plain) }
        var guided = conditioning
        guided.guidanceScale = Float(recipe.guidanceScale)
        return (network(model, guided, channels, options, control), plain)
    }

    private static func network(
        _ model: Model, _ conditioning: Conditioning, _ channels: Tensor?,
        _ options: PredictionOptions, _ control: ControlRun?
    ) -> NetworkDenoiser {
        let backbone = model.backbone
        return NetworkDenoiser(model.parametrization) { sample, timestep in
            let rows = sample.shape[0]
            let input = channels.map { channels in
                var shown = Array(repeating: channels, count: rows)
                if rows == 3 { shown[0] = Tensor(zeros: channels.shape) }
                let each = Tensor.concatenated(shown, axis: 0)
                return Tensor.concatenated([sample, each], axis: 3)
            }
            let conditioning = conditioning.suffix(rows)
            var options = options
            options.control = control?.residuals(sample, timestep: timestep, conditioning)
            return backbone.predict(
                input ?? sample, timestep: timestep, conditioning, options: options)
        }
    }

    /// The clean estimate of latents [1,H,W,C].
    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        defer { control?.advance() }
        let counts = model.guides(recipe, at: level)
        guard !model.hasGuidanceEmbedding else {
            return try (counts ? guiding : plain)(x, at: level)
        }
        let scale = counts ? Float(recipe.guidanceScale) : 1
        guard model.kind == .instruction else {
            return try Guided(plain, scale: scale)(x, at: level)
        }
        let imageScale = Float(recipe.imageGuidanceScale)
        return try PictureGuided(plain, scale: scale, imageScale: imageScale)(x, at: level)
    }
}
