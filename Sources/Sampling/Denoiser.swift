public import Tensors

/// Something that sees the clean latents through the noise.
public protocol Denoiser {
    /// An estimate of the clean latents z0.
    /// - Parameters:
    ///   - x: z0 + σ·n, any shape with the batch first.
    ///   - level: σ and the timestep.
    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor
}

/// A network as a denoiser: its input is scaled to unit variance, its output read as ε, v or z0.
public struct NetworkDenoiser: Denoiser {
    private let prediction: PredictionType
    private let network: (_ scaled: Tensor, _ timestep: Float) throws -> Tensor

    /// - Parameters:
    ///   - prediction: what the network's output means.
    ///   - network: gets x / √(1 + σ²) and a timestep, answers in the same shape.
    public init(
        predicting prediction: PredictionType,
        network: @escaping (_ scaled: Tensor, _ timestep: Float) throws -> Tensor
    ) {
        self.prediction = prediction
        self.network = network
    }

    /// The clean estimate: x − σ·ε, or x/(1 + σ²) − v·σ/√(1 + σ²), or the output itself.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        let sigma = level.sigma
        let variance = sigma * sigma + 1
        let output = try network(x / variance.squareRoot(), level.timestep)
        switch prediction {
        case .epsilon: return x - output * sigma
        case .vPrediction: return x / variance - output * (sigma / variance.squareRoot())
        case .sample: return output
        }
    }
}

/// Classifier-free guidance (Ho & Salimans 2022): u + scale · (c − u), both from one batched call.
///
/// Guiding clean estimates is guiding ε or v: z0 is affine in them with the same slope in both
/// branches.
public struct Guided<Model: Denoiser>: Denoiser {
    private let model: Model
    private let scale: Float

    /// - Parameters:
    ///   - model: given 2N rows it answers the first N without and the last N with the prompt;
    ///     given N rows, all with the prompt.
    ///   - scale: 1 or less leaves the branch without a prompt out.
    public init(_ model: Model, scale: Float) {
        self.model = model
        self.scale = scale
    }

    /// The guided estimate, in the shape of `x`.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        guard scale > 1 else { return try model(x, at: level) }
        let both = try model(Tensor.concatenated([x, x], axis: 0), at: level)
        let rows = x.shape[0]
        let without = both.sliced(axis: 0, 0..<rows)
        let with = both.sliced(axis: 0, rows..<(2 * rows))
        return without + (with - without) * scale
    }
}
