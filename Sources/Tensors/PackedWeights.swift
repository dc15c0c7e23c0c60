import CKernels

/// Weights laid out for the kernels, in the file's own type or rounded.
///
/// `@unchecked Sendable`: the values never change once they are packed.
final class PackedWeights: @unchecked Sendable {
    let handle: OpaquePointer

    /// - Parameter weight: [out, in] or [out, in, height, width].
    init(_ weight: StoredTensor, _ arithmetic: Arithmetic) {
        let taps = weight.shape.dropFirst(2).reduce(1, *)
        let unit = arithmetic.unit(
            out: weight.shape[0], in: weight.shape[1], taps: taps, of: weight.dataType)
        handle = weight.withBytes {
            gesso_pack(
                $0, weight.dataType.kernelType, weight.shape[0], weight.shape[1], taps, unit)
        }
    }

    deinit { gesso_weights_release(handle) }
}

/// The weights of a linear layer, ready to multiply with.
public struct PackedMatrix: Sendable {
    /// Number of output features.
    public let rows: Int
    /// Number of input features.
    public let columns: Int
    let weights: PackedWeights

    /// - Parameters:
    ///   - weight: [out, in], or [out, in, 1, 1] as some checkpoints have it.
    ///   - arithmetic: of products with it.
    public init(_ weight: StoredTensor, arithmetic: Arithmetic = .exact) {
        precondition(
            weight.shape.count >= 2 && weight.shape.dropFirst(2).allSatisfy { $0 == 1 },
            "\(weight.shape) is no matrix")
        (rows, columns) = (weight.shape[0], weight.shape[1])
        weights = PackedWeights(weight, arithmetic)
    }
}

/// The weights of a convolution, ready to convolve with.
public struct PackedFilter: Sendable {
    /// [out, in, height, width].
    public let shape: [Int]
    let weights: PackedWeights

    /// - Parameters:
    ///   - weight: [out, in, height, width].
    ///   - arithmetic: of convolutions with it.
    public init(_ weight: StoredTensor, arithmetic: Arithmetic = .exact) {
        precondition(weight.shape.count == 4, "\(weight.shape) is no filter")
        shape = weight.shape
        weights = PackedWeights(weight, arithmetic)
    }
}
