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

    func callAsFunction(_ x: Tensor, activation: Activation = .none) -> Tensor {
        x.groupNormalized(
            groups: groups, weight: weight, bias: bias, epsilon: epsilon, activation: activation)
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
