/// A dense tensor of 32-bit floats: a value, row-major, copied when it is written to while shared.
///
/// Shapes that do not fit an operation are programming errors and stop the program; whatever comes
/// from a user's file is checked before it becomes a tensor.
public struct Tensor: Sendable {
    /// Extents, outermost first. Activations are [batch, height, width, channels].
    public let shape: [Int]
    var storage: Storage

    /// Number of values.
    public var count: Int { storage.floats.count }

    /// A tensor whose values are written by `body`, which gets uninitialised memory and must fill it.
    public init(
        shape: [Int], initializingWith body: (UnsafeMutableBufferPointer<Float>) throws -> Void
    ) rethrows {
        self.init(shape: shape, storage: Storage(count: shape.reduce(1, *)))
        try body(storage.floats)
    }

    init(shape: [Int], storage: Storage) {
        self.shape = shape
        self.storage = storage
    }

    /// A tensor of zeros.
    public init(zeros shape: [Int]) {
        self.init(shape: shape) { $0.initialize(repeating: 0) }
    }

    /// A tensor of the values given, in row-major order.
    public init(_ values: [Float], shape: [Int]) {
        precondition(
            values.count == shape.reduce(1, *), "\(values.count) values do not fill \(shape)")
        self.init(shape: shape) { _ = $0.initialize(from: values) }
    }

    /// The values in row-major order.
    public var values: [Float] { withUnsafeBufferPointer { Array($0) } }

    /// Whether any value is NaN or infinite.
    public var hasNonFiniteValues: Bool { StoredTensor(self).hasNonFiniteValues }

    /// Reads the values in place.
    public func withUnsafeBufferPointer<Result>(
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(storage) { try body(UnsafeBufferPointer(storage.floats)) }
    }

    /// Writes the values in place, after a copy if they are shared.
    public mutating func withUnsafeMutableBufferPointer<Result>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        if !isKnownUniquelyReferenced(&storage) {
            let copy = Storage(count: count)
            _ = copy.floats.initialize(from: storage.floats)
            storage = copy
        }
        return try body(storage.floats)
    }
}

extension Tensor: Equatable {
    /// Whether shapes and values are the same; NaN equals nothing.
    public static func == (a: Tensor, b: Tensor) -> Bool {
        a.shape == b.shape
            && a.withUnsafeBufferPointer { x in
                b.withUnsafeBufferPointer { y in x.elementsEqual(y) }
            }
    }
}
