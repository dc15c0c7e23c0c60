public import Foundation

/// A model whose networks can be built although tensors are missing or flawed, to tell which.
public struct SurveyedModel: ModelSource {
    private let base: any ModelSource
    private let weights: [String: Weights]

    /// - Throws: `CheckpointError` for a component whose weights cannot be opened.
    public init(_ base: any ModelSource, _ components: [String]) throws {
        self.base = base
        weights = try Dictionary(
            uniqueKeysWithValues: components.map { ($0, try base.weights($0).surveyed()) })
    }

    /// where the model lies
    public var url: URL { base.url }
    /// the layout, in words
    public var layout: String { base.layout }
    /// whether it is marked as only standing in for a trained model
    public var isStandIn: Bool { base.isStandIn }
    /// where its own tokenizer lies
    public var tokenizer: URL? { base.tokenizer }
    /// what its texts are padded with
    public var paddingToken: String? { base.paddingToken }

    /// Whether the model has that component.
    public func contains(_ component: String) -> Bool { base.contains(component) }
    /// The JSON of a component's configuration.
    public func configuration(_ component: String) throws -> Data {
        try base.configuration(component)
    }
    /// The weights of a component; of one that is surveyed always the same book.
    public func weights(_ component: String) throws -> Weights {
        try weights[component] ?? base.weights(component)
    }
}
