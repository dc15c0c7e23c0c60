import Checkpoints
import Tensors

/// An affine map of the last axis: y = x Wᵀ + b.
///
/// A 1×1 convolution over channels-last pictures is the same product, so weights of shape
/// [out, in, 1, 1] are taken as well.
struct Linear: Sendable {
    private let weight: PackedMatrix
    private let bias: Tensor?

    init(_ weights: Weights, from inputs: Int, to outputs: Int, bias hasBias: Bool = true) throws {
        let shapes = [[outputs, inputs], [outputs, inputs, 1, 1]]
        weight = PackedMatrix(try weights.tensor("weight", shapes: shapes))
        bias = hasBias ? try weights.tensor("bias", shape: [outputs]).widened() : nil
    }

    /// Without a bias, of a matrix [in, out].
    init(transposed matrix: Tensor) {
        weight = PackedMatrix(StoredTensor(matrix.transposed([1, 0])))
        bias = nil
    }

    /// [..., in] to [..., out], then the activation, then the residual added.
    func callAsFunction(
        _ x: Tensor, activation: Activation = .none, adding residual: Tensor? = nil
    ) -> Tensor {
        x.multiplied(by: weight, bias: bias, activation: activation, adding: residual)
    }
}
