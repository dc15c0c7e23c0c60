import Imaging
import Models
public import Recipes
import Sampling
import Tensors

/// THE path of an edit: whatever the verb, a picture goes this way.
///
/// Prompts become conditioning; the picture becomes latents, is noised, denoised, becomes a picture
/// again and is laid over the original.
public struct Editor: Sendable {
    let model: Model

    /// An editor that works with `model`.
    public init(_ model: Model) {
        self.model = model
    }

    /// Uses that many threads, 1 or more, in the whole process. No result depends on their number.
    public static func useThreads(_ count: Int) {
        Threads.use(count)
    }

    /// Carries out an edit.
    ///
    /// All noise comes from the recipe's seed, which is drawn if there is none, in diffusers' order:
    /// the sample of the picture's latents, the noise of the start, with a mask the sample of the
    /// masked picture's latents (which a four-channel model has no use for), the noise of the steps.
    /// A nine-channel model that begins with nothing but noise has no use for the first; one that
    /// follows instructions only draws the noises of the start and the steps.
    ///
    /// - Parameter progress: called between any two pieces of work; what it throws ends the edit.
    /// - Throws: `EditingError`, `SamplingError`, and what `progress` throws.
    public func callAsFunction(
        _ edit: Edit, recipe: Recipe, progress: @escaping (Progress) throws -> Void = { _ in }
    ) throws -> EditResult {
        let seed = recipe.drawingSeed().seed ?? 0
        var log = EditLog(progress)
        var latents = try latents(for: edit, recipe, seed: seed)
        if edit.isIdentity, let original = edit.original {
            return log.result(original, of: edit, by: model, seed: seed, latents)
        }
        try MemoryPlan(model, recipe, latents).check()
        var (name, scheduler) = try model.scheduler(
            for: recipe, strength: edit.strength, inpainting: edit.region != nil)
        let steps = scheduler.levels.count
        (log.scheduler, log.evaluations) = (name.rawValue, steps)

        let denoiser = try log.measured(.encodingPrompt) { try UNetDenoiser(model, recipe) }
        log.notes += denoiser.notes
        let (start, region) =
            try edit.start.map { original in
                try log.measured(.encodingImage) {
                    try begin(edit, on: original, recipe, scheduler, &latents)
                }
            } ?? (scheduler.start(clean: nil, noise: latents.noise()), nil)
        if region?.isEmpty == true {
            log.notes.append(
                "the mask is too small for mask_latent \(recipe.maskLatent.rawValue): "
                    + "nothing is repainted")
        }

        let masked: any Denoiser = region?.masked(denoiser) ?? denoiser
        let tell = log.tell
        let result = try log.measured(.denoising(step: 0, steps: steps)) {
            try denoise(
                start, scheduler: &scheduler, denoiser: masked,
                noise: { latents.noise() },
                afterStep: { x, index in
                    try tell(.denoising(step: index + 1, steps: steps))
                    return region?.restored(in: x, after: index, of: steps) ?? x
                })
        }
        let painted = try log.measured(.decoding) {
            try latents.decoded(result, width: edit.width, height: edit.height)
        }
        return log.result(edit.composited(painted), of: edit, by: model, seed: seed, latents)
    }

    /// The latents of an edit that the model can be used for.
    func latents(for edit: Edit, _ recipe: Recipe, seed: UInt64) throws -> Latents {
        if model.isForInpainting, edit.region == nil {
            throw EditingError.inpaintingOnly(model: model.name)
        }
        guard edit.isInstruction == model.followsInstructions else {
            throw edit.isInstruction
                ? EditingError.noInstructions(model: model.name)
                : EditingError.instructionsOnly(model: model.name)
        }
        return Latents(
            model.vae, width: edit.width, height: edit.height, seed: seed,
            tiling: recipe.vaeTiling)
    }

    /// What the first step begins with, and the region that is repainted where that is not everything.
    private func begin(
        _ edit: Edit, on original: Image, _ recipe: Recipe, _ scheduler: any Scheduler,
        _ latents: inout Latents
    ) throws -> (start: Tensor, region: Region?) {
        if edit.isInstruction {
            let shown = try latents.shown(original)
            return (scheduler.start(clean: nil, noise: latents.noise()), Region(shown: shown))
        }
        let forgets = edit.region != nil && edit.strength == 1
        let clean = forgets && model.isForInpainting ? nil : try latents.encoded(original)
        let noise = latents.noise()
        let mask = edit.region.map { latents.mask($0, recipe.maskLatent) }
        var region: Region?
        if let mask, let hole = edit.region, model.isForInpainting {
            let visible = try latents.encoded(original, without: hole)
            region = Region(visible: visible, mask: mask)
        } else if let mask, let clean {
            _ = latents.noise()
            region = Region(
                clean: clean, noise: noise, mask: mask, compat: recipe.compat, scheduler: scheduler)
        }
        let known = clean.map { clean in
            mask.map { recipe.fill.applied(to: clean, noise: noise, mask: $0) } ?? clean
        }
        return (scheduler.start(clean: forgets ? nil : known, noise: noise), region)
    }
}

extension Fill {
    /// The latents to begin with: those of the picture, under the mask the noise of the start or zeros
    /// if that is the fill, as AUTOMATIC1111's "latent noise" and "latent nothing".
    fileprivate func applied(to clean: Tensor, noise: Tensor, mask: Tensor) -> Tensor {
        guard self == .noise || self == .nothing else { return clean }
        let channels = Array(repeating: mask, count: clean.shape[clean.shape.count - 1])
        let mask = Tensor.concatenated(channels, axis: clean.shape.count - 1)
        let kept = clean * (1 - mask)
        return self == .noise ? kept + noise * mask : kept
    }
}
