import Tensors

/// The noise in latents x = z0 + σ·n, and what the network gets with it.
public struct NoiseLevel: Sendable, Equatable {
    /// σ = √((1 − ᾱ) / ᾱ).
    public var sigma: Float
    /// The timestep the network is shown; may lie between training steps.
    public var timestep: Float

    /// A level of noise.
    public init(sigma: Float, timestep: Float) {
        self.sigma = sigma
        self.timestep = timestep
    }
}

/// How a scheduler scales its latents.
enum LatentSpace: Sendable {
    /// x = z0 + σ·n.
    case sigma
    /// x = √ᾱ·z0 + √(1−ᾱ)·n: variance stays at 1.
    case alpha

    /// The weights of z0 and n at a level.
    func weights(at sigma: Float) -> (signal: Float, noise: Float) {
        switch self {
        case .sigma: (1, sigma)
        case .alpha: (sigma.signalScale, sigma * sigma.signalScale)
        }
    }
}

/// The points a scheduler visits, already cut to those that strength leaves. At each,
/// x = signal·z0 + noise·n for clean latents z0 and normal noise n.
public struct Trajectory: Sendable {
    /// One entry for each evaluation of the model.
    public internal(set) var levels: [NoiseLevel]
    /// The least and the greatest σ above zero of the whole run, those that strength leaves out
    /// included.
    public let sigmaRange: ClosedRange<Float>
    let space: LatentSpace
    let signal: [Float]
    let noise: [Float]
    /// What pure noise is multiplied with to start.
    let initialNoiseSigma: Float
    /// Evaluations that strength left out before the first level.
    let skipped: Int
}

extension Trajectory {
    /// A trajectory from σ to σ.
    /// - Parameter sigmas: one for each timestep, before truncation.
    init(
        sigmas: [Float], timesteps: [Float], space: LatentSpace, initialNoiseSigma: Float,
        skipped: Int
    ) {
        let kept = skipped..<timesteps.count
        let weights = kept.map { space.weights(at: sigmas[$0]) }
        let noisy = sigmas.filter { $0 > 0 }
        self.init(
            levels: kept.map { NoiseLevel(sigma: sigmas[$0], timestep: timesteps[$0]) },
            sigmaRange: (noisy.min() ?? 0)...(noisy.max() ?? 0), space: space,
            signal: weights.map(\.signal), noise: weights.map(\.noise),
            initialNoiseSigma: initialNoiseSigma, skipped: skipped)
    }

    /// A trajectory from timestep to timestep of the training schedule, in alpha space.
    init(alphasCumprod: [Float], timesteps: [Int], skipped: Int) {
        let kept = timesteps[skipped...]
        let levels = timesteps.map { timestep in
            // At ᾱ = 0 sigma stops at 2²⁰: far above the signal, yet its square is finite.
            let alpha = alphasCumprod[timestep]
            let sigma = min(((1 - alpha) / alpha).squareRoot(), 0x1p20)
            return NoiseLevel(sigma: sigma, timestep: Float(timestep))
        }
        let sigmas = levels.map(\.sigma)
        self.init(
            levels: Array(levels[skipped...]),
            sigmaRange: (sigmas.min() ?? 0)...(sigmas.max() ?? 0), space: .alpha,
            signal: kept.map { alphasCumprod[$0].squareRoot() },
            noise: kept.map { (1 - alphasCumprod[$0]).squareRoot() },
            initialNoiseSigma: 1, skipped: skipped)
    }

    /// What a denoiser gets at a level, from latents x in the scheduler's own space.
    func denoiserInput(_ x: Tensor, at index: Int) -> Tensor {
        switch space {
        case .sigma: x
        case .alpha: x / levels[index].sigma.signalScale
        }
    }
}

extension Float {
    /// 1 / √(1 + σ²), the factor that gives z0 + σ·n unit variance.
    var signalScale: Float { 1 / (self * self + 1).squareRoot() }
}
