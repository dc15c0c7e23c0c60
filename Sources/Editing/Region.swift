import Imaging
import Recipes
import Sampling
import Tensors

/// The part of the latents that is repainted, and how the rest is kept to the picture: put back
/// between the steps, or shown to a UNet that is made for inpainting.
struct Region {
    private enum Rest {
        case restored(KnownRegion, clean: Tensor)
        /// [1,H,W,C]: what the UNet sees of the picture.
        case shown(Tensor)
    }

    private let mask: Tensor
    private let rest: Rest
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
        let known = KnownRegion(clean: clean, noise: noise, mask: mask, scheduler: scheduler)
        self.init(mask, .restored(known, clean: clean), compat)
    }

    /// For a UNet of nine channels.
    ///
    /// - Parameters:
    ///   - visible: the latents [1,H,W,4] of the picture with grey for what is repainted.
    ///   - mask: [1,H,W,1]: 1 where latents are repainted, 0 where they stay.
    init(visible: Tensor, mask: Tensor) {
        self.init(mask, .shown(.concatenated([mask, visible], axis: 3)), nil)
    }

    /// All of a picture, for a UNet that follows instructions.
    ///
    /// - Parameter shown: the latents [1,H,W,4] of the picture, not scaled.
    init(shown: Tensor) {
        let shape = shown.shape.dropLast() + [1]
        let ones = Array(repeating: Float(1), count: shape.reduce(1, *))
        self.init(Tensor(ones, shape: Array(shape)), .shown(shown), nil)
    }

    private init(_ mask: Tensor, _ rest: Rest, _ compat: StepRule?) {
        self.mask = mask
        self.rest = rest
        self.compat = compat
        isEmpty = mask.withUnsafeBufferPointer { $0.allSatisfy { $0 == 0 } }
    }

    /// The denoiser of each step: an inpainting UNet sees the rest, A1111 holds its estimate to it.
    func masked(_ denoiser: UNetDenoiser) -> any Denoiser {
        switch rest {
        case .shown(let channels): denoiser.seeing(channels)
        case .restored(_, let clean) where compat == .a1111:
            Masked(denoiser, clean: clean, mask: mask)
        case .restored: denoiser
        }
    }

    /// The latents to go on with: diffusers puts the known ones back after each step, A1111 only
    /// after the last; an inpainting UNet needs none of it.
    func restored(in x: Tensor, after index: Int, of count: Int) -> Tensor {
        guard case .restored(let known, _) = rest, compat != .a1111 || index + 1 == count else {
            return x
        }
        return known.restored(in: x, after: index)
    }
}
