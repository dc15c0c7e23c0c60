package import Tensors

/// The twins of products in narrow numbers: the same rounding, by its definition.
package enum Narrow {
    /// To the nearest bfloat16, ties to even.
    package static func rounded(_ x: Tensor) -> Tensor {
        StoredTensor(x, as: .bfloat16).widened()
    }

    /// The channels, of the last axis or of that many, whose greatest size is more than four times the upper
    /// median of all channels' greatest sizes, rounded up to the next eighth of an octave.
    package static func outliers(_ x: Tensor, channels: Int? = nil) -> Set<Int> {
        let channels = channels ?? x.shape[x.shape.count - 1]
        var most = [Float](repeating: 0, count: channels)
        for (index, value) in x.values.enumerated() {
            most[index % channels] = max(most[index % channels], abs(value))
        }
        let median = most.sorted()[(channels - 1) / 2]
        let bound = 4 * Float(bitPattern: ((median.bitPattern >> 20) + 1) << 20)
        return Set(most.indices.filter { most[$0] > bound })
    }

    /// The scale of some numbers and these as integers: of −127…127 (symmetric quantization), but outliers, by
    /// their places, of 15 bits.
    private static func integers(
        _ x: ArraySlice<Float>, dividing: Bool, outliers: Set<Int> = []
    ) -> (Float, [Int]) {
        let x = Array(x)
        func most(_ isWanted: (Int) -> Bool) -> Float {
            x.indices.filter(isWanted).reduce(0) { max($0, abs(x[$1])) }
        }
        let most = max(most { !outliers.contains($0) } / 127, most(outliers.contains) / (127 * 128))
        let scale = most < 1e-30 / 127 ? 0 : most
        let factor = scale > 0 ? 1 / scale : 0
        return (
            scale,
            x.indices.map { index in
                let divides = dividing || outliers.contains(index)
                return Int(
                    (divides ? x[index] / scale : x[index] * factor).rounded(.toNearestOrEven))
            }
        )
    }

    /// Each row along the first axis as integers times its scale, with outliers among `channels` that
    /// alternate along it.
    package static func quantized(_ x: Tensor, channels: Int? = nil) -> Tensor {
        let run = x.count / x.shape[0]
        let values = x.values
        let outliers = channels.map { Self.outliers(x, channels: $0) } ?? []
        let places = Set((0..<run).filter { outliers.contains($0 % (channels ?? run)) })
        let rows = (0..<x.shape[0]).flatMap { row in
            let (scale, numbers) = integers(
                values[(row * run)..<((row + 1) * run)], dividing: false, outliers: places)
            return numbers.map { Float($0) * scale }
        }
        return Tensor(rows, shape: x.shape)
    }

    /// y[r, o] = (Σ x[r, i] · w[o, i] in integers) · scale of x's row · scale of w's row, as floats.
    package static func product(_ x: Tensor, _ w: Tensor) -> Tensor {
        let columns = x.shape[1]
        let split = { (tensor: Tensor, dividing: Bool, outliers: Set<Int>) in
            let values = tensor.values
            return (0..<tensor.shape[0]).map {
                integers(
                    values[($0 * columns)..<(($0 + 1) * columns)], dividing: dividing,
                    outliers: outliers)
            }
        }
        let (rows, outs) = (split(x, false, outliers(x)), split(w, true, []))
        let y = rows.flatMap { row in
            outs.map { out in
                Float(zip(row.1, out.1).reduce(0) { $0 + $1.0 * $1.1 }) * row.0 * out.0
            }
        }
        return Tensor(y, shape: [x.shape[0], w.shape[0]])
    }
}
