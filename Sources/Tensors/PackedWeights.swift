import CKernels

/// Weights laid out for the matrix product: panels of 32 output channels, in the file's own type.
final class PackedWeights {
    let panels: UnsafeRawPointer
    let dataType: DataType

    /// - Parameter weight: [out, in] or [out, in, height, width].
    init(_ weight: StoredTensor) {
        let taps = weight.shape.dropFirst(2).reduce(1, *)
        let count = gesso_packed_count(weight.shape[0], weight.shape[1] * taps)
        let target = UnsafeMutableRawPointer.allocate(
            byteCount: count * weight.dataType.byteCount, alignment: 64)
        weight.withBytes {
            gesso_pack(
                $0, weight.dataType.kernelType, weight.shape[0], weight.shape[1], taps, target)
        }
        panels = UnsafeRawPointer(target)
        dataType = weight.dataType
    }

    deinit {
        panels.deallocate()
    }
}

extension PackedWeights: @unchecked Sendable {}

/// The weights of a linear layer, ready to multiply with.
public struct PackedMatrix: Sendable {
    /// Number of output features.
    public let rows: Int
    /// Number of input features.
    public let columns: Int
    let weights: PackedWeights

    /// - Parameter weight: [out, in], or [out, in, 1, 1] as some checkpoints have it.
    public init(_ weight: StoredTensor) {
        precondition(
            weight.shape.count >= 2 && weight.shape.dropFirst(2).allSatisfy { $0 == 1 },
            "\(weight.shape) is no matrix")
        (rows, columns) = (weight.shape[0], weight.shape[1])
        weights = PackedWeights(weight)
    }
}

/// The weights of a convolution, ready to convolve with.
public struct PackedFilter: Sendable {
    /// [out, in, height, width].
    public let shape: [Int]
    let weights: PackedWeights

    /// - Parameter weight: [out, in, height, width].
    public init(_ weight: StoredTensor) {
        precondition(weight.shape.count == 4, "\(weight.shape) is no filter")
        shape = weight.shape
        weights = PackedWeights(weight)
    }
}
