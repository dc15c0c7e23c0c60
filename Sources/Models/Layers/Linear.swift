import Checkpoints
import Tensors

/// An affine map of the last axis: y = x Wᵀ + b.
///
/// A 1×1 convolution over channels-last pictures is the same product, so weights of shape
/// [out, in, 1, 1] are taken as well.
struct Linear: Sendable {
    private let weight: PackedMatrix
    private let bias: Tensor?
    private let adapter: LowRankAdapter<PackedMatrix>?

    init(_ weights: Weights, from inputs: Int, to outputs: Int, bias hasBias: Bool = true) throws {
        let shapes = [[outputs, inputs], [outputs, inputs, 1, 1]]
        let (weight, factors) = try weights.adapted("weight", shapes: shapes)
        self.weight = PackedMatrix(weight, arithmetic: weights.arithmetic)
        adapter = factors.map { LowRankAdapter(PackedMatrix($0.down), $0) }
        bias = hasBias ? try weights.tensor("bias", shape: [outputs]).widened() : nil
    }

    /// Without a bias, of a matrix [in, out].
    init(transposed matrix: Tensor) {
        weight = PackedMatrix(StoredTensor(matrix.transposed([1, 0])))
        (bias, adapter) = (nil, nil)
    }

    /// [..., in] to [..., out], then the activation, then the residual added.
    func callAsFunction(
        _ x: Tensor, activation: Activation = .none, adding residual: Tensor? = nil
    ) -> Tensor {
        guard let adapter else {
            return x.multiplied(by: weight, bias: bias, activation: activation, adding: residual)
        }
        let thin = x.multiplied(by: adapter.down)
        guard activation != .none else {
            return x.multiplied(by: weight, bias: bias, adding: adapter.raised(thin, residual))
        }
        let y = x.multiplied(by: weight, bias: bias, adding: adapter.raised(thin))
            .applying(activation)
        return residual.map { y + $0 } ?? y
    }

    /// [..., in] to [..., out / 2], gated as in GEGLU: the first half times the GELU of the second.
    func gated(_ x: Tensor) -> Tensor {
        adapter == nil ? x.gatedProduct(with: weight, bias: bias) : self(x).gegluGated()
    }
}
