public import Tensors

/// Keeps the estimate to the known latents outside a mask, as A1111 does: m·estimate + (1−m)·clean.
public struct Masked<Model: Denoiser>: Denoiser {
    private let model: Model
    private let mask: Tensor
    private let kept: Tensor

    /// - Parameters:
    ///   - clean: the known latents, [N,H,W,C].
    ///   - mask: 1 where the model paints, 0 where latents stay; [N,H,W,1] or the shape of `clean`.
    public init(_ model: Model, clean: Tensor, mask: Tensor) {
        self.model = model
        self.mask = mask.repeated(over: clean)
        kept = clean * (1 - self.mask)
    }

    /// The blended estimate.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        try model(x, at: level) * mask + kept
    }
}

/// Puts the known latents back outside a mask after every step, noised to the next level with the
/// same noise each time, as diffusers inpaints with a four-channel model.
public struct KnownRegion {
    private let clean: Tensor
    private let noise: Tensor
    private let mask: Tensor
    private let keep: Tensor
    private let scheduler: any Scheduler

    /// - Parameters:
    ///   - clean: the known latents, [N,H,W,C].
    ///   - noise: the noise of the start, same shape.
    ///   - mask: 1 where the model paints, 0 where latents stay; [N,H,W,1] or the shape of `clean`.
    ///   - scheduler: the one that makes the steps, for its levels.
    public init(clean: Tensor, noise: Tensor, mask: Tensor, scheduler: any Scheduler) {
        self.clean = clean
        self.noise = noise
        self.mask = mask.repeated(over: clean)
        keep = 1 - self.mask
        self.scheduler = scheduler
    }

    /// The latents after step `index`, the known region restored.
    public func restored(in x: Tensor, after index: Int) -> Tensor {
        scheduler.noised(clean, noise: noise, at: index + 1) * keep + x * mask
    }
}

extension Tensor {
    /// A one-channel mask, once for each channel of `latents`.
    func repeated(over latents: Tensor) -> Tensor {
        guard shape != latents.shape, let channels = latents.shape.last else { return self }
        return .concatenated(Array(repeating: self, count: channels), axis: shape.count - 1)
    }
}
