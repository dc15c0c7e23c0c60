import Tensors

/// What a network was trained on: how clean latents and noise are mixed in its input, and what its
/// output means.
public enum Parametrization: Sendable, Equatable {
    /// z0 + σ·n, scaled to unit variance for the network (Ho et al. 2020); the output is the noise, the
    /// velocity or the clean latents.
    case variancePreserving(PredictionType)
    /// (1 − σ)·z0 + σ·n with σ in 0...1; the output is the velocity n − z0 (rectified flow, Liu et al.
    /// 2022; Esser et al. 2024).
    case flow

    /// The network's input, from latents x at noise σ.
    func input(_ x: Tensor, sigma: Float) -> Tensor {
        switch self {
        case .variancePreserving: x / (sigma * sigma + 1).squareRoot()
        case .flow: x
        }
    }

    /// How much of the network's output is in the clean estimate at noise σ.
    public func slope(at sigma: Float) -> Float {
        switch self {
        case .variancePreserving(.epsilon), .flow: -sigma
        case .variancePreserving(.vPrediction): -sigma / (sigma * sigma + 1).squareRoot()
        case .variancePreserving(.sample): 1
        }
    }

    /// The clean estimate, from latents x at noise σ and the network's output.
    func clean(_ x: Tensor, output: Tensor, sigma: Float) -> Tensor {
        let variance = sigma * sigma + 1
        switch self {
        case .variancePreserving(.epsilon), .flow: return x - output * sigma
        case .variancePreserving(.vPrediction):
            return x / variance - output * (sigma / variance.squareRoot())
        case .variancePreserving(.sample): return output
        }
    }
}
