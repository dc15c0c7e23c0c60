public import Tensors

/// Shows every estimate of a denoiser to an onlooker, who cannot change it.
public struct Watched<Model: Denoiser>: Denoiser {
    private let model: Model
    private let look: (_ denoised: Tensor) throws -> Void

    /// - Parameters:
    ///   - model: the denoiser.
    ///   - look: gets each estimate of the clean latents; what it throws ends the denoising.
    public init(_ model: Model, look: @escaping (_ denoised: Tensor) throws -> Void) {
        (self.model, self.look) = (model, look)
    }

    /// The model's own estimate.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        let denoised = try model(x, at: level)
        try look(denoised)
        return denoised
    }
}
