import Tensors

/// A change to one weight: `scale` · up · (mid ·) down, added to it.
struct LowRankChange: Sendable {
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

    /// A weight with all changes added, in the order given, of 32-bit floats.
    static func sum(_ changes: [LowRankChange], _ weight: StoredTensor) -> Tensor {
        let rows = weight.shape[0]
        let flat = weight.widened().reshaped([rows, weight.count / rows])
        return changes.reduce(flat) { sum, change in
            let inner = change.inner.transposed([1, 0])
            return change.scaledUp.multiplied(by: PackedMatrix(StoredTensor(inner)), adding: sum)
        }.reshaped(weight.shape)
    }

    /// scale · up, [out, rank].
    var scaledUp: Tensor { up.widened().reshaped([outputs, rank]) * scale }

    /// What stands right of `up`, [rank, columns].
    var inner: Tensor {
        tucker() ?? down.widened().reshaped([rank, columns])
    }

    /// mid · down: [rank, in · taps].
    private func tucker() -> Tensor? {
        guard let mid else { return nil }
        let taps = mid.shape[2] * mid.shape[3]
        let inputs = down.count / rank
        let packed = PackedMatrix(
            StoredTensor(down.widened().reshaped([rank, inputs]).transposed([1, 0])))
        return mid.widened().reshaped([rank, rank, taps]).transposed([0, 2, 1])
            .multiplied(by: packed).transposed([0, 2, 1]).reshaped([rank, inputs * taps])
    }
}

extension LoRA {
    /// What a layer's part adds to a weight, checked: shapes, ranks and numbers.
    ///
    /// - Parameters:
    ///   - layer: the file's name for the layer.
    ///   - shape: the weight's, [out, in] or [out, in, height, width].
    ///   - strength: the factor asked for.
    func change(_ layer: String, of part: Part, to shape: [Int], strength: Float) throws
        -> LowRankChange
    {
        guard let down = part.down, let up = part.up else {
            throw fault(part.name, "has no counterpart \(part.down == nil ? "down" : "up")")
        }
        guard let rank = down.shape.first, rank > 0, down.shape.count >= 2, up.shape.count >= 2,
            up.shape[1] == rank, part.mid.map({ $0.shape.starts(with: [rank, rank]) }) ?? true
        else {
            throw fault(
                part.name, "has ranks that differ: down is \(down.shape), up is \(up.shape)")
        }
        let taps = shape.dropFirst(2).reduce(1, *)
        let inner = part.mid == nil ? shape[1] * taps : shape[1]
        let midFits = part.mid.map { $0.shape.count == 4 && $0.shape[2] * $0.shape[3] == taps }
        guard down.shape.reduce(1, *) == rank * inner, up.shape.reduce(1, *) == shape[0] * rank,
            midFits ?? true
        else {
            throw CheckpointError.addOnOfAnotherFamily(
                path: path, family: family,
                reason: "\(shown(layer)) is for \(up.shape[0]) by \(down.shape[1]) numbers, "
                    + "the model has \(shape[0]) by \(shape[1])")
        }
        return LowRankChange(
            down: try stored(down), up: try stored(up), mid: try part.mid.map(stored), rank: rank,
            scale: strength * (try scale(part, layer: layer, rank: rank)))
    }

    /// alpha / rank; 1 where the file says nothing.
    private func scale(_ part: Part, layer: String, rank: Int) throws -> Float {
        guard let entry = part.alpha else { return try scaleOfMetadata(layer, rank: rank) }
        guard let alpha = entry.stored, alpha.count == 1 else {
            throw fault(entry.name, "is no number")
        }
        let value = alpha.widened().values[0]
        guard value.isFinite else { throw fault(entry.name, "is \(value)") }
        return value / Float(rank)
    }

    private func stored(_ entry: Safetensors.Entry) throws -> StoredTensor {
        guard let stored = entry.stored else {
            throw CheckpointError.unsupportedDataType(
                path: path, tensor: entry.name, found: entry.dataType)
        }
        guard !stored.hasNonFiniteValues else {
            throw CheckpointError.nonFiniteValues(path: path, tensor: entry.name)
        }
        return stored
    }

    private func fault(_ tensor: String, _ reason: String) -> CheckpointError {
        .malformed(path: path, format: "LoRA", reason: "\(shown(tensor)) \(reason)")
    }
}
