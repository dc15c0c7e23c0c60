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
    /// whether an absent negative prompt has zeros for its embeddings
    public var zeroesEmptyPrompt: Bool { base.zeroesEmptyPrompt }
    /// how it is known what the UNet predicts
    public var predictionReason: String { base.predictionReason }

    /// Where its own tokenizer for a text encoder lies.
    public func tokenizer(for encoder: String) -> URL? { base.tokenizer(for: encoder) }
    /// What the texts of an encoder are padded with.
    public func paddingToken(for encoder: String) -> String? {
        base.paddingToken(for: encoder)
    }

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
