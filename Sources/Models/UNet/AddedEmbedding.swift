import Checkpoints
import Foundation
public import Tensors

extension UNet2DCondition {
    /// What Stable Diffusion XL is told beside the prompt's tokens.
    public struct Added: Sendable {
        /// the embeddings of the whole prompts: [N, pooledChannels]
        public let pooled: Tensor
        /// six numbers: height and width of the picture that was trained on, the top left corner of its
        /// cut-out, height and width of the picture to make
        public let sizes: [Float]

        /// - Parameter sizes: six of them.
        public init(pooled: Tensor, sizes: [Float]) {
            precondition(sizes.count == 6)
            self.pooled = pooled
            self.sizes = sizes
        }
    }
}

/// What is told beside the prompt's tokens, as it is added to the embedding of the time (Podell et al.
/// 2023, section 2.2).
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
        let sizes = Tensor.concatenated(added.sizes.map { sizeEmbedding($0) }, axis: 1)
        let rows = Array(repeating: sizes, count: added.pooled.shape[0])
        return embedding(.concatenated([added.pooled, .concatenated(rows, axis: 0)], axis: 1))
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
