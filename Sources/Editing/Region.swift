import Imaging
import Recipes
import Sampling
import Tensors

/// The part of the latents that is repainted, and how the rest is held to the picture.
struct Region {
    private let clean: Tensor
    private let mask: Tensor
    private let noise: Tensor
    private let known: KnownRegion
    private let compat: StepRule?

    /// Whether no latent is repainted.
    let isEmpty: Bool

    /// - Parameters:
    ///   - clean: the picture's latents [1,H,W,4].
    ///   - noise: the noise of the start, same shape.
    ///   - mask: [1,H,W,1]: 1 where latents are repainted, 0 where they stay.
    init(
        clean: Tensor, noise: Tensor, mask: Tensor, compat: StepRule?, scheduler: any Scheduler
    ) {
        self.clean = clean
        self.mask = mask
        self.noise = noise
        isEmpty = mask.withUnsafeBufferPointer { $0.allSatisfy { $0 == 0 } }
        self.compat = compat
        known = KnownRegion(clean: clean, noise: noise, mask: mask, scheduler: scheduler)
    }

    /// The latents to begin with: those of the picture, under the mask the noise of the start or
    /// zeros if that is the fill, as AUTOMATIC1111's "latent noise" and "latent nothing".
    func filled(_ fill: Fill) -> Tensor {
        guard fill == .noise || fill == .nothing else { return clean }
        let channels = Array(repeating: mask, count: clean.shape[clean.shape.count - 1])
        let mask = Tensor.concatenated(channels, axis: clean.shape.count - 1)
        let kept = clean * (1 - mask)
        return fill == .noise ? kept + noise * mask : kept
    }

    /// The denoiser of each step: A1111 holds its estimate to the known latents.
    func masked(_ denoiser: some Denoiser) -> any Denoiser {
        compat == .a1111 ? Masked(denoiser, clean: clean, mask: mask) : denoiser
    }

    /// The latents to go on with: diffusers puts the known ones back after each step, A1111 only
    /// after the last.
    func restored(in x: Tensor, after index: Int, of count: Int) -> Tensor {
        compat == .a1111 && index + 1 < count ? x : known.restored(in: x, after: index)
    }
}
