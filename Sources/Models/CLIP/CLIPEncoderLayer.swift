import Checkpoints
import Tensors

/// A transformer layer, normalized before each part: causal self-attention, then two linear maps with
/// an activation between.
struct CLIPEncoderLayer: Sendable {
    private let norm1: LayerNorm
    private let attention: CLIPAttention
    private let norm2: LayerNorm
    private let fc1: Linear
    private let fc2: Linear
    private let activation: Activation

    init(_ weights: Weights, configuration: CLIPTextEncoder.Configuration) throws {
        let (size, inner) = (configuration.hiddenSize, configuration.intermediateSize)
        norm1 = try LayerNorm(
            weights["layer_norm1"], channels: size, epsilon: configuration.normEpsilon)
        attention = try CLIPAttention(
            weights["self_attn"], channels: size, heads: configuration.heads)
        norm2 = try LayerNorm(
            weights["layer_norm2"], channels: size, epsilon: configuration.normEpsilon)
        fc1 = try Linear(weights["mlp"]["fc1"], from: size, to: inner)
        fc2 = try Linear(weights["mlp"]["fc2"], from: inner, to: size)
        activation = configuration.activation
    }

    /// [1, S, C] to the same shape.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let h = attention(norm1(x), adding: x)
        return fc2(fc1(norm2(h), activation: activation), adding: h)
    }
}

/// Self-attention in which no token sees those after it.
struct CLIPAttention: Sendable {
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let out: Linear
    private let heads: Int

    init(_ weights: Weights, channels: Int, heads: Int) throws {
        query = try Linear(weights["q_proj"], from: channels, to: channels)
        key = try Linear(weights["k_proj"], from: channels, to: channels)
        value = try Linear(weights["v_proj"], from: channels, to: channels)
        out = try Linear(weights["out_proj"], from: channels, to: channels)
        self.heads = heads
    }

    func callAsFunction(_ x: Tensor, adding residual: Tensor) -> Tensor {
        let attended = Tensor.attention(
            query: query(x), key: key(x), value: value(x), heads: heads, causal: true)
        return out(attended, adding: residual)
    }
}
