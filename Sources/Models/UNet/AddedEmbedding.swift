import Checkpoints
import Foundation
public import Tensors

extension UNet2DCondition {
    /// What Stable Diffusion XL is conditioned on besides the prompt's tokens.
    public struct Added: Sendable {
        /// Embeddings of the whole prompts: [N, pooledChannels].
        public let pooled: Tensor
        /// Numbers about the picture, [N, S]. Of XL six: height and width of the picture that was trained
        /// on, the top left corner of its crop, height and width of the picture to make; of its refiner
        /// the first four and an aesthetic score.
        public let sizes: Tensor

        /// - Parameters:
        ///   - pooled: [N, pooledChannels].
        ///   - sizes: [N, S].
        public init(pooled: Tensor, sizes: Tensor) {
            (self.pooled, self.sizes) = (pooled, sizes)
        }
    }
}

/// The embedding of what is conditioned on besides the prompt's tokens, which is added to that of the
/// time (Podell et al. 2023, section 2.2).
struct AddedEmbedding: Sendable {
    private let sizeEmbedding: Timesteps
    private let embedding: TimestepEmbedding

    init(
        _ weights: Weights, _ added: UNet2DCondition.Configuration.Added,
        _ configuration: UNet2DCondition.Configuration
    ) throws {
        sizeEmbedding = Timesteps(
            channels: added.sizeChannels, flipsSinToCos: configuration.flipsSinToCos,
            frequencyShift: configuration.frequencyShift)
        embedding = try TimestepEmbedding(
            weights, from: added.inputs, to: configuration.timeChannels, activation: .silu)
    }

    /// [N, timeChannels].
    func callAsFunction(_ added: UNet2DCondition.Added) -> Tensor {
        let count = added.sizes.shape[1]
        let sizes = Tensor.concatenated(added.sizes.values.map { sizeEmbedding($0) }, axis: 0)
            .reshaped([added.sizes.shape[0], count * sizeEmbedding.channels])
        return embedding(.concatenated([added.pooled, sizes], axis: 1))
    }
}

/// The guidance scale as sines and cosines, as diffusers' `get_guidance_scale_embedding`; latent
/// consistency models are distilled with it (Luo, Tan, Huang, Li & Zhao 2023, section 4.3).
struct GuidanceEmbedding {
    let channels: Int

    /// [1, channels].
    func callAsFunction(_ scale: Float) -> Tensor {
        let half = channels / 2
        let angles = (0..<half).map { index in
            (scale - 1) * 1000 * exp(Float(index) * -(Float(log(10_000.0)) / Float(half - 1)))
        }
        let padding = [Float](repeating: 0, count: channels % 2)
        return Tensor(
            angles.map { sin($0) } + angles.map { cos($0) } + padding, shape: [1, channels])
    }
}
