public import Tensors

/// What a backbone is conditioned on besides the noisy latents and the time.
public struct Conditioning: Sendable {
    /// What the input of a backbone shows besides the noisy latents.
    public enum Kind: Sendable, Equatable {
        /// Nothing.
        case plain
        /// A mask, and the latents of the picture without what the mask covers (Rombach et al. 2022,
        /// section 4.5).
        case inpainting
        /// The latents of a picture that an instruction changes (Brooks et al. 2023).
        case instruction
    }

    /// Token embeddings for attention: [N, T, C].
    public var hiddenStates: Tensor
    /// Embeddings of the whole prompts: [N, P]; nil in models that have none.
    public var pooled: Tensor?
    /// Numbers about the picture, such as its size: [N, S]; nil in models that have none.
    public var sizes: Tensor?
    /// The guidance scale, for models with a guidance embedding.
    public var guidanceScale: Float

    /// - Parameters:
    ///   - hiddenStates: token embeddings [N, T, C].
    ///   - pooled: embeddings of the whole prompts [N, P].
    ///   - sizes: numbers about the picture [N, S].
    ///   - guidanceScale: used by models with a guidance embedding only.
    public init(
        hiddenStates: Tensor, pooled: Tensor? = nil, sizes: Tensor? = nil, guidanceScale: Float = 1
    ) {
        (self.hiddenStates, self.pooled) = (hiddenStates, pooled)
        (self.sizes, self.guidanceScale) = (sizes, guidanceScale)
    }

    /// The last rows alone.
    public func suffix(_ rows: Int) -> Conditioning {
        func last(_ tensor: Tensor) -> Tensor {
            let count = tensor.shape[0]
            return count == rows ? tensor : tensor.sliced(axis: 0, count - rows..<count)
        }
        return Conditioning(
            hiddenStates: last(hiddenStates), pooled: pooled.map(last), sizes: sizes.map(last),
            guidanceScale: guidanceScale)
    }
}
