import Checkpoints
import Tensors

/// The table of token embeddings. It stays in the file as it is stored; only the rows asked for are
/// read.
final class TokenEmbedding: Sendable {
    private let table: StoredTensor
    private let channels: Int

    init(_ weights: Weights, count: Int, channels: Int) throws {
        table = try weights.tensor("weight", shape: [count, channels])
        self.channels = channels
    }

    /// The rows of `ids`, all of which must be in the table: [ids.count, channels].
    func callAsFunction(_ ids: [Int]) -> Tensor {
        .concatenated(ids.map(row), axis: 0)
    }

    private func row(_ id: Int) -> Tensor {
        let size = channels * table.dataType.byteCount
        let bytes = UnsafeRawBufferPointer(rebasing: table.bytes[id * size..<(id + 1) * size])
        return StoredTensor(
            shape: [1, channels], dataType: table.dataType, bytes: bytes, owner: self
        ).widened()
    }
}
