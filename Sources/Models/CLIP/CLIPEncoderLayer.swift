import Checkpoints
import Tensors

/// A transformer layer, normalized before each part: self-attention, causal in texts, then two linear
/// maps with an activation between.
struct CLIPEncoderLayer: Sendable {
    /// What a text encoder's layers and an image encoder's have in common, and what not.
    struct Sizes: Sendable, Equatable {
        let hidden: Int
        let intermediate: Int
        let heads: Int
        let activation: Activation
        let normEpsilon: Float
        /// Whether no place sees those after it.
        let isCausal: Bool
    }

    private let norm1: LayerNorm
    private let attention: CLIPAttention
    private let norm2: LayerNorm
    private let fc1: Linear
    private let fc2: Linear
    private let activation: Activation

    init(_ weights: Weights, sizes: Sizes) throws {
        let (size, inner) = (sizes.hidden, sizes.intermediate)
        norm1 = try LayerNorm(weights["layer_norm1"], channels: size, epsilon: sizes.normEpsilon)
        attention = try CLIPAttention(
            weights["self_attn"], channels: size, heads: sizes.heads, isCausal: sizes.isCausal)
        norm2 = try LayerNorm(weights["layer_norm2"], channels: size, epsilon: sizes.normEpsilon)
        fc1 = try Linear(weights["mlp"]["fc1"], from: size, to: inner)
        fc2 = try Linear(weights["mlp"]["fc2"], from: inner, to: size)
        activation = sizes.activation
    }

    /// [1, S, C] to the same shape.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let h = attention(norm1(x), adding: x)
        return fc2(fc1(norm2(h), activation: activation), adding: h)
    }
}

/// Self-attention; where it is causal, no token sees those after it.
struct CLIPAttention: Sendable {
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let out: Linear
    private let heads: Int
    private let isCausal: Bool

    init(_ weights: Weights, channels: Int, heads: Int, isCausal: Bool) throws {
        query = try Linear(weights["q_proj"], from: channels, to: channels)
        key = try Linear(weights["k_proj"], from: channels, to: channels)
        value = try Linear(weights["v_proj"], from: channels, to: channels)
        out = try Linear(weights["out_proj"], from: channels, to: channels)
        self.heads = heads
        self.isCausal = isCausal
    }

    func callAsFunction(_ x: Tensor, adding residual: Tensor) -> Tensor {
        let attended = Tensor.attention(
            query: query(x), key: key(x), value: value(x), heads: heads, causal: isCausal)
        return out(attended, adding: residual)
    }
}
