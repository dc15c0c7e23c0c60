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
    private let levels: [NoiseLevel]
    /// Where areas near a mask are computed alone in some calls.
    private var areas: ReuseRun?

    /// Encodes the recipe's prompts, as far as they are kept; without guidance the negative one is not
    /// needed.
    ///
    /// - Parameters:
    ///   - width: of the picture the model works at, in pixels.
    ///   - height: likewise.
    ///   - levels: of the run's evaluations.
    ///   - control: the ControlNets that steer this run.
    init(
        _ model: Model, _ recipe: Recipe, width: Int, height: Int,
        levels: [NoiseLevel] = [], control: ControlRun? = nil
    ) throws {
        self.model = model
        self.recipe = recipe
        self.control = control
        self.levels = levels
        size = (width, height)
        prompts = ScheduledPrompts(recipe, for: model)
        var options = PredictionOptions()
        options.cache = DeepCache(interval: recipe.deepCache)
        options.tokenMerging = recipe.tokenMerging
        self.options = options
        var notes = prompts.notes(recipe, model)
        for texts in prompts.all(levels.count).prefix(PromptCache.capacity / 4) {
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
    ///
    /// - Parameter known: the latents that are put back where the mask is 0; nil where none are.
    func reusing(around mask: Tensor, known: KnownRegion?) -> BackboneDenoiser {
        guard let areas = Areas(of: mask, recipe) else { return self }
        var reusing = self
        let run = ReuseRun(
            areas, ReuseSchedule(recipe, levels, for: model), levels,
            known: known)
        (reusing.areas, reusing.options.reuse) = (run, run.reuse)
        return reusing
    }

    /// How far the run is, and the networks for the texts that it is at.
    private final class Progress {
        /// Of the evaluation that comes next.
        var index = 0
        let call = Call()
        var texts: ScheduledPrompts.Texts?
        var networks: (guiding: NetworkDenoiser, plain: NetworkDenoiser)?
    }

    /// What networks are told of the call under way. They must not hold `Progress`, which holds them: nothing of a run, such as
    /// what `reuse` keeps, would ever be given back.
    private final class Call {
        /// Of the evaluation whose network is called.
        var index = 0
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

    /// The networks of an evaluation, made anew where its texts are others.
    private func networks(
        of index: Int
    ) throws -> (guiding: NetworkDenoiser, plain: NetworkDenoiser) {
        let texts = prompts.texts(at: index)
        if let known = progress.networks, progress.texts == texts { return known }
        let networks = networks(try conditionings(for: texts))
        (progress.texts, progress.networks) = (texts, networks)
        return networks
    }

    /// The encoded texts, in groups of as many tokens each, whose rows one call of the network computes.
    private func conditionings(for texts: ScheduledPrompts.Texts) throws -> [Conditioning] {
        let branches = try Self.branches(of: texts, model, recipe)
        let firstPart = branches.count - texts.parts.count
        let states = try evened(branches, firstPart: firstPart)
        let lengths = states.map { $0.shape[1] }
        let ends = branches.indices.map { $0 + 1 }.filter {
            $0 == branches.count || lengths[$0] != lengths[$0 - 1]
        }
        return zip([0] + ends, ends).map { start, end in
            let sizes = model.family.sizes.map { sizes in
                Tensor.concatenated(
                    (start..<end).map { index in
                        let facts = PictureFacts(
                            width: size.width, height: size.height, isNegative: index < firstPart)
                        let row = sizes(facts)
                        return Tensor(row, shape: [1, row.count])
                    }, axis: 0)
            }
            let pooled = branches[start..<end].compactMap(\.pooled)
            return Conditioning(
                hiddenStates: Tensor.concatenated(Array(states[start..<end]), axis: 0),
                pooled: pooled.isEmpty ? nil : Tensor.concatenated(pooled, axis: 0), sizes: sizes)
        }
    }

    /// The token embeddings of branches, of as many chunks each where one call computes them: after the shorter one
    /// come chunks of the empty prompt, as in compel. After zeros come zeros, which attention ignores, however many: as
    /// in diffusers, and the same as in programs that do not fill up at all.
    ///
    /// AUTOMATIC1111 and ComfyUI compute the negative prompt apart where its length is another, and AUTOMATIC1111
    /// repeats the last vector of the shorter ones of those that `AND` joins. What keeps something between calls needs
    /// them together.
    private func evened(_ branches: [EncodedPrompt], firstPart: Int) throws -> [Tensor] {
        let isTogether = control != nil || recipe.deepCache > 1 || recipe.reuse > 1
        guard recipe.compatibility.padsPrompts || isTogether else {
            let longest = branches[firstPart...].map { $0.hiddenStates.shape[1] }.max() ?? 0
            return branches.enumerated().map { index, encoded in
                let branch = encoded.hiddenStates
                let missing = index < firstPart ? 0 : longest - branch.shape[1]
                let last = branch.sliced(axis: 1, branch.shape[1] - 1..<branch.shape[1])
                return .concatenated([branch] + Array(repeating: last, count: missing), axis: 1)
            }
        }
        let longest = branches.map { $0.hiddenStates.shape[1] }.max() ?? 0
        return try branches.map { encoded in
            let branch = encoded.hiddenStates
            guard branch.shape[1] < longest else { return branch }
            guard !encoded.isZeroed else {
                return Tensor(zeros: [branch.shape[0], longest, branch.shape[2]])
            }
            let filler = try model.encoded("", PromptReading(recipe)).hiddenStates
            let count = (longest - branch.shape[1]) / filler.shape[1]
            return .concatenated([branch] + Array(repeating: filler, count: count), axis: 1)
        }
    }

    /// With and without guidance, sharing what the deep part made.
    private func networks(
        _ conditionings: [Conditioning]
    ) -> (guiding: NetworkDenoiser, plain: NetworkDenoiser) {
        let plain = network(conditionings)
        guard model.hasGuidanceEmbedding else { return (plain, plain) }
        let guided = conditionings.map { conditioning in
            var guided = conditioning
            guided.guidanceScale = Float(recipe.guidanceScale)
            return guided
        }
        return (network(guided), plain)
    }

    private func network(_ conditionings: [Conditioning]) -> NetworkDenoiser {
        let (backbone, channels, options, control) = (model.backbone, channels, options, control)
        let call = progress.call
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
            let groups = Self.suffix(rows, of: conditionings)
            guard groups.count == 1 else {
                var start = 0
                let answers = groups.map { group in
                    let end = start + group.hiddenStates.shape[0]
                    defer { start = end }
                    return backbone.predict(
                        (input ?? sample).sliced(axis: 0, start..<end), timestep: timestep, group,
                        options: options)
                }
                return .concatenated(answers, axis: 0)
            }
            var options = options
            options.control = control?.residuals(
                sample, timestep: timestep, groups[0], ofPrompt: parts,
                inStep: call.index)
            return backbone.predict(
                input ?? sample, timestep: timestep, groups[0], options: options)
        }
    }

    /// The last rows alone.
    private static func suffix(_ rows: Int, of groups: [Conditioning]) -> [Conditioning] {
        var left = rows
        var kept: [Conditioning] = []
        for group in groups.reversed() where left > 0 {
            let count = min(left, group.hiddenStates.shape[0])
            kept.append(group.suffix(count))
            left -= count
        }
        return kept.reversed()
    }

    /// The clean estimate of latents [1,H,W,C].
    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        let index = progress.index
        progress.index += 1
        guard let areas else { return try estimate(x, at: level, of: index) }
        return try areas.estimate(x, at: level, of: index) { try estimate($0, at: $1, of: $2) }
    }

    /// Guided by one prompt; the branch without it is computed in some calls only where areas are computed alone.
    private func guided(
        _ network: NetworkDenoiser, _ scale: Float, _ x: Tensor, at level: NoiseLevel
    ) throws -> Tensor {
        let guided = Guided(network, scale: scale)
        guard scale != 1, let areas else { return try guided(x, at: level) }
        // Estimates differ by what the prompt changes in the network's answer, times this.
        let slope = model.parametrization.slope(at: level.sigma)
        guard areas.isOfPromptAlone else {
            let (without, with) = try guided.branches(x, at: level)
            areas.keep(difference: (with - without) / slope, at: level.timestep)
            return guided.guided(without: without, with: with)
        }
        let with = try network(x, at: level)
        return with + areas.difference(at: level.timestep) * (slope * (scale - 1))
    }

    private func estimate(
        _ x: Tensor, at level: NoiseLevel, of index: Int
    ) throws -> Tensor {
        let counts = model.guides(recipe, at: level)
        let (guiding, plain) = try networks(of: index)
        progress.call.index = index
        guard !model.hasGuidanceEmbedding else {
            return try (counts ? guiding : plain)(x, at: level)
        }
        let scale = counts ? Float(recipe.guidanceScale) : 1
        if prompts.isComposed {
            return try Composed(plain, scale: scale, weights: prompts.weights)(x, at: level)
        }
        guard model.kind == .instruction else {
            return try guided(plain, recipe.isGuided ? scale : 1, x, at: level)
        }
        let imageScale = Float(recipe.imageGuidanceScale)
        return try PictureGuided(plain, scale: scale, imageScale: imageScale)(x, at: level)
    }
}
