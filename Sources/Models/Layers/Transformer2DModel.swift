import Checkpoints
import Tensors

/// Attention over the pixels of a picture and from them to a context (Rombach et al. 2022, section 3.3).
///
/// Channels last, the 1×1 convolutions of older checkpoints and the linear projections of newer ones
/// (`use_linear_projection`) are one and the same.
struct Transformer2DModel: Sendable {
    /// What all transformers of a network's level share.
    struct Style: Sendable {
        let groups: Int
        let heads: Int
        let contextChannels: Int
        /// How many blocks follow one another.
        let depth: Int
    }

    private let norm: GroupNorm
    private let projectionIn: Linear
    private let blocks: [BasicTransformerBlock]
    private let projectionOut: Linear

    init(_ weights: Weights, channels: Int, style: Style) throws {
        norm = try GroupNorm(
            weights["norm"], channels: channels, groups: style.groups, epsilon: 1e-6)
        projectionIn = try Linear(weights["proj_in"], from: channels, to: channels)
        blocks = try (0..<style.depth).map {
            try BasicTransformerBlock(
                weights["transformer_blocks"][$0], channels: channels,
                contextChannels: style.contextChannels, heads: style.heads)
        }
        projectionOut = try Linear(weights["proj_out"], from: channels, to: channels)
    }

    /// [N, H, W, C] to the same shape, given a context [N, T, contextChannels]; a single row of x is
    /// used for all N.
    ///
    /// - Parameter reuse: where places of the picture alone are computed, what is around them.
    func callAsFunction(
        _ x: Tensor, context: Tensor, merging: TokenMerging? = nil, reuse: Reuse? = nil
    ) -> Tensor {
        var h = projectionIn(norm(x, reuse: reuse))
            .reshaped([x.shape[0], x.shape[1] * x.shape[2], x.shape[3]])
        let thinned = merging.map { merging in
            { (rows: Tensor, attend: (Tensor) -> Tensor) in
                merging(rows, height: x.shape[1], width: x.shape[2], attend)
            }
        }
        let whole = reuse.map { reuse in
            { reuse.completed($0, height: x.shape[1], width: x.shape[2]) }
        }
        for block in blocks {
            h = block(h, context: context, merging: thinned, completing: whole)
        }
        let rows = x.repeated(h.shape[0])
        return projectionOut(h.reshaped(rows.shape), adding: rows)
    }
}

/// Self-attention, attention to the context, feed-forward, each normalized before and added to what it
/// was made from.
struct BasicTransformerBlock: Sendable {
    private let norm1: LayerNorm
    private let attention1: CrossAttention
    private let norm2: LayerNorm
    private let attention2: CrossAttention
    private let norm3: LayerNorm
    private let feedForward: FeedForward

    init(_ weights: Weights, channels: Int, contextChannels: Int, heads: Int) throws {
        norm1 = try LayerNorm(weights["norm1"], channels: channels)
        attention1 = try CrossAttention(
            weights["attn1"], channels: channels, contextChannels: channels, heads: heads)
        norm2 = try LayerNorm(weights["norm2"], channels: channels)
        attention2 = try CrossAttention(
            weights["attn2"], channels: channels, contextChannels: contextChannels, heads: heads)
        norm3 = try LayerNorm(weights["norm3"], channels: channels)
        feedForward = try FeedForward(weights["ff"], channels: channels)
    }

    /// - Parameters:
    ///   - merging: may have self-attention see fewer rows; gets the rows and the attention.
    ///   - completing: makes the keys and values of all rows from those of these.
    func callAsFunction(
        _ x: Tensor, context: Tensor, merging: ((Tensor, (Tensor) -> Tensor) -> Tensor)?,
        completing: ((CrossAttention.Memory) -> CrossAttention.Memory)? = nil
    ) -> Tensor {
        let own = norm1(x)
        let h1 =
            merging.map { x + $0(own) { attention1($0, to: attention1.memory(of: $0)) } }
            ?? attention1(own, to: memory(of: own, completing), adding: x)
        let h2 = attention2(norm2(h1), to: attention2.memory(of: context), adding: h1)
        return feedForward(norm3(h2), adding: h2)
    }

    private func memory(
        of own: Tensor, _ completing: ((CrossAttention.Memory) -> CrossAttention.Memory)?
    ) -> CrossAttention.Memory {
        let memory = attention1.memory(of: own)
        return completing.map { $0(memory) } ?? memory
    }
}

/// Two linear maps, four times as wide inside, with a gated activation (GEGLU, Shazeer 2020).
struct FeedForward: Sendable {
    private let projection: Linear
    private let out: Linear

    init(_ weights: Weights, channels: Int) throws {
        projection = try Linear(weights["net"][0]["proj"], from: channels, to: 8 * channels)
        out = try Linear(weights["net"][2], from: 4 * channels, to: channels)
    }

    func callAsFunction(_ x: Tensor, adding residual: Tensor) -> Tensor {
        out(projection.gated(x), adding: residual)
    }
}
