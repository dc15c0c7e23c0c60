import CKernels

extension Tensor {
    /// Scaled dot-product attention (Vaswani et al. 2017, equation 1), for each head by itself:
    /// softmax(Q·Kᵀ / √d)·V with d = C / heads. The scores are never stored as a whole.
    ///
    /// - Parameters:
    ///   - query: [N,S,C].
    ///   - key: [N,T,C].
    ///   - value: [N,T,C].
    ///   - causal: each query sees only keys up to its own place.
    ///   - kernel: what multiplies; softmax is computed in floats.
    /// - Returns: [N,S,C].
    public static func attention(
        query: Tensor, key: Tensor, value: Tensor, heads: Int, causal: Bool = false,
        by kernel: AttentionKernel = .floats
    ) -> Tensor {
        let (batch, queries, channels) = (query.shape[0], query.shape[1], query.shape[2])
        precondition(
            key.shape == value.shape && key.shape[0] == batch && key.shape[2] == channels
                && channels % heads == 0,
            "\(query.shape), \(key.shape) and \(value.shape) do not attend with \(heads) heads")
        return query.withUnsafeBufferPointer { q in
            key.withUnsafeBufferPointer { k in
                value.withUnsafeBufferPointer { v in
                    Tensor(shape: query.shape) { y in
                        gesso_attend(
                            q.baseAddress, k.baseAddress, v.baseAddress, y.baseAddress, batch,
                            queries, key.shape[1], heads, channels / heads, causal, kernel.unit)
                    }
                }
            }
        }
    }
}
