import Imaging
import Recipes
import Sampling
import Tensors

/// The part of the latents that is repainted, and how the rest is kept to the picture: put back
/// between the steps, or shown to a UNet that is made for inpainting.
struct Region {
    /// How known latents are kept.
    enum Rule {
        /// Put back after each step, noised to the next.
        case diffusers
        /// In the estimate, and once more behind the last step.
        case a1111
        /// Before and behind each evaluation.
        case comfy
        /// As long as the mask says.
        case differential
        /// In the estimate, the less the lower the noise.
        case soft(SoftBlend)

        init(_ recipe: Recipe) {
            switch (recipe.maskMode, recipe.compatibility.knownLatents) {
            case (.differential, _): self = .differential
            case (.soft, _): self = .soft(recipe.softBlend)
            case (.hard, .inEstimates): self = .a1111
            case (.hard, .aroundEvaluations): self = .comfy
            case (.hard, .afterEachStep): self = .diffusers
            }
        }
    }

    private let mask: Tensor
    private let rule: Rule
    /// The latents that the others are held to, with the mask and the noise.
    private let known: KnownRegion?
    /// [1,H,W,C]: what the UNet sees of the picture.
    private let channels: Tensor?

    /// Whether no latent is repainted.
    let isEmpty: Bool

    /// - Parameters:
    ///   - clean: the picture's latents [1,H,W,4].
    ///   - noise: the noise of the start, same shape.
    ///   - mask: [1,H,W,1]: 1 where latents are repainted, 0 where they stay.
    ///   - visible: for a UNet of nine channels, the latents [1,H,W,4] of the picture with grey for
    ///     what is repainted.
    init(
        clean: Tensor, noise: Tensor, mask: Tensor, rule: Rule, scheduler: any Scheduler,
        visible: Tensor? = nil
    ) {
        let known = KnownRegion(clean: clean, noise: noise, mask: mask, scheduler: scheduler)
        self.init(mask, rule, known, visible: visible)
    }

    /// For a UNet of nine channels that needs no more than to be shown the rest.
    ///
    /// - Parameters:
    ///   - visible: the latents [1,H,W,4] of the picture with grey for what is repainted.
    ///   - mask: [1,H,W,1]: 1 where latents are repainted, 0 where they stay.
    init(visible: Tensor, mask: Tensor) {
        self.init(mask, .diffusers, nil, visible: visible)
    }

    /// All of a picture, for a UNet that follows instructions.
    ///
    /// - Parameter shown: the latents [1,H,W,4] of the picture, not scaled.
    init(shown: Tensor) {
        mask = Tensor([1], shape: [1, 1, 1, 1])
        (rule, known, channels, isEmpty) = (.diffusers, nil, shown, false)
    }

    private init(_ mask: Tensor, _ rule: Rule, _ known: KnownRegion?, visible: Tensor?) {
        self.mask = mask
        self.rule = rule
        self.known = known
        channels = visible.map {
            .concatenated([mask.map { $0 > 0 ? 1 : 0 }, $0], axis: 3)
        }
        isEmpty = mask.withUnsafeBufferPointer { $0.allSatisfy { $0 == 0 } }
    }

    /// The denoiser of each step: an inpainting UNet sees the rest, A1111 and ComfyUI hold the
    /// estimate to it.
    func masked(_ denoiser: BackboneDenoiser) -> any Denoiser {
        let seeing = channels.map(denoiser.seeing) ?? denoiser
        let denoiser = seeing.reusing(around: mask, known: known)
        guard let known else { return denoiser }
        switch rule {
        case .diffusers, .differential: return denoiser
        case .a1111: return Masked(denoiser, known)
        case .comfy: return NoisedMasked(denoiser, known)
        case .soft(let blend): return SoftMasked(denoiser, clean: known.clean, mask: mask, blend)
        }
    }

    /// The latents to go on with: diffusers puts the known ones back after each step, A1111 only
    /// after the last, differential diffusion as long as each is held; the others need none of it.
    func restored(in x: Tensor, after index: Int, of count: Int) -> Tensor {
        guard let known else { return x }
        switch rule {
        case .a1111 where index + 1 < count: return x
        case .comfy, .soft: return x
        case .diffusers, .a1111:
            return known.restored(in: x, after: index)
        case .differential:
            return known.restoredByStrength(in: x, after: index)
        }
    }

    /// What of the painted picture soft inpainting shows, from how far its latents moved; nil in all
    /// other cases. Of the size of the latents.
    func shown(of result: Tensor, _ settings: SoftComposite, _ blend: SoftBlend) -> Mask? {
        guard case .soft = rule, let known else { return nil }
        return settings.mask(
            from: known.clean, to: result, mask: mask, preservation: blend.preservation)
    }
}
