import Foundation
public import Tensors

/// A normal distribution with independent components: what an encoder makes of a picture.
public struct DiagonalGaussian: Sendable {
    /// The most likely latents [N, h, w, C]
    public let mean: Tensor
    /// The logarithm of the variance, of the same shape, within -30…20.
    public let logVariance: Tensor

    /// - Parameter moments: [N, h, w, 2C], means before log-variances.
    init(moments: Tensor) {
        let channels = moments.shape[3] / 2
        mean = moments.sliced(axis: 3, 0..<channels)
        logVariance = moments.sliced(axis: 3, channels..<2 * channels).clamped(to: -30...20)
    }

    /// A draw, given standard normal `noise` of the shape of `mean`: mean + e^(logVariance / 2) · noise.
    public func sample(_ noise: Tensor) -> Tensor {
        mean + logVariance.map { exp(0.5 * $0) } * noise
    }
}
