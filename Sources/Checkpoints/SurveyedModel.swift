/// A model whose networks can be built although tensors are missing or flawed, to tell which.
public struct SurveyedModel: ModelOverlay {
    /// the model as it is
    public let base: any ModelSource
    private let weights: [String: Weights]

    /// - Throws: `CheckpointError` for a component whose weights cannot be opened.
    public init(_ base: any ModelSource, _ components: [String]) throws {
        self.base = base
        weights = try Dictionary(
            uniqueKeysWithValues: components.map { ($0, try base.weights($0).surveyed()) })
    }

    /// The weights of a component; of one that is surveyed always the same book.
    public func weights(_ component: String) throws -> Weights {
        try weights[component] ?? base.weights(component)
    }
}
