import Tensors

/// What an add-on does to one weight or bias, seen as a matrix: its outputs by all else.
protocol WeightChange: Sendable {
    /// The weight with the change, [rows, columns] as it came.
    func callAsFunction(_ weight: Tensor) -> Tensor
}

extension [any WeightChange] {
    /// A weight with all changes in the order given, of 32-bit floats and of the weight's shape.
    func applied(to weight: StoredTensor) -> Tensor {
        let rows = weight.shape.first ?? 1
        let flat = weight.widened().reshaped([rows, weight.count / Swift.max(rows, 1)])
        return reduce(flat) { $1($0) }.reshaped(weight.shape)
    }

    /// All of them as products of thin matrices, which can be kept beside the weight; nil where one is
    /// of another kind.
    var products: [LowRankChange]? {
        let products = compactMap { $0 as? LowRankChange }
        return products.count == count ? products : nil
    }
}

extension Tensor {
    /// The matrix product of [m, k] and [k, n].
    func product(_ other: Tensor, adding sum: Tensor? = nil) -> Tensor {
        multiplied(by: PackedMatrix(StoredTensor(other.transposed([1, 0]))), adding: sum)
    }
}

/// W + s·D: a full difference, of a weight, a bias or a norm.
struct Difference: WeightChange {
    let difference: StoredTensor
    let scale: Float

    func callAsFunction(_ weight: Tensor) -> Tensor {
        weight + difference.widened().reshaped(weight.shape) * scale
    }
}

/// A change to the first columns of a matrix alone.
struct ColumnChange: WeightChange {
    let change: any WeightChange
    let columns: Int

    func callAsFunction(_ weight: Tensor) -> Tensor {
        let first = change(weight.sliced(axis: 1, 0..<columns))
        let rest = weight.sliced(axis: 1, columns..<weight.shape[1])
        return Tensor.concatenated([first, rest], axis: 1)
    }
}

/// W + s·(A ⊙ B), both products of thin matrices (LoHa; Hyeon-Woo, Ye-Bin and Oh 2021).
struct HadamardChange: WeightChange {
    let first: LowRankMatrix
    let second: LowRankMatrix
    let scale: Float

    func callAsFunction(_ weight: Tensor) -> Tensor {
        weight + (first.value * second.value).reshaped(weight.shape) * scale
    }
}

/// W + s·(A ⊗ B), a Kronecker product; either may be a product of thin matrices (LoKr; Yeh et al. 2023).
struct KroneckerChange: WeightChange {
    /// [a, c]
    let outer: LowRankMatrix
    /// [b, d·taps]
    let inner: LowRankMatrix
    let scale: Float

    func callAsFunction(_ weight: Tensor) -> Tensor {
        let (outer, inner) = (outer.value, inner.value)
        let (a, c, b, d) = (outer.shape[0], outer.shape[1], inner.shape[0], inner.shape[1])
        let product = Tensor(shape: weight.shape) { target in
            outer.withUnsafeBufferPointer { outer in
                inner.withUnsafeBufferPointer { inner in
                    var index = 0
                    for row in 0..<a * b {
                        for column in 0..<c {
                            let factor = scale * outer[row / b * c + column]
                            for place in 0..<d {
                                target[index] = factor * inner[row % b * d + place]
                                index += 1
                            }
                        }
                    }
                }
            }
        }
        return weight + product
    }
}

/// W + s·(W·A + B), both products of thin matrices, A over the inputs (GLoRA; Chavan et al. 2023).
struct GeneralizedChange: WeightChange {
    /// [in, rank] and [rank, in]
    let a: (left: Tensor, right: Tensor)
    let b: LowRankMatrix
    let scale: Float

    func callAsFunction(_ weight: Tensor) -> Tensor {
        let (rows, inputs) = (weight.shape[0], a.left.shape[0])
        let taps = weight.shape[1] / inputs
        // With the inputs last, for every place of a convolution's window.
        let turned = weight.reshaped([rows, inputs, taps]).transposed([0, 2, 1])
            .reshaped([rows * taps, inputs])
        let changed = turned.product(a.left).product(a.right)
            .reshaped([rows, taps, inputs]).transposed([0, 2, 1]).reshaped(weight.shape)
        return weight + (changed + b.value.reshaped(weight.shape)) * scale
    }
}

/// m·V/‖V‖, with V the weight after another change; the norms are those of rows, or of a
/// convolution's or a matrix's inputs (DoRA; Liu et al. 2024).
///
/// A strength other than 1 goes that part of the way from the weight as it was.
struct MagnitudeChange: WeightChange {
    let direction: any WeightChange
    let magnitude: StoredTensor
    let isOfRows: Bool
    /// the weight's
    let inputs: Int
    let strength: Float

    func callAsFunction(_ weight: Tensor) -> Tensor {
        let changed = direction(weight)
        let taps = weight.shape[1] / max(inputs, 1)
        let columns = weight.shape[1]
        let isOfRows = isOfRows
        func group(_ index: Int) -> Int {
            isOfRows ? index / columns : index % columns / taps
        }
        let magnitudes = magnitude.widened().values
        var squares = [Double](repeating: 0, count: magnitudes.count)
        return Tensor(shape: weight.shape) { target in
            changed.withUnsafeBufferPointer { changed in
                for index in changed.indices {
                    squares[group(index)] += Double(changed[index]) * Double(changed[index])
                }
                let scales = zip(magnitudes, squares).map { magnitude, square in
                    magnitude / (Float(square.squareRoot()) + .ulpOfOne)
                }
                weight.withUnsafeBufferPointer { weight in
                    for index in changed.indices {
                        let whole = changed[index] * scales[group(index)]
                        target[index] = weight[index] + strength * (whole - weight[index])
                    }
                }
            }
        }
    }
}

/// R·W by blocks of rows, with R = ((I + Q)(I - Q)⁻¹)ᵀ and Q skew-symmetric (OFT; Qiu et al. 2023), and
/// a factor for each row where there is one.
struct RotationChange: WeightChange {
    /// [blocks, size, size], of which Q is the skew-symmetric part
    let blocks: StoredTensor
    /// the largest norm that Q may have; none is 0
    let constraint: Float
    /// [rows]
    let rescale: StoredTensor?
    let strength: Float

    func callAsFunction(_ weight: Tensor) -> Tensor {
        let (count, size) = (blocks.shape[0], blocks.shape[1])
        let rotations = CayleyTransform(blocks.widened().values, size: size, limit: constraint)
        let parts = (0..<count).map { block in
            let rows = weight.sliced(axis: 0, block * size..<(block + 1) * size)
            let turn = Tensor(rotations.transposed(block), shape: [size, size])
            return rows + (turn.product(rows) - rows) * strength
        }
        let turned = Tensor.concatenated(parts, axis: 0)
        guard let rescale = rescale?.widened().values else { return turned }
        let columns = weight.shape[1]
        return Tensor(shape: weight.shape) { target in
            turned.withUnsafeBufferPointer { turned in
                for index in turned.indices {
                    target[index] = turned[index] * rescale[index / columns]
                }
            }
        }
    }
}

/// Rotations from skew-symmetric matrices: (I + Q)(I - Q)⁻¹ (Cayley 1846).
struct CayleyTransform {
    private let size: Int
    private let skew: [Double]

    /// - Parameters:
    ///   - values: square matrices one after another; Q is each less its transpose.
    ///   - limit: the largest norm of all Q together; 0 for none.
    init(_ values: [Float], size: Int, limit: Float) {
        self.size = size
        let area = size * size
        var skew = values.indices.map { index in
            let (block, row, column) = (index / area, index % area / size, index % size)
            return Double(values[index]) - Double(values[block * area + column * size + row])
        }
        let norm = skew.reduce(0) { $0 + $1 * $1 }.squareRoot() + 1e-8
        if limit > 0, norm > Double(limit) { skew = skew.map { $0 * Double(limit) / norm } }
        self.skew = skew
    }

    /// The transpose of one rotation: as Qᵀ is -Q, it solves (I + Q) X = I - Q.
    func transposed(_ block: Int) -> [Float] {
        let q = skew[block * size * size..<(block + 1) * size * size]
        // Rows of [I + Q | I - Q], eliminated by Gauss and Jordan. I + Q is never singular, and the
        // largest pivot keeps the numbers small.
        var rows = (0..<size).map { row in
            let own = q[q.startIndex + row * size..<q.startIndex + (row + 1) * size]
            let unit = (0..<size).map { $0 == row ? 1.0 : 0 }
            return zip(unit, own).map { $0 + $1 } + zip(unit, own).map { $0 - $1 }
        }
        for column in 0..<size {
            let pivot = (column..<size).max { abs(rows[$0][column]) < abs(rows[$1][column]) }
            rows.swapAt(column, pivot ?? column)
            let scale = 1 / rows[column][column]
            let lead = rows[column].map { $0 * scale }
            rows[column] = lead
            for row in rows.indices where row != column {
                let factor = rows[row][column]
                guard factor != 0 else { continue }
                for place in column..<2 * size { rows[row][place] -= factor * lead[place] }
            }
        }
        return rows.flatMap { $0[size...].map { Float($0) } }
    }
}
