import Synchronization
import Tensors

/// A prompt as a backbone is conditioned on it.
struct EncodedPrompt: Sendable {
    /// [1,77n,C] token embeddings of n chunks for cross-attention.
    let hiddenStates: Tensor
    /// [1,P] the embedding of the whole prompt; nil in families that have none.
    var pooled: Tensor?
    /// Whether there are zeros in place of the embeddings, as no prompt gives.
    var isZeroed = false
    /// The end of the prompt that did not fit; nil where all of it did.
    let dropped: String?
}

/// Encoded prompts, kept for the next edit with the same model: a run over many pictures asks for few
/// prompts, again and again.
final class PromptCache: Sendable {
    /// Prompts that are kept; an embedding of Stable Diffusion is some 300 KB.
    static let capacity = 64

    private struct Asked: Hashable {
        let prompt: String
        let reading: PromptReading
        let isNegative: Bool
    }

    private struct Kept {
        var encoded: [Asked: EncodedPrompt] = [:]
        /// The oldest first.
        var order: [Asked] = []
    }

    private let kept = Mutex(Kept())

    /// The encoded prompt, made if it is not there yet.
    func encoded(
        _ prompt: String, _ reading: PromptReading, isNegative: Bool,
        orMake make: () throws -> EncodedPrompt
    ) rethrows -> EncodedPrompt {
        let asked = Asked(prompt: prompt, reading: reading, isNegative: isNegative)
        if let known = kept.withLock({ $0.encoded[asked] }) { return known }
        let made = try make()
        kept.withLock { kept in
            guard kept.encoded.updateValue(made, forKey: asked) == nil else { return }
            kept.order.append(asked)
            guard kept.order.count > Self.capacity else { return }
            kept.encoded[kept.order.removeFirst()] = nil
        }
        return made
    }
}
