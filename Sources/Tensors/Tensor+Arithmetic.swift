extension Tensor {
    /// Each value put through `transform`.
    public func map(_ transform: (Float) -> Float) -> Tensor {
        withUnsafeBufferPointer { x in
            Tensor(shape: shape) { y in
                for i in x.indices { y[i] = transform(x[i]) }
            }
        }
    }

    /// Each value put through `transform` together with the one at its place in `other`, which has
    /// the same shape.
    @inline(__always)
    func combined(with other: Tensor, _ transform: (Float, Float) -> Float) -> Tensor {
        precondition(shape == other.shape, "\(shape) and \(other.shape) differ")
        return withUnsafeBufferPointer { a in
            other.withUnsafeBufferPointer { b in
                Tensor(shape: shape) { y in
                    for i in a.indices { y[i] = transform(a[i], b[i]) }
                }
            }
        }
    }

    /// Each value brought into a range; NaN stays NaN.
    public func clamped(to range: ClosedRange<Float>) -> Tensor {
        map {
            $0 < range.lowerBound ? range.lowerBound : $0 > range.upperBound ? range.upperBound : $0
        }
    }

    /// This plus `scale` times `other`, of the same shape.
    public func adding(_ other: Tensor, scaledBy scale: Float) -> Tensor {
        combined(with: other) { $0 + scale * $1 }
    }

    /// The sum, value by value.
    public static func + (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, +) }
    /// The difference, value by value.
    public static func - (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, -) }
    /// The product, value by value.
    public static func * (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, *) }
    /// The quotient, value by value.
    public static func / (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, /) }

    /// Each value plus `b`.
    public static func + (a: Tensor, b: Float) -> Tensor { a.map { $0 + b } }
    /// Each value minus `b`.
    public static func - (a: Tensor, b: Float) -> Tensor { a.map { $0 - b } }
    /// Each value times `b`.
    public static func * (a: Tensor, b: Float) -> Tensor { a.map { $0 * b } }
    /// Each value divided by `b`.
    public static func / (a: Tensor, b: Float) -> Tensor { a.map { $0 / b } }

    /// `a` plus each value.
    public static func + (a: Float, b: Tensor) -> Tensor { b.map { a + $0 } }
    /// `a` minus each value.
    public static func - (a: Float, b: Tensor) -> Tensor { b.map { a - $0 } }
    /// `a` times each value.
    public static func * (a: Float, b: Tensor) -> Tensor { b.map { a * $0 } }
    /// `a` divided by each value.
    public static func / (a: Float, b: Tensor) -> Tensor { b.map { a / $0 } }

    /// Each value if it goes on changing as since `earlier`, for `factor` times as long; from -1 to 0 it is between
    /// both.
    ///
    /// - Parameters:
    ///   - earlier: of the same shape.
    ///   - rows: how many of the last ones along the first axis the result has; nil for all.
    package func extrapolated(
        from earlier: Tensor, by factor: Float, lastRows rows: Int? = nil
    ) -> Tensor {
        precondition(shape == earlier.shape, "\(shape) and \(earlier.shape) differ")
        let rows = min(rows ?? shape[0], shape[0])
        let rest = count / max(shape[0], 1) * (shape[0] - rows)
        return withUnsafeBufferPointer { now in
            earlier.withUnsafeBufferPointer { before in
                Tensor(shape: [rows] + shape.dropFirst()) { y in
                    for i in y.indices {
                        let value = now[rest + i]
                        y[i] = value + factor * (value - before[rest + i])
                    }
                }
            }
        }
    }

    /// Adds `b`, value by value.
    public static func += (a: inout Tensor, b: Tensor) { a = a + b }
}
