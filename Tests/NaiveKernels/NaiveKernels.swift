import Foundation
package import Tensors

/// The kernels' twins: the definition and nothing else, in double precision. They are the oracle the
/// fast ones are held to.
package enum Naive {
    /// y[r, o] = Σ x[r, i] · w[o, i].
    package static func product(_ x: Tensor, _ w: Tensor) -> [Double] {
        let (columns, rows) = (w.shape[1], w.shape[0])
        let (x, w) = (x.values, w.values)
        return (0..<(x.count / columns * rows)).map { place in
            let (r, o) = (place / rows, place % rows)
            return (0..<columns).reduce(0) {
                $0 + Double(x[r * columns + $1]) * Double(w[o * columns + $1])
            }
        }
    }

    /// y[n, oy, ox, o] = Σ x[n, oy·s + ky − top, ox·s + kx − left, i] · w[o, i, ky, kx].
    package static func convolution(_ x: Tensor, _ w: Tensor, stride: Int, padding: Padding)
        -> [Double]
    {
        let (n, h, width, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let (o, kh, kw) = (w.shape[0], w.shape[2], w.shape[3])
        let oh = (h + padding.top + padding.bottom - kh) / stride + 1
        let ow = (width + padding.left + padding.right - kw) / stride + 1
        let (x, w) = (x.values, w.values)
        var y: [Double] = []
        for b in 0..<n {
            for place in 0..<(oh * ow) {
                for channel in 0..<o {
                    var sum = 0.0
                    for tap in 0..<(kh * kw) {
                        let iy = place / ow * stride + tap / kw - padding.top
                        let ix = place % ow * stride + tap % kw - padding.left
                        guard (0..<h).contains(iy), (0..<width).contains(ix) else { continue }
                        for i in 0..<c {
                            sum +=
                                Double(x[((b * h + iy) * width + ix) * c + i])
                                * Double(w[(channel * c + i) * kh * kw + tap])
                        }
                    }
                    y.append(sum)
                }
            }
        }
        return y
    }

    /// activation(x[n, ⌊y·h / height⌋, ⌊x·w / width⌋, c] · scales[n, 0, c] + scales[n, 1, c]).
    package static func seen(
        _ x: Tensor, height: Int, width: Int, scales: Tensor, activation: Activation
    ) -> Tensor {
        let (h, w, channels) = (x.shape[1], x.shape[2], x.shape[3])
        let (values, scales) = (x.values, scales.values)
        let shape = [x.shape[0], height, width, channels]
        let places = 0..<shape.reduce(1, *)
        let seen = places.map { place in
            let (c, column) = (place % channels, place / channels % width)
            let (line, n) = (place / channels / width % height, place / channels / width / height)
            let from = ((n * h + line * h / height) * w + column * w / width) * channels + c
            let (scale, shift) = (scales[n * 2 * channels + c], scales[(n * 2 + 1) * channels + c])
            let value = Double(values[from]) * Double(scale) + Double(shift)
            return Float(Self.activation(value, activation))
        }
        return Tensor(seen, shape: shape)
    }

    /// softmax(q·kᵀ / √d)·v, head by head.
    package static func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, causal: Bool
    ) -> [Double] {
        let (n, s, c, t) = (q.shape[0], q.shape[1], q.shape[2], k.shape[1])
        let d = c / heads
        let (q, k, v) = (q.values, k.values, v.values)
        var y = [Double](repeating: 0, count: n * s * c)
        for row in 0..<(n * s) {
            for h in 0..<heads {
                let seen = causal ? min(row % s + 1, t) : t
                let weights = (0..<seen).map { j in
                    exp(
                        (0..<d).reduce(0.0) {
                            $0 + Double(q[row * c + h * d + $1])
                                * Double(k[(row / s * t + j) * c + h * d + $1])
                        } / Double(d).squareRoot())
                }
                let total = weights.reduce(0, +)
                for e in 0..<d {
                    y[row * c + h * d + e] =
                        (0..<seen).reduce(0.0) {
                            $0 + weights[$1] * Double(v[(row / s * t + $1) * c + h * d + e])
                        } / total
                }
            }
        }
        return y
    }

    /// (x − mean) / √(variance + ε) · weight + bias, over pixels and channels of a group.
    package static func groupNorm(
        _ x: Tensor, groups: Int, weight: [Float], bias: [Float], epsilon: Double
    ) -> [Double] {
        let (n, c) = (x.shape[0], weight.count)
        let pixels = x.count / n / c
        let values = x.values
        var y = [Double](repeating: 0, count: x.count)
        for group in 0..<(n * groups) {
            let width = c / groups
            let places = (0..<(pixels * width)).map { i in
                (group / groups * pixels + i / width) * c + group % groups * width + i % width
            }
            let mean = places.reduce(0.0) { $0 + Double(values[$1]) } / Double(places.count)
            let variance =
                places.reduce(0.0) { $0 + pow(Double(values[$1]) - mean, 2) } / Double(places.count)
            for place in places {
                y[place] =
                    (Double(values[place]) - mean) / (variance + epsilon).squareRoot()
                    * Double(weight[place % c]) + Double(bias[place % c])
            }
        }
        return y
    }

    /// An activation by its definition.
    package static func activation(_ x: Double, _ activation: Activation) -> Double {
        switch activation {
        case .none: x
        case .silu: x / (1 + exp(-x))
        case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
        case .quickGELU: x / (1 + exp(-1.702 * x))
        }
    }
}

/// Values in −1…1 that look random and are the same every time.
package func noise(_ shape: [Int], seed: UInt64 = 1) -> Tensor {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    let values = (0..<shape.reduce(1, *)).map { _ -> Float in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Float(Int32(truncatingIfNeeded: state)) * 0x1p-31
    }
    return Tensor(values, shape: shape)
}

/// The largest difference, as a share of the largest value expected.
package func difference(_ found: Tensor, _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let scale = expected.reduce(1e-30) { max($0, abs($1)) }
    return zip(found.values, expected).reduce(0) { worst, pair in
        let distance = abs(Double(pair.0) - pair.1)
        return distance.isNaN ? .infinity : max(worst, distance / scale)
    }
}

/// Every instruction set of this processor in turn; results must hold for each.
package func withEverySet(_ body: (KernelSet) throws -> Void) rethrows {
    let before = KernelSet.current
    defer { _ = before.use() }
    for set in KernelSet.all where set.use() { try body(set) }
}
