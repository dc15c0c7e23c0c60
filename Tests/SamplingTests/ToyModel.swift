import Sampling
import Tensors

/// The exact denoiser of latents that are normal with mean μ and deviation s:
/// D(x, σ) = (s²·x + σ²·μ) / (s² + σ²).
struct GaussianDenoiser: Denoiser {
    var mean: Float = 0.3
    var deviation: Float = 0.5

    func callAsFunction(_ x: Tensor, at level: NoiseLevel) -> Tensor {
        let clean = deviation * deviation
        let noise = level.sigma * level.sigma
        return x.map { (clean * $0 + noise * mean) / (clean + noise) }
    }

    /// Where the probability-flow equation takes x from one level to another.
    func exact(_ x: Float, from: Float, to: Float) -> Float {
        let clean = deviation * deviation
        return mean + (x - mean) * ((clean + to * to) / (clean + from * from)).squareRoot()
    }
}

/// A denoiser made of a closure.
struct ClosureDenoiser: Denoiser {
    let estimate: (Tensor, NoiseLevel) throws -> Tensor

    func callAsFunction(_ x: Tensor, at level: NoiseLevel) throws -> Tensor {
        try estimate(x, level)
    }
}

/// The result of a whole run, and the number of times noise was drawn.
func run(
    _ scheduler: any Scheduler, from start: Tensor, _ denoiser: some Denoiser, seed: UInt64 = 1
) throws -> (x: Tensor, draws: Int) {
    var scheduler = scheduler
    var source = TorchRandomSource(seed: seed)
    var draws = 0
    let x = try denoise(
        start, scheduler: &scheduler, denoiser: denoiser,
        noise: { _ in
            draws += 1
            return source.normal(start.shape)
        })
    return (x, draws)
}
