public import Tensors

/// How clean latents z0 and normal noise n are mixed at a level of noise σ, and so what a network sees
/// and how its answer is read. A family of models has one.
public enum Parametrization: Sendable, Equatable, CaseIterable {
    /// √ᾱ·z0 + √(1−ᾱ)·n with σ = √((1 − ᾱ)/ᾱ), 0 and more (Ho, Jain & Abbeel 2020; Song et al.
    /// 2021). Denoisers get z0 + σ·n; the network is shown it at unit variance.
    case variancePreserving
    /// (1 − σ)·z0 + σ·n, σ in 0...1 (Liu, Gong & Liu 2023; Lipman et al. 2023). Denoisers and the
    /// network get just that; the network answers with the velocity n − z0.
    case flow

    /// The weights of z0 and n in what a denoiser gets at a level.
    public func weights(at sigma: Float) -> (signal: Float, noise: Float) {
        switch self {
        case .variancePreserving: (1, sigma)
        case .flow: (1 - sigma, sigma)
        }
    }

    /// Clean latents noised to a level, as a denoiser gets them.
    public func noised(_ clean: Tensor, noise: Tensor, at sigma: Float) -> Tensor {
        switch self {
        case .variancePreserving: clean.adding(noise, scaledBy: sigma)
        case .flow: clean * (1 - sigma) + noise * sigma
        }
    }

    /// What the network is shown, from what the denoiser gets.
    func networkInput(_ x: Tensor, at sigma: Float) -> Tensor {
        switch self {
        case .variancePreserving: x / (sigma * sigma + 1).squareRoot()
        case .flow: x
        }
    }
}

extension PredictionType {
    /// The mixture that a network of this prediction was trained on.
    public var parametrization: Parametrization { self == .flow ? .flow : .variancePreserving }
}
