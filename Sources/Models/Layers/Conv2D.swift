import Checkpoints
import Tensors

/// A convolution of channels-last pictures, zero-padded.
struct Conv2D: Sendable {
    private let filter: PackedFilter
    private let bias: Tensor?
    private let stride: Int
    private let padding: Padding
    private let adapter: LowRankAdapter<PackedFilter>?

    /// - Parameter padding: by default what keeps the size of the picture.
    init(
        _ weights: Weights, from inputs: Int, to outputs: Int, kernel: Int = 3, stride: Int = 1,
        padding: Padding? = nil, bias hasBias: Bool = true
    ) throws {
        let shape = [outputs, inputs, kernel, kernel]
        let (weight, factors) = try weights.adapted("weight", shapes: [shape])
        filter = PackedFilter(weight, arithmetic: weights.arithmetic)
        adapter = factors.map { LowRankAdapter(PackedFilter($0.down), $0) }
        bias = hasBias ? try weights.tensor("bias", shape: [outputs]).widened() : nil
        self.stride = stride
        self.padding = padding ?? .all((kernel - 1) / 2)
    }

    /// [N, H, W, in] to [N, H', W', out], with `channelBias` [N, out] added to every pixel; a `residual`
    /// that nobody else has becomes the result.
    ///
    /// - Parameter reuse: where places of the picture alone are computed, what is around them.
    func callAsFunction(
        _ x: Tensor, after prologue: Prologue = Prologue(), channelBias: Tensor? = nil,
        adding residual: consuming Tensor? = nil, reuse: Reuse? = nil
    ) -> Tensor {
        guard let reuse else {
            return applied(to: x, prologue, padding, channelBias, residual.take())
        }
        let geometry = Window.Geometry(
            kernel: (filter.shape[2], filter.shape[3]), stride: stride, padding: padding,
            size: prologue.size)
        return reuse.convolved(
            x, geometry, adding: residual.take(),
            whole: { applied(to: x, prologue, padding, channelBias, $0) },
            part: { part, padding, residual in
                let own = Prologue(scales: prologue.scales, activation: prologue.activation)
                return applied(to: part, own, padding, channelBias, residual)
            })
    }

    private func applied(
        to x: Tensor, _ prologue: Prologue, _ padding: Padding, _ channelBias: Tensor?,
        _ residual: consuming Tensor?
    ) -> Tensor {
        if let adapter {
            let thin = x.convolved(
                with: adapter.down, after: prologue, stride: stride, padding: padding)
            residual = adapter.raised(thin, residual.take())
        }
        return x.convolved(
            with: filter, after: prologue, bias: bias, stride: stride, padding: padding,
            channelBias: channelBias, adding: residual.take())
    }
}
