import Imaging
import Models
import Recipes
import Sampling
import Tensors

extension Editor {
    /// What the model makes of an edit: one way for every verb and every pass.
    func paint(
        _ edit: Edit, _ resolved: ResolvedRecipe, _ log: inout EditLog
    ) throws -> LayeredCanvas.Painted {
        let recipe = resolved.recipe
        var latents = Latents(
            model.vae, width: edit.width, height: edit.height, seed: resolved.seed,
            tiling: resolved.vaeTiling)
        var (name, scheduler) = try model.scheduler(
            for: recipe, strength: edit.strength, inpainting: edit.region != nil)
        let steps = scheduler.levels.count
        let denoiser = try log.measured(.encodingPrompt) {
            try BackboneDenoiser(
                model, recipe, width: latents.paddedWidth, height: latents.paddedHeight,
                evaluations: steps, control: model.controlRun(edit, latents, steps: steps))
        }
        log.note(denoiser.notes)
        let (start, region) =
            try edit.start.map { original in
                try log.measured(.encodingImage) {
                    try begin(edit, on: original, recipe, scheduler, &latents)
                }
            } ?? (scheduler.start(clean: nil, noise: latents.noise()), nil)
        if region?.isEmpty == true {
            log.note(["the mask is too small or too dark for the model's latents, which stay"])
        }

        let masked: any Denoiser = region?.masked(denoiser) ?? denoiser
        let watched = log.watched(masked, model)
        let tell = log.tell
        let result = try log.measured(log.denoising(step: 0)) { [log] in
            try denoise(
                start, scheduler: &scheduler, denoiser: watched,
                noise: { latents.noise() },
                afterStep: { x, index in
                    try tell(log.denoising(step: index + 1))
                    return region?.restored(in: x, after: index, of: steps) ?? x
                })
        }
        log.count(evaluations: steps, of: name)
        let painted = try log.measured(.decoding) {
            try latents.decoded(result, width: edit.width, height: edit.height)
        }
        let shown = region?.shown(of: result, recipe.softComposite, recipe.softBlend)
        return LayeredCanvas.Painted(
            image: painted, shown: shown.map { latents.enlarged($0, edit.width, edit.height) })
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
        let isHard = edit.mode == .hard
        // Only so far as diffusers does it: soft masks and ComfyUI know the picture at every strength.
        let forgets = edit.region != nil && edit.strength == 1 && isHard && recipe.compat != .comfy
        let clean = forgets && model.isForInpainting ? nil : try latents.encoded(original)
        let noise = latents.noise()
        let mask = edit.region.map { latents.mask($0, recipe) }
        var region: Region?
        if let mask, let hole = edit.region, model.isForInpainting {
            let visible = try latents.encoded(original, without: hole.support)
            region =
                clean.flatMap { clean in
                    isHard
                        ? nil
                        : Region(
                            clean: clean, noise: noise, mask: mask, rule: Region.Rule(recipe),
                            scheduler: scheduler, visible: visible)
                } ?? Region(visible: visible, mask: mask)
        } else if let mask, let clean {
            if isHard, model.vae.drawsLatents { _ = latents.noise() }
            region = Region(
                clean: clean, noise: noise, mask: mask, rule: Region.Rule(recipe),
                scheduler: scheduler)
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
