import CKernels

/// The number formats that weights are stored in; raw values are safetensors' names.
public enum DataType: String, Sendable {
    /// IEEE 754 binary32.
    case float32 = "F32"
    /// IEEE 754 binary16.
    case float16 = "F16"
    /// The upper half of a binary32.
    case bfloat16 = "BF16"

    /// Bytes of a number.
    public var byteCount: Int { self == .float32 ? 4 : 2 }

    var kernelType: gesso_type {
        switch self {
        case .float32: GESSO_F32
        case .float16: GESSO_F16
        case .bfloat16: GESSO_BF16
        }
    }
}

/// A tensor as it is in a file: numbers of the file's type, in memory that somebody else owns.
public struct StoredTensor: @unchecked Sendable {
    /// Extents, outermost first.
    public let shape: [Int]
    /// Type of the numbers.
    public let dataType: DataType
    /// The numbers, row-major and little-endian.
    public let bytes: UnsafeRawBufferPointer
    private let owner: AnyObject

    /// - Parameters:
    ///   - bytes: exactly as many as shape and type need; they must not change.
    ///   - owner: kept for as long as the tensor is, to keep `bytes` in place.
    public init(
        shape: [Int], dataType: DataType, bytes: UnsafeRawBufferPointer, owner: AnyObject
    ) {
        precondition(
            bytes.count == shape.reduce(1, *) * dataType.byteCount,
            "\(bytes.count) bytes do not hold \(shape) of \(dataType)")
        self.shape = shape
        self.dataType = dataType
        self.bytes = bytes
        self.owner = owner
    }

    /// The values of a tensor, without a copy.
    public init(_ tensor: Tensor) {
        self.init(
            shape: tensor.shape, dataType: .float32,
            bytes: UnsafeRawBufferPointer(tensor.storage.floats), owner: tensor.storage)
    }

    /// The values of a tensor in a file's type, each rounded to the nearest, ties to even.
    public init(_ tensor: Tensor, as dataType: DataType) {
        let copy = Bytes(count: tensor.count * dataType.byteCount)
        tensor.withUnsafeBufferPointer {
            gesso_narrow($0.baseAddress, dataType.kernelType, copy.bytes.baseAddress, $0.count)
        }
        self.init(
            shape: tensor.shape, dataType: dataType, bytes: UnsafeRawBufferPointer(copy.bytes),
            owner: copy)
    }

    /// Number of values.
    public var count: Int { bytes.count / dataType.byteCount }

    /// The values as 32-bit floats, which is exact.
    public func widened() -> Tensor {
        withExtendedLifetime(owner) {
            Tensor(shape: shape) { y in
                gesso_widen(bytes.baseAddress, dataType.kernelType, y.baseAddress, count)
            }
        }
    }

    /// A matrix with rows for columns, its numbers as they are.
    public func transposed() -> StoredTensor {
        let (rows, columns, size) = (shape[0], shape[1], dataType.byteCount)
        let copy = Bytes(count: bytes.count)
        withExtendedLifetime(owner) {
            for row in 0..<rows {
                for column in 0..<columns {
                    let source = bytes[((row * columns + column) * size)...].prefix(size)
                    let target = copy.bytes[((column * rows + row) * size)...].prefix(size)
                    UnsafeMutableRawBufferPointer(rebasing: target)
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source))
                }
            }
        }
        return StoredTensor(
            shape: [columns, rows], dataType: dataType, bytes: UnsafeRawBufferPointer(copy.bytes),
            owner: copy)
    }

    /// Whether any value is NaN or infinite.
    public var hasNonFiniteValues: Bool {
        withExtendedLifetime(owner) {
            !gesso_all_finite(bytes.baseAddress, dataType.kernelType, count)
        }
    }

    /// Runs `body` while the bytes are certain to stay.
    func withBytes<Result>(_ body: (UnsafeRawPointer?) -> Result) -> Result {
        withExtendedLifetime(owner) { body(bytes.baseAddress) }
    }
}

/// Bytes on the heap.
private final class Bytes {
    let bytes: UnsafeMutableRawBufferPointer

    init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: 64)
    }

    deinit { bytes.deallocate() }
}
