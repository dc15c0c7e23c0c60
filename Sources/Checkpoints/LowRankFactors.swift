public import Tensors

/// What LoRAs add to a layer's weight, kept beside it: up · down, of 32-bit floats.
///
/// A 16-bit weight with LoRAs merged into it would need 32 bits to lose nothing by it. Their factors
/// need less as long as the ranks are small, and the layer computes y = W x + up (down x).
public struct LowRankFactors: Sendable {
    /// [rank, in] or [rank, in, height, width]; those of several LoRAs one after the other
    public let down: StoredTensor
    /// [out, rank], with the LoRAs' scales in it
    public let up: StoredTensor

    /// - Parameter shape: the weight's.
    init(_ changes: [LowRankChange], shape: [Int]) {
        let down = Tensor.concatenated(changes.map(\.inner), axis: 0)
        self.down = StoredTensor(down.reshaped([down.shape[0]] + shape.dropFirst()))
        up = StoredTensor(Tensor.concatenated(changes.map(\.scaledUp), axis: 1))
    }

    var areFinite: Bool { !down.hasNonFiniteValues && !up.hasNonFiniteValues }

    /// The changes as products, where factors beside a weight take less memory than the weight in 32
    /// bits.
    static func saving(_ changes: [any WeightChange], _ weight: StoredTensor) -> [LowRankChange]? {
        changes.products.flatMap { factorBytes($0) < mergedBytes(weight) ? $0 : nil }
    }

    /// Bytes that a weight with changes takes beyond its own.
    static func growth(_ changes: [any WeightChange], _ weight: StoredTensor) -> Int {
        saving(changes, weight).map(factorBytes) ?? mergedBytes(weight)
    }

    private static func factorBytes(_ changes: [LowRankChange]) -> Int {
        changes.reduce(0) { $0 + $1.rank * ($1.outputs + $1.columns) }
            * DataType.float32.byteCount
    }

    private static func mergedBytes(_ weight: StoredTensor) -> Int {
        weight.count * (DataType.float32.byteCount - weight.dataType.byteCount)
    }
}
