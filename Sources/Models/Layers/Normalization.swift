import Checkpoints
import Tensors

/// Group normalization of channels-last pictures (Wu and He 2018).
struct GroupNorm: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let groups: Int
    private let epsilon: Float

    init(_ weights: Weights, channels: Int, groups: Int, epsilon: Float) throws {
        weight = try weights.tensor("weight", shape: [channels]).widened()
        bias = try weights.tensor("bias", shape: [channels]).widened()
        self.groups = groups
        self.epsilon = epsilon
    }

    /// - Parameter reuse: where places of the picture alone are computed, what is around them.
    func callAsFunction(_ x: Tensor, reuse: Reuse? = nil) -> Tensor {
        x.scaled(by: scales(x, reuse))
    }

    /// The same and an activation after it, for a convolution to begin with.
    func prologue(_ x: Tensor, activation: Activation, reuse: Reuse? = nil) -> Prologue {
        Prologue(scales: scales(x, reuse), activation: activation)
    }

    private func scales(_ x: Tensor, _ reuse: Reuse?) -> Tensor {
        let own = x.groupSums(groups: groups)
        let sums = reuse?.completed(own, of: x, groups: groups) ?? own
        return sums.scales(weight: weight, bias: bias, epsilon: epsilon)
    }
}

/// Layer normalization of the last axis (Ba, Kiros and Hinton 2016).
struct LayerNorm: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let epsilon: Float

    init(_ weights: Weights, channels: Int, epsilon: Float = 1e-5) throws {
        weight = try weights.tensor("weight", shape: [channels]).widened()
        bias = try weights.tensor("bias", shape: [channels]).widened()
        self.epsilon = epsilon
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        x.layerNormalized(weight: weight, bias: bias, epsilon: epsilon)
    }
}
