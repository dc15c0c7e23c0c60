public import Tensors

/// Keeps the estimate to the known latents outside a mask, as A1111 does: m·estimate + (1−m)·clean.
public struct Masked<Model: Denoiser>: Denoiser {
    private let model: Model
    private let known: KnownRegion

    /// The denoiser held to known latents.
    public init(_ model: Model, _ known: KnownRegion) {
        (self.model, self.known) = (model, known)
    }

    /// The blended estimate.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        known.held(try model(x, at: level))
    }
}

/// Known latents of which a mask says what is repainted, and the ways to hold the rest to them.
public struct KnownRegion {
    /// The known latents, [N,H,W,C].
    public let clean: Tensor
    let noise: Tensor
    let mask: Tensor
    let keep: Tensor
    private let scheduler: any Scheduler

    /// - Parameters:
    ///   - clean: the known latents, [N,H,W,C].
    ///   - noise: the noise of the start, same shape.
    ///   - mask: 1 where the model paints, 0 where latents stay, between in part; [N,H,W,1] or the
    ///     shape of `clean`.
    ///   - scheduler: the one that makes the steps, for its levels.
    public init(clean: Tensor, noise: Tensor, mask: Tensor, scheduler: any Scheduler) {
        self.clean = clean
        self.noise = noise
        self.mask = mask.repeated(over: clean)
        keep = 1 - self.mask
        self.scheduler = scheduler
    }

    /// Clean latents with the known ones put back outside the mask.
    public func held(_ x: Tensor) -> Tensor { clean * keep + x * mask }

    /// The latents after step `index` with the known ones put back outside the mask, noised to the
    /// next level with the same noise each time, as diffusers inpaints with a four-channel model.
    public func restored(in x: Tensor, after index: Int) -> Tensor {
        scheduler.noised(clean, noise: noise, at: index + 1) * keep + x * mask
    }

    /// The same for a mask of strengths (Levin & Fried 2023, Differential Diffusion): a latent of mask
    /// value m is held as long as 1 − m > i/n before evaluation i of n; from then on it is free.
    public func restoredByStrength(in x: Tensor, after index: Int) -> Tensor {
        let (next, count) = (index + 1, scheduler.levels.count)
        guard next < count else { return x }
        let threshold = Float(next) / Float(count)
        let held = keep.map { $0 > threshold ? 1 : 0 }
        return scheduler.noised(clean, noise: noise, at: next) * held + x * (1 - held)
    }
}

extension Tensor {
    /// A one-channel mask, once for each channel of `latents`.
    func repeated(over latents: Tensor) -> Tensor {
        guard shape != latents.shape, let channels = latents.shape.last else { return self }
        return .concatenated(Array(repeating: self, count: channels), axis: shape.count - 1)
    }
}
