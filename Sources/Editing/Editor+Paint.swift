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
        let (recipe, seed) = (resolved.recipe, resolved.seed)
        var first = edit
        first.controls = edit.controls(inSecondRun: false)
        let run = try run(first, recipe, seed, &log)
        guard let enlargement = edit.enlargement else {
            let shown = run.region?.shown(
                of: run.result, recipe.softComposite, recipe.softBlend)
            return LayeredCanvas.Painted(
                image: try run.decoded(edit, &log),
                shown: shown.map { run.latents.enlarged($0, edit.width, edit.height) })
        }
        let own = recipe.ofSecondRun
        let second: Run
        let larger: Edit
        if let scaling = enlargement.upscaler.scaling {
            // Only ControlNets look at the picture.
            let seen = edit.controls.isEmpty ? nil : edit.start.map(enlargement.applied)
            larger = edit.secondRun(own, enlargement, from: seen)
            second = try self.run(
                larger, own, seed, &log,
                from: enlargement.applied(
                    to: run.result, factor: run.latents.factor, by: scaling))
        } else {
            let image = enlargement.applied(to: try run.decoded(edit, &log))
            larger = edit.secondRun(own, enlargement, from: image)
            second = try self.run(larger, own, seed, &log)
        }
        return LayeredCanvas.Painted(image: try second.decoded(larger, &log), shown: nil)
    }

    /// What all steps came to.
    private struct Run {
        let latents: Latents
        let result: Tensor
        let region: Region?

        /// The picture of the result.
        func decoded(_ edit: Edit, _ log: inout EditLog) throws -> Image {
            try log.measured(.decoding) {
                try latents.decoded(result, width: edit.width, height: edit.height)
            }
        }
    }

    /// All steps over an edit.
    ///
    /// - Parameter known: clean latents to begin with in place of the edit's picture.
    private func run(
        _ edit: Edit, _ recipe: Recipe, _ seed: UInt64, _ log: inout EditLog,
        from known: Tensor? = nil
    ) throws -> Run {
        var latents = Latents(
            model.vae, width: edit.width, height: edit.height, seed: seed, recipe)
        var (name, scheduler) = try model.scheduler(
            for: recipe, strength: edit.strength, inpainting: edit.region != nil)
        let steps = scheduler.levels.count
        let denoiser = try log.measured(.encodingPrompt) {
            try BackboneDenoiser(
                model, recipe, width: latents.paddedWidth, height: latents.paddedHeight,
                levels: scheduler.levels, control: model.controlRun(edit, latents, steps: steps))
        }
        log.note(denoiser.notes)
        var (start, region): (Tensor, Region?)
        if known == nil, let original = edit.start {
            (start, region) = try log.measured(.encodingImage) {
                try begin(edit, on: original, recipe, scheduler, &latents)
            }
        } else {
            (start, region) = (scheduler.start(clean: known, noise: latents.firstNoise()), nil)
        }
        if region?.isEmpty == true {
            log.note(["the mask is too small or too dark for the model's latents, which stay"])
        }

        let masked: any Denoiser = region?.masked(denoiser) ?? denoiser
        let watched = log.watched(masked, model)
        let tell = log.tell
        let range = scheduler.trajectory.sigmaRange
        var done = steps
        let result = try log.measured(log.denoising(step: 0)) { [log] in
            var asked = 0
            return try denoise(
                start, scheduler: &scheduler, denoiser: watched,
                noise: { latents.noise(for: $0, over: range) },
                afterStep: { x, index in
                    try tell(log.denoising(step: index + 1))
                    return region?.restored(in: x, after: index, of: steps) ?? x
                },
                isEnough: {
                    asked += 1
                    guard asked < steps, log.isEnough() else { return false }
                    done = asked
                    return true
                })
        }
        log.count(evaluations: done, of: name)
        if done < steps { log.note(["ended early, after \(done) of \(steps) steps"]) }
        return Run(latents: latents, result: result, region: region)
    }

    /// What the first step begins with, and the region that is repainted where that is not everything.
    private func begin(
        _ edit: Edit, on original: Image, _ recipe: Recipe, _ scheduler: any Scheduler,
        _ latents: inout Latents
    ) throws -> (start: Tensor, region: Region?) {
        if edit.isInstruction {
            let shown = try latents.shown(edit.original ?? original)
            let clean = edit.strength == nil ? nil : try latents.encoded(original)
            let noise = latents.firstNoise()
            return (scheduler.start(clean: clean, noise: noise), Region(shown: shown))
        }
        let isHard = edit.mode == .hard
        // Only so far as diffusers does it: soft masks and ComfyUI know the picture at every strength.
        let ignoresPicture =
            edit.region != nil && edit.strength == 1 && isHard
            && !recipe.compatibility.startsFromPicture
        let clean = ignoresPicture && model.isForInpainting ? nil : try latents.encoded(original)
        let noise = latents.firstNoise()
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
            if isHard, latents.drawsPictures { _ = latents.noise() }
            region = Region(
                clean: clean, noise: noise, mask: mask, rule: Region.Rule(recipe),
                scheduler: scheduler)
        }
        let known = clean.map { clean in
            mask.map { recipe.fill.applied(to: clean, noise: noise, mask: $0) } ?? clean
        }
        return (scheduler.start(clean: ignoresPicture ? nil : known, noise: noise), region)
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
