/// A stream of normal numbers that grows from a seed.
public protocol RandomSource: Sendable {
    /// Starts the stream.
    init(seed: UInt64)

    /// The next standard normal values, in the row-major order of `shape`.
    mutating func normal(_ shape: [Int]) -> Tensor
}
