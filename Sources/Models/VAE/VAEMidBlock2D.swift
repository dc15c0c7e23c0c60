import Checkpoints
import Tensors

/// The coarsest point of encoder and decoder: a residual block, attention, a residual block.
struct VAEMidBlock2D: Sendable {
    private let first: ResnetBlock2D
    private let attention: VAEAttention?
    private let second: ResnetBlock2D

    init(
        _ weights: Weights, channels: Int, configuration: AutoencoderKL.Configuration
    ) throws {
        let style = configuration.resnetStyle
        first = try ResnetBlock2D(
            weights["resnets"][0], from: channels, to: channels, style: style)
        attention =
            configuration.midHasAttention
            ? try VAEAttention(
                weights["attentions"][0], channels: channels, groups: configuration.normGroups)
            : nil
        second = try ResnetBlock2D(
            weights["resnets"][1], from: channels, to: channels, style: style)
    }

    func callAsFunction(_ x: inout Tensor) {
        first(&x)
        if let attention { x = attention(x) }
        second(&x)
    }
}

/// Attention of the pixels of a picture to each other, with one head.
struct VAEAttention: Sendable {
    private let norm: GroupNorm
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let out: Linear
    private let kernel: AttentionKernel

    /// Before diffusers 0.17 the projections had other names, and some files have both kinds.
    init(_ weights: Weights, channels: Int, groups: Int) throws {
        func linear(_ old: String, _ scope: Weights) throws -> Linear {
            try Linear(
                weights.contains(old) ? weights[old] : scope, from: channels, to: channels)
        }
        norm = try GroupNorm(
            weights["group_norm"], channels: channels, groups: groups, epsilon: 1e-6)
        query = try linear("query", weights["to_q"])
        key = try linear("key", weights["to_k"])
        value = try linear("value", weights["to_v"])
        out = try linear("proj_attn", weights["to_out"][0])
        kernel = weights.arithmetic.attention(head: channels)
    }

    /// [N, H, W, C] to the same shape.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let pixels = [x.shape[0], x.shape[1] * x.shape[2], x.shape[3]]
        let h = norm(x).reshaped(pixels)
        let attended = Tensor.attention(
            query: query(h), key: key(h), value: value(h), heads: 1, by: kernel)
        return out(attended.reshaped(x.shape), adding: x)
    }
}

extension AutoencoderKL.Configuration {
    var resnetStyle: ResnetBlock2D.Style {
        .init(groups: normGroups, epsilon: 1e-6, activation: activation, timeChannels: nil)
    }
}
