import Checkpoints
import Tensors

/// Multi-head attention (Vaswani et al. 2017) of a sequence to itself or to a context.
struct CrossAttention: Sendable {
    /// What is attended to. For a prompt it is the same at every step, so a caller may keep it.
    struct Memory: Sendable {
        var key: Tensor
        var value: Tensor
    }

    private let toQuery: Linear
    private let toKey: Linear
    private let toValue: Linear
    private let toOut: Linear
    private let heads: Int
    private let kernel: AttentionKernel

    init(_ weights: Weights, channels: Int, contextChannels: Int, heads: Int) throws {
        toQuery = try Linear(weights["to_q"], from: channels, to: channels, bias: false)
        toKey = try Linear(weights["to_k"], from: contextChannels, to: channels, bias: false)
        toValue = try Linear(weights["to_v"], from: contextChannels, to: channels, bias: false)
        toOut = try Linear(weights["to_out"][0], from: channels, to: channels)
        self.heads = heads
        kernel = weights.arithmetic.attention(head: channels / heads)
    }

    /// Keys and values of a context [N, T, contextChannels].
    func memory(of context: Tensor) -> Memory {
        Memory(key: toKey(context), value: toValue(context))
    }

    /// [N, S, C] to [N, S, C], the residual added if there is one. N is that of the memory; `x` and the
    /// residual may have a single row for all.
    func callAsFunction(_ x: Tensor, to memory: Memory, adding residual: Tensor? = nil) -> Tensor {
        let rows = memory.key.shape[0]
        let attended = Tensor.attention(
            query: toQuery(x).repeated(rows), key: memory.key, value: memory.value, heads: heads,
            by: kernel)
        return toOut(attended, adding: residual?.repeated(rows))
    }
}
