import Tensors

/// A matrix as it is, or as the product of two thin ones, or for a convolution of three.
enum LowRankMatrix: Sendable {
    /// [rows, columns]
    case whole(StoredTensor, rows: Int)
    /// up [rows, rank] · down [rank, columns]
    case product(up: StoredTensor, down: StoredTensor, rank: Int)
    /// A Tucker decomposition: up [rank, rows] turned, core [rank, rank, height, width], down [rank, in].
    case tucker(up: StoredTensor, core: StoredTensor, down: StoredTensor)

    /// [rows, columns]
    var value: Tensor {
        switch self {
        case .whole(let matrix, let rows):
            return matrix.widened().reshaped([rows, matrix.count / rows])
        case .product(let up, let down, let rank):
            let right = down.widened().reshaped([rank, down.count / rank])
            return up.widened().reshaped([up.count / rank, rank]).product(right)
        case .tucker(let up, let core, let down):
            let left = up.widened().reshaped([up.shape[0], up.count / up.shape[0]])
            return left.transposed([1, 0]).product(tuckerProduct(core: core, down: down))
        }
    }

    var rows: Int {
        switch self {
        case .whole(_, let rows): rows
        case .product(let up, _, let rank): up.count / rank
        case .tucker(let up, _, _): up.count / up.shape[0]
        }
    }

    var columns: Int {
        switch self {
        case .whole(let matrix, let rows): matrix.count / rows
        case .product(_, let down, let rank): down.count / rank
        case .tucker(_, let core, let down):
            down.count / down.shape[0] * core.shape.dropFirst(2).reduce(1, *)
        }
    }
}

/// core · down over the second rank, [rank, in · taps].
func tuckerProduct(core: StoredTensor, down: StoredTensor) -> Tensor {
    let (outer, rank) = (core.shape[0], core.shape[1])
    let taps = core.shape.dropFirst(2).reduce(1, *)
    let inputs = down.count / rank
    return core.widened().reshaped([outer, rank, taps]).transposed([0, 2, 1])
        .reshaped([outer * taps, rank])
        .product(down.widened().reshaped([rank, inputs]))
        .reshaped([outer, taps, inputs]).transposed([0, 2, 1]).reshaped([outer, inputs * taps])
}

/// A change to one weight: `scale` · up · (mid ·) down, added to it (LoRA, Hu et al. 2021; LoCon).
struct LowRankChange: WeightChange {
    /// [rank, in · taps], or with `mid` [rank, in]
    let down: StoredTensor
    /// [out, rank]
    let up: StoredTensor
    /// [rank, rank, height, width] of a Tucker decomposition
    let mid: StoredTensor?
    let rank: Int
    let scale: Float

    /// Rows of the weight: its outputs.
    var outputs: Int { up.count / rank }

    /// Columns of the weight as a matrix: its inputs, for every place of a convolution's window.
    var columns: Int {
        down.count / rank * (mid.map { $0.shape[2] * $0.shape[3] } ?? 1)
    }

    func callAsFunction(_ weight: Tensor) -> Tensor {
        scaledUp.product(inner, adding: weight)
    }

    /// scale · up, [out, rank].
    var scaledUp: Tensor { up.widened().reshaped([outputs, rank]) * scale }

    /// The factor right of `up`, [rank, columns].
    var inner: Tensor {
        mid.map { tuckerProduct(core: $0, down: down) }
            ?? down.widened().reshaped([rank, columns])
    }
}
