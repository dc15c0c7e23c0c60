public import Tensors

/// Something that sees the clean latents through the noise.
public protocol Denoiser {
    /// An estimate of the clean latents z0.
    /// - Parameters:
    ///   - x: z0 + σ·n, any shape with the batch first.
    ///   - level: σ and the timestep.
    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor
}

/// A network as a denoiser: its input is scaled and its output read as its parametrization says.
public struct NetworkDenoiser: Denoiser {
    private let parametrization: Parametrization
    private let network: (_ input: Tensor, _ timestep: Float) throws -> Tensor

    /// - Parameters:
    ///   - parametrization: what the network was trained on.
    ///   - network: gets its input and a timestep, answers in the same shape.
    public init(
        _ parametrization: Parametrization,
        network: @escaping (_ input: Tensor, _ timestep: Float) throws -> Tensor
    ) {
        self.parametrization = parametrization
        self.network = network
    }

    /// The clean estimate.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        let output = try network(
            parametrization.input(x, sigma: level.sigma), level.timestep)
        return parametrization.clean(x, output: output, sigma: level.sigma)
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
    ///   - scale: 1 leaves the branch without a prompt out.
    public init(_ model: Model, scale: Float) {
        self.model = model
        self.scale = scale
    }

    /// The guided estimate, in the shape of `x`.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        guard scale != 1 else { return try model(x, at: level) }
        let (without, with) = try branches(x, at: level)
        return guided(without: without, with: with)
    }

    /// The guided estimate from those of both branches.
    public func guided(without: Tensor, with: Tensor) -> Tensor {
        without + (with - without) * scale
    }

    /// The estimates without and with the prompt.
    public func branches(
        _ x: Tensor, at level: NoiseLevel
    ) throws -> (without: Tensor, with: Tensor) {
        let both = try model(Tensor.concatenated([x, x], axis: 0), at: level)
        let rows = x.shape[0]
        return (
            both.sliced(axis: 0, 0..<rows), both.sliced(axis: 0, rows..<(2 * rows))
        )
    }
}

/// Guidance by a prompt and a picture (InstructPix2Pix, Brooks et al. 2023, eq. 3):
/// u + imageScale · (i − u) + scale · (c − i), all three from one batched call.
public struct PictureGuided<Model: Denoiser>: Denoiser {
    private let model: Model
    private let scale: Float
    private let imageScale: Float

    /// - Parameters:
    ///   - model: given 3N rows it answers the first N with neither, the next N with the picture, the
    ///     last N with prompt and picture; given N rows, all with both.
    ///   - scale: 1 or less leaves the first two branches out, as diffusers does.
    public init(_ model: Model, scale: Float, imageScale: Float) {
        self.model = model
        self.scale = scale
        self.imageScale = imageScale
    }

    /// The guided estimate, in the shape of `x`.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        guard scale > 1 else { return try model(x, at: level) }
        let all = try model(Tensor.concatenated([x, x, x], axis: 0), at: level)
        let rows = x.shape[0]
        let (neither, picture, both) = (
            all.sliced(axis: 0, 0..<rows), all.sliced(axis: 0, rows..<(2 * rows)),
            all.sliced(axis: 0, (2 * rows)..<(3 * rows))
        )
        return neither + (both - picture) * scale + (picture - neither) * imageScale
    }
}

/// Guidance by several prompts (Liu et al. 2022, "Compositional Visual Generation with Composable
/// Diffusion Models", eq. 13): u + scale · Σ wᵢ · (cᵢ − u), all from one batched call.
public struct Composed<Model: Denoiser>: Denoiser {
    private let model: Model
    private let scale: Float
    private let weights: [Float]

    /// - Parameters:
    ///   - model: given (1 + k)N rows it answers the first N without a prompt and N more with each of
    ///     the k prompts.
    ///   - scale: applies to all prompts.
    ///   - weights: one for each prompt.
    public init(_ model: Model, scale: Float, weights: [Float]) {
        (self.model, self.scale, self.weights) = (model, scale, weights)
    }

    /// The guided estimate, in the shape of `x`.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        let copies = Array(repeating: x, count: weights.count + 1)
        let all = try model(Tensor.concatenated(copies, axis: 0), at: level)
        let rows = x.shape[0]
        let without = all.sliced(axis: 0, 0..<rows)
        return weights.enumerated().reduce(without) { sum, prompt in
            let start = (prompt.offset + 1) * rows
            let with = all.sliced(axis: 0, start..<(start + rows))
            return sum + (with - without) * (prompt.element * scale)
        }
    }
}
