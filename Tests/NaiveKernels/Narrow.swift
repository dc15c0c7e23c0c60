package import Tensors

/// The twins of products in narrow numbers: the same rounding, by its definition.
package enum Narrow {
    /// To the nearest bfloat16, ties to even.
    package static func rounded(_ x: Tensor) -> Tensor {
        StoredTensor(x, as: .bfloat16).widened()
    }

    /// The scale of some numbers and these as integers of −127…127 (symmetric quantization).
    private static func integers(_ x: ArraySlice<Float>, dividing: Bool) -> (Float, [Int]) {
        let most = x.reduce(0) { max($0, abs($1)) }
        let scale = most < 1e-30 ? 0 : most / 127
        let factor = scale > 0 ? 1 / scale : 0
        return (
            scale,
            x.map { Int((dividing ? $0 / scale : $0 * factor).rounded(.toNearestOrEven)) }
        )
    }

    /// Each row along the first axis as integers times its scale.
    package static func quantized(_ x: Tensor) -> Tensor {
        let run = x.count / x.shape[0]
        let values = x.values
        let rows = (0..<x.shape[0]).flatMap { row in
            let (scale, numbers) = integers(
                values[(row * run)..<((row + 1) * run)], dividing: false)
            return numbers.map { Float($0) * scale }
        }
        return Tensor(rows, shape: x.shape)
    }

    /// y[r, o] = (Σ x[r, i] · w[o, i] in integers) · scale of x's row · scale of w's row, as floats.
    package static func product(_ x: Tensor, _ w: Tensor) -> Tensor {
        let columns = x.shape[1]
        let split = { (tensor: Tensor, dividing: Bool) in
            let values = tensor.values
            return (0..<tensor.shape[0]).map {
                integers(values[($0 * columns)..<(($0 + 1) * columns)], dividing: dividing)
            }
        }
        let (rows, outs) = (split(x, false), split(w, true))
        let y = rows.flatMap { row in
            outs.map { out in
                Float(zip(row.1, out.1).reduce(0) { $0 + $1.0 * $1.1 }) * row.0 * out.0
            }
        }
        return Tensor(y, shape: [x.shape[0], w.shape[0]])
    }
}
