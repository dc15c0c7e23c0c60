import Synchronization

/// What prompts came to, kept for the next edit with the same model: a run over many pictures asks for
/// few prompts, again and again.
final class ConditioningCache: Sendable {
    /// Prompts that are kept; an embedding of Stable Diffusion is some 300 KB.
    private static let capacity = 64

    private struct Asked: Hashable {
        let prompt: String
        let reading: PromptReading
    }

    private struct Kept {
        var conditionings: [Asked: Conditioning] = [:]
        /// The oldest first.
        var prompts: [Asked] = []
    }

    private let kept = Mutex(Kept())

    /// The conditioning of a prompt, made if it is not there yet.
    func conditioning(
        for prompt: String, _ reading: PromptReading, orMake make: () throws -> Conditioning
    ) rethrows -> Conditioning {
        let prompt = Asked(prompt: prompt, reading: reading)
        if let known = kept.withLock({ $0.conditionings[prompt] }) { return known }
        let made = try make()
        kept.withLock { kept in
            guard kept.conditionings.updateValue(made, forKey: prompt) == nil else { return }
            kept.prompts.append(prompt)
            guard kept.prompts.count > Self.capacity else { return }
            kept.conditionings[kept.prompts.removeFirst()] = nil
        }
        return made
    }
}
