import Tensors

extension LoRA {
    /// What a layer's part does to its weight and its bias, checked: shapes, ranks and numbers.
    ///
    /// - Parameters:
    ///   - layer: the file's name for the layer.
    ///   - weight: the shape of the weight: [out, in], [out, in, height, width], or [out] of a norm.
    ///   - bias: the shape of the bias; nil where the layer has none.
    ///   - strength: the factor asked for.
    /// - Throws: `CheckpointError` for a part that is damaged or does not fit.
    func changes(
        _ layer: String, of part: Part, weight: [Int], bias: [Int]?, strength: Float
    ) throws -> (weight: (any WeightChange)?, bias: (any WeightChange)?) {
        guard !weight.contains(0) else {
            throw CheckpointError.addOnOfAnotherFamily(
                path: path, family: family,
                reason: "\(shown(layer, upTo: 60)) of the model is \(weight), without numbers")
        }
        let builder = ChangeBuilder(lora: self, layer: layer, part: part, shape: weight)
        let onBias = try builder.biasDifference(bias, strength)
        return (try builder.whole(strength), onBias)
    }

    /// The same of a UNet's first convolution, which takes more than latents where it is for inpainting or
    /// instructions: a part that was trained on latents alone changes what comes of these.
    func changesOfInput(
        _ layer: String, of part: Part, weight: [Int], bias: [Int]?, strength: Float
    ) throws -> (weight: (any WeightChange)?, bias: (any WeightChange)?) {
        let latents = 4
        do {
            return try changes(layer, of: part, weight: weight, bias: bias, strength: strength)
        } catch let misfit as CheckpointError {
            guard case .addOnOfAnotherFamily = misfit, weight.count == 4, weight[1] > latents
            else { throw misfit }
            do {
                let own = try changes(
                    layer, of: part, weight: [weight[0], latents] + weight[2...], bias: bias,
                    strength: strength)
                let columns = latents * weight[2] * weight[3]
                return (own.weight.map { ColumnChange(change: $0, columns: columns) }, own.bias)
            } catch CheckpointError.addOnOfAnotherFamily {
                // Of the whole weight, not of its part.
                throw misfit
            }
        }
    }
}

/// Makes the change of one layer's weight from its tensors.
private struct ChangeBuilder {
    let lora: LoRA
    let layer: String
    let part: LoRA.Part
    /// the weight's
    let shape: [Int]

    private var rows: Int { shape.first ?? 1 }
    private var inputs: Int { shape.count > 1 ? shape[1] : 1 }
    private var taps: Int { shape.dropFirst(2).reduce(1, *) }

    /// The change with DoRA's magnitudes, where there are some; nil where there is none of the weight.
    func whole(_ strength: Float) throws -> (any WeightChange)? {
        let isDecomposed = [.magnitude, .rowMagnitude].contains { part[$0] != nil }
        return isDecomposed ? try decomposed(strength) : try change(strength)
    }

    /// The change without DoRA's magnitudes; nil where there is none of the weight.
    private func change(_ strength: Float) throws -> (any WeightChange)? {
        let roles = Set(part.tensors.keys)
        let strength = try strength * (number(.scalar) ?? 1)
        if !roles.isDisjoint(with: [.down, .up]) { return try lowRank(strength) }
        if roles.contains(.difference) { return try difference(strength) }
        if roles.contains(.hadamard1A) { return try hadamard(strength) }
        if !roles.isDisjoint(with: [.outer, .outerA]) { return try kronecker(strength) }
        if roles.contains(.a1) { return try generalized(strength) }
        if roles.contains(.rotations) { return try rotation(strength) }
        let rest = roles.subtracting([.biasDifference, .upBias])
        guard rest.allSatisfy(\.isOneNumber) else {
            throw fault(part.name, "has none of the tensors that belong with it")
        }
        return nil
    }

    private func lowRank(_ strength: Float) throws -> LowRankChange {
        guard let down = part[.down], let up = part[.up] else {
            throw fault(part.name, "has no counterpart \(part[.down] == nil ? "down" : "up")")
        }
        let mid = part[.mid]
        guard let rank = down.shape.first, rank > 0, down.shape.count >= 2, up.shape.count >= 2,
            up.shape[1] == rank, mid.map({ $0.shape.starts(with: [rank, rank]) }) ?? true
        else {
            let what = down.shape.first == 0 ? "no rank" : "ranks that differ"
            throw fault(part.name, "has \(what): down is \(down.shape), up is \(up.shape)")
        }
        let inner = mid == nil ? inputs * taps : inputs
        let midFits = mid.map { $0.shape.count == 4 && $0.shape[2] * $0.shape[3] == taps }
        guard count(down) == rank * inner, count(up) == rows * rank, midFits ?? true else {
            throw misfit(up.shape[0], down.shape[1])
        }
        return LowRankChange(
            down: try stored(down), up: try stored(up), mid: try mid.map(stored), rank: rank,
            scale: strength * (try scale(rank: rank)))
    }

    private func difference(_ strength: Float) throws -> Difference? {
        guard let entry = part[.difference] else { return nil }
        guard count(entry) == shape.reduce(1, *), entry.shape.first == rows else {
            throw misfit(entry.shape.first ?? 1, entry.shape.dropFirst().first ?? 1)
        }
        return Difference(
            difference: try stored(entry), scale: strength * (try number(.scale) ?? 1))
    }

    func biasDifference(_ bias: [Int]?, _ strength: Float) throws -> Difference? {
        guard let entry = part[.biasDifference] ?? part[.upBias] else { return nil }
        let stored = try stored(entry)
        if stored.isZero { return nil }
        guard let bias else {
            throw CheckpointError.unusableAddOn(
                path: lora.path, what: "\(shown(entry.name)) changes a bias that the layer has not",
                hint: "it is made for another model")
        }
        guard entry.shape == bias else {
            throw CheckpointError.addOnOfAnotherFamily(
                path: lora.path, family: lora.family,
                reason: "\(shown(entry.name)) has shape \(entry.shape), the layer's bias "
                    + "\(bias)")
        }
        // Beside a product, the bias of its second factor is scaled as the product is.
        let rank = part[.biasDifference] == nil ? part[.down]?.shape.first : nil
        let factor = try rank.map { try scale(rank: $0) } ?? 1
        return Difference(difference: stored, scale: strength * factor)
    }

    private func hadamard(_ strength: Float) throws -> HadamardChange {
        let first = try product(.hadamard1A, .hadamard1B, core: .hadamardCore1)
        let second = try product(.hadamard2A, .hadamard2B, core: .hadamardCore2)
        for factor in [first, second] { try checkFits(factor.matrix) }
        return HadamardChange(
            first: first.matrix, second: second.matrix,
            scale: strength * (try scale(rank: first.rank)))
    }

    private func kronecker(_ strength: Float) throws -> KroneckerChange {
        let outer = try factor(.outer, .outerA, .outerB, core: nil)
        let inner = try factor(.inner, .innerA, .innerB, core: .innerCore)
        guard outer.matrix.rows * inner.matrix.rows == rows,
            outer.matrix.columns * inner.matrix.columns == inputs * taps
        else {
            throw misfit(
                outer.matrix.rows * inner.matrix.rows,
                outer.matrix.columns * inner.matrix.columns / taps)
        }
        return KroneckerChange(
            outer: outer.matrix, inner: inner.matrix,
            scale: strength * (try scale(rank: outer.rank ?? inner.rank)))
    }

    private func generalized(_ strength: Float) throws -> GeneralizedChange {
        let isTurned = hasFactorsTurned
        let left = try isTurned ? product(.a2, .a1, core: nil) : product(.a1, .a2, core: nil)
        let right = try product(
            isTurned ? .b2 : .b1, isTurned ? .b1 : .b2, core: .bCore, coreIsBetween: true)
        try checkFits(right.matrix)
        guard left.matrix.rows == inputs, left.matrix.columns == inputs,
            case .product(let up, let down, let rank) = left.matrix
        else { throw misfit(left.matrix.rows, left.matrix.columns) }
        return GeneralizedChange(
            a: (
                up.widened().reshaped([inputs, rank]), down.widened().reshaped([rank, inputs])
            ), b: right.matrix, scale: strength * (try scale(rank: rank)))
    }

    /// Whether the factors of a GLoRA are the other way round, as LyCORIS first had them: W·a2·a1 + b2·b1.
    private var hasFactorsTurned: Bool {
        guard let a1 = part[.a1]?.shape, let a2 = part[.a2]?.shape, let b2 = part[.b2]?.shape,
            a1.count >= 2, a2.count >= 2, b2.count >= 2
        else { return false }
        return a1[1] == inputs && a2[0] == inputs && a1[0] == a2[1] && b2[0] == rows
    }

    private func rotation(_ strength: Float) throws -> RotationChange {
        guard let blocks = part[.rotations], blocks.shape.count == 3,
            blocks.shape[1] == blocks.shape[2]
        else { throw fault(part.name, "is not a row of square matrices") }
        guard blocks.shape[0] * blocks.shape[1] == rows else {
            throw misfit(blocks.shape[0] * blocks.shape[1], inputs)
        }
        let rescale = try part[.rescale].map(stored)
        guard rescale.map({ $0.count == rows }) ?? true else {
            throw fault(part[.rescale]?.name ?? part.name, "is not a number for each row")
        }
        return RotationChange(
            blocks: try stored(blocks),
            constraint: try number(.alpha).map { $0 * Float(rows) } ?? 0,
            rescale: rescale, strength: strength)
    }

    /// The change with DoRA's magnitudes on top.
    private func decomposed(_ strength: Float) throws -> MagnitudeChange {
        let mustBeOfRows = part[.magnitude] == nil
        let scales = lora.scalesDirection
        guard let entry = part[.magnitude] ?? part[.rowMagnitude],
            let direction = try change(scales ? strength : 1)
        else { throw fault(part.name, "has none of the tensors that belong with it") }
        let isOfRows = count(entry) == rows && (mustBeOfRows || entry.shape.first == rows)
        guard isOfRows || !mustBeOfRows && count(entry) == inputs else {
            throw fault(
                entry.name,
                mustBeOfRows
                    ? "is not a number for each row"
                    : "is neither a number for each row nor for each input")
        }
        return MagnitudeChange(
            direction: direction, magnitude: try stored(entry), isOfRows: isOfRows, inputs: inputs,
            strength: scales ? 1 : strength)
    }

    private typealias Factor = (matrix: LowRankMatrix, rank: Int)

    /// A product of two thin matrices, [rows, rank] and [rank, columns]. With a core they are
    /// [rank, rows] and [rank, in], and [rows, rank] and [rank, in] where the core is between.
    private func product(
        _ upRole: LoRARole, _ downRole: LoRARole, core coreRole: LoRARole?,
        coreIsBetween: Bool = false
    ) throws -> Factor {
        guard let up = part[upRole], let down = part[downRole], up.shape.count >= 2,
            down.shape.count >= 2, !up.shape.contains(0), !down.shape.contains(0)
        else { throw fault(part.name, "has no counterpart of two dimensions") }
        let rank = down.shape[0]
        guard let core = coreRole.flatMap({ part[$0] }) else {
            guard count(up) == up.shape[0] * rank, up.shape[1] == rank else {
                throw fault(
                    part.name, "has ranks that differ: \(up.shape) and \(down.shape)")
            }
            return (.product(up: try stored(up), down: try stored(down), rank: rank), rank)
        }
        let upRank = coreIsBetween ? up.shape[1] : up.shape[0]
        guard core.shape.count >= 3, core.shape[0] == upRank, core.shape[1] == rank,
            !core.shape.contains(0)
        else { throw fault(core.name, "has ranks that differ: it is \(core.shape)") }
        let turned = coreIsBetween ? transposed(try stored(up), rank: upRank) : try stored(up)
        return (.tucker(up: turned, core: try stored(core), down: try stored(down)), rank)
    }

    /// [rows, rank] turned.
    private func transposed(_ up: StoredTensor, rank: Int) -> StoredTensor {
        StoredTensor(up.widened().reshaped([up.count / rank, rank]).transposed([1, 0]))
    }

    /// A factor of a Kronecker product.
    private func factor(
        _ whole: LoRARole, _ a: LoRARole, _ b: LoRARole, core: LoRARole?
    ) throws -> (matrix: LowRankMatrix, rank: Int?) {
        guard let entry = part[whole] else {
            let (matrix, rank) = try product(a, b, core: core)
            return (matrix, rank)
        }
        guard entry.shape.count >= 2, !entry.shape.contains(0) else {
            throw fault(entry.name, "is no matrix")
        }
        return (.whole(try stored(entry), rows: entry.shape[0]), nil)
    }

    private func checkFits(_ matrix: LowRankMatrix) throws {
        guard matrix.rows == rows, matrix.columns == inputs * taps else {
            throw misfit(matrix.rows, matrix.columns / taps)
        }
    }

    /// What the file says, or else alpha / rank, or what the adapter's configuration says; else 1.
    ///
    /// - Parameter rank: nil for whole matrices, of which an alpha in the file says nothing.
    private func scale(rank: Int?) throws -> Float {
        if let scale = try number(.scale) { return scale }
        if let rank, let alpha = try number(.alpha) { return alpha / Float(rank) }
        guard let adapter = lora.adapter else { return 1 }
        let place = LoRA.place(layer)
        return try adapter.scale(place.component, place.layer, rank: rank)
    }

    /// A tensor of one number, of a floating or an integer type.
    private func number(_ role: LoRARole) throws -> Float? {
        guard let entry = part[role] else { return nil }
        guard let value = entry.number else { throw fault(entry.name, "is no number") }
        guard value.isFinite else { throw fault(entry.name, "is \(value)") }
        return value
    }

    private func stored(_ entry: Safetensors.Entry) throws -> StoredTensor {
        try entry.checked(in: lora.path)
    }

    private func count(_ entry: Safetensors.Entry) -> Int { entry.shape.reduce(1, *) }

    private func misfit(_ outputs: Int, _ columns: Int) -> CheckpointError {
        .addOnOfAnotherFamily(
            path: lora.path, family: lora.family,
            reason: "\(shown(layer, upTo: 60)) is for \(outputs) by \(columns) numbers, "
                + "the model has \(rows) by \(inputs)")
    }

    private func fault(_ tensor: String, _ reason: String) -> CheckpointError {
        .malformed(path: lora.path, format: "LoRA", reason: "\(shown(tensor)) \(reason)")
    }
}

extension Safetensors.Entry {
    /// Its only number, whatever its type; nil where it has more or none.
    var number: Float? {
        guard shape.reduce(1, *) == 1 else { return nil }
        if let stored { return stored.widened().values[0] }
        func integer<Number: BinaryInteger & BitwiseCopyable>(_: Number.Type) -> Float {
            Float(bytes.loadUnaligned(as: Number.self))
        }
        switch dataType {
        case "I8": return integer(Int8.self)
        case "U8": return integer(UInt8.self)
        case "I16": return integer(Int16.self)
        case "U16": return integer(UInt16.self)
        case "I32": return integer(Int32.self)
        case "U32": return integer(UInt32.self)
        case "I64": return integer(Int64.self)
        case "U64": return integer(UInt64.self)
        default: return nil
        }
    }
}
