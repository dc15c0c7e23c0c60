import Models
import Recipes
import Sampling
import Tensors

/// The checkpoint's backbone as a denoiser for a recipe's prompts, guided (Ho & Salimans 2022).
///
/// Prompts may change from one evaluation to the next, which are counted: it serves one run.
struct BackboneDenoiser: Denoiser {
    /// Remarks for the user: what of the prompts was left out.
    let notes: [String]
    private let model: Model
    private let recipe: Recipe
    private let prompts: ScheduledPrompts
    /// Width and height of the picture the model works at, in pixels.
    private let size: (width: Int, height: Int)
    /// What the backbone is shown beside the noisy latents; nil for nothing.
    private var channels: Tensor?
    private var options: PredictionOptions
    private let progress = Progress()
    private let control: ControlRun?

    /// Encodes the recipe's prompts, as far as they are kept; without guidance the negative one is not
    /// needed.
    ///
    /// - Parameters:
    ///   - width: of the picture the model works at, in pixels.
    ///   - height: likewise.
    ///   - evaluations: of the run.
    ///   - control: the ControlNets that steer this run.
    init(
        _ model: Model, _ recipe: Recipe, width: Int, height: Int, evaluations: Int = 1,
        control: ControlRun? = nil
    ) throws {
        self.model = model
        self.recipe = recipe
        self.control = control
        size = (width, height)
        prompts = ScheduledPrompts(recipe, for: model)
        var options = PredictionOptions()
        options.cache = DeepCache(interval: recipe.deepCache)
        options.tokenMerging = recipe.tokenMerging
        self.options = options
        var notes = prompts.notes(recipe, model)
        for texts in prompts.all(evaluations).prefix(PromptCache.capacity / 4) {
            for dropped in try Self.branches(of: texts, model, recipe).compactMap(\.dropped) {
                let note = "the prompt is too long for the model, left out: \(dropped)"
                if !notes.contains(note) { notes.append(note) }
            }
        }
        if model.hasGuidanceEmbedding, !recipe.negativePrompt.isEmpty {
            notes.append("\(model.name) guides itself: negative_prompt has no effect")
        }
        self.notes = notes
    }

    /// The same for a backbone whose input shows more than the noisy latents: `channels` [1,H,W,C], not
    /// noised, follow them. Of an instruction's three branches the first gets zeros.
    func seeing(_ channels: Tensor?) -> BackboneDenoiser {
        var seeing = self
        seeing.channels = channels
        return seeing
    }

    /// The same, computing latents away from a mask [1,H,W,1] in some steps only, where the recipe asks for it.
    func reusing(around mask: Tensor) -> BackboneDenoiser {
        guard let areas = Areas(of: mask, recipe) else { return self }
        var reusing = self
        reusing.options.reuse = Reuse(
            interval: recipe.reuse, areas: areas, sparesBranch: model.sparesBranch(recipe))
        return reusing
    }

    /// How far the run is, and the networks for the texts that it is at.
    private final class Progress {
        var index = 0
        var texts: ScheduledPrompts.Texts?
        var networks: (guiding: NetworkDenoiser, plain: NetworkDenoiser)?
    }

    /// The encoded texts, the prompt's parts last.
    private static func branches(
        of texts: ScheduledPrompts.Texts, _ model: Model, _ recipe: Recipe
    ) throws -> [EncodedPrompt] {
        let reading = PromptReading(recipe)
        let parts = try texts.parts.map { try model.encoded($0, reading) }
        let others = model.branches(for: recipe) - parts.count
        guard others > 0 else { return parts }
        let negative = try model.encoded(negative: texts.negative, reading.ofNegative)
        return Array(repeating: negative, count: others) + parts
    }

    /// The networks of the evaluation that comes next, made anew where its texts are others.
    private func networks() throws -> (guiding: NetworkDenoiser, plain: NetworkDenoiser) {
        let texts = prompts.texts(at: progress.index)
        progress.index += 1
        if let known = progress.networks, progress.texts == texts { return known }
        // What is around the areas, and what the prompt changes, is that of its text.
        if progress.texts != nil { options.reuse?.startOver() }
        let networks = networks(try conditioning(for: texts))
        (progress.texts, progress.networks) = (texts, networks)
        return networks
    }

    private func conditioning(for texts: ScheduledPrompts.Texts) throws -> Conditioning {
        let branches = try Self.branches(of: texts, model, recipe)
        let firstPart = branches.count - texts.parts.count
        let sizes = model.family.sizes.map { sizes in
            Tensor.concatenated(
                branches.indices.map { index in
                    let facts = PictureFacts(
                        width: size.width, height: size.height, isNegative: index < firstPart)
                    let row = sizes(facts)
                    return Tensor(row, shape: [1, row.count])
                }, axis: 0)
        }
        let pooled = branches.compactMap(\.pooled)
        return Conditioning(
            hiddenStates: Tensor.concatenated(
                try Self.evened(branches) {
                    try model.encoded("", PromptReading(recipe)).hiddenStates
                }, axis: 0),
            pooled: pooled.isEmpty ? nil : Tensor.concatenated(pooled, axis: 0), sizes: sizes)
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
    private func networks(
        _ conditioning: Conditioning
    ) -> (guiding: NetworkDenoiser, plain: NetworkDenoiser) {
        let plain = network(conditioning)
        guard model.hasGuidanceEmbedding else { return (plain, plain) }
        var guided = conditioning
        guided.guidanceScale = Float(recipe.guidanceScale)
        return (network(guided), plain)
    }

    private func network(_ conditioning: Conditioning) -> NetworkDenoiser {
        let (backbone, channels, options, control) = (model.backbone, channels, options, control)
        let isInstruction = model.kind == .instruction
        let parts = prompts.weights.count
        return NetworkDenoiser(model.parametrization) { sample, timestep in
            let rows = sample.shape[0]
            let input = channels.map { channels in
                var shown = Array(repeating: channels, count: rows)
                if isInstruction, rows == 3 { shown[0] = Tensor(zeros: channels.shape) }
                let each = Tensor.concatenated(shown, axis: 0)
                return Tensor.concatenated([sample, each], axis: 3)
            }
            let conditioning = conditioning.suffix(rows)
            var options = options
            options.control = control?.residuals(
                sample, timestep: timestep, conditioning, ofPrompt: parts)
            return backbone.predict(
                input ?? sample, timestep: timestep, conditioning, options: options)
        }
    }

    /// The clean estimate of latents [1,H,W,C].
    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        defer { control?.advance() }
        let estimate = try estimate(x, at: level)
        // Around what was computed it is the last one there, whatever the noise is since.
        return options.reuse?.completed(estimate: estimate) ?? estimate
    }

    /// Guided by one prompt; the branch without it is computed in some calls only where `reuse` spares it.
    private func guided(
        _ network: NetworkDenoiser, _ scale: Float, _ x: Tensor, at level: NoiseLevel
    ) throws -> Tensor {
        let guided = Guided(network, scale: scale)
        guard scale > 1, let reuse = options.reuse, reuse.sparesBranch else {
            return try guided(x, at: level)
        }
        // Estimates differ by what the prompt changes in the network's answer, times this.
        let slope = model.parametrization.slope(at: level.sigma)
        guard reuse.sparesNextBranch() else {
            let (without, with) = try guided.branches(x, at: level)
            reuse.keep(difference: (with - without) / slope)
            return guided.guided(without: without, with: with)
        }
        let with = try network(x, at: level)
        guard let difference = reuse.keptDifference else { return with }
        return with + difference * (slope * (scale - 1))
    }

    private func estimate(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        let counts = model.guides(recipe, at: level)
        let (guiding, plain) = try networks()
        guard !model.hasGuidanceEmbedding else {
            return try (counts ? guiding : plain)(x, at: level)
        }
        let scale = counts ? Float(recipe.guidanceScale) : 1
        if prompts.isComposed {
            return try Composed(plain, scale: scale, weights: prompts.weights)(x, at: level)
        }
        guard model.kind == .instruction else {
            return try guided(plain, scale, x, at: level)
        }
        let imageScale = Float(recipe.imageGuidanceScale)
        return try PictureGuided(plain, scale: scale, imageScale: imageScale)(x, at: level)
    }
}
