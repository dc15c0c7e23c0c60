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
        filter = PackedFilter(weight)
        adapter = factors.map { LowRankAdapter(PackedFilter($0.down), $0) }
        bias = hasBias ? try weights.tensor("bias", shape: [outputs]).widened() : nil
        self.stride = stride
        self.padding = padding ?? .all((kernel - 1) / 2)
    }

    /// [N, H, W, in] to [N, H', W', out], with `channelBias` [N, out] added to every pixel.
    func callAsFunction(
        _ x: Tensor, channelBias: Tensor? = nil, adding residual: Tensor? = nil
    ) -> Tensor {
        let added = adapter.map {
            $0.raised(x.convolved(with: $0.down, stride: stride, padding: padding), residual)
        }
        return x.convolved(
            with: filter, bias: bias, stride: stride, padding: padding, channelBias: channelBias,
            adding: added ?? residual)
    }
}
