public import Foundation

/// A model that differs from another in some things and is like it in all else.
public protocol ModelOverlay: ModelSource {
    /// what it is like
    var base: any ModelSource { get }
}

extension ModelOverlay {
    /// where the model is
    public var url: URL { base.url }
    /// the layout, in words
    public var layout: String { base.layout }
    /// whether it is marked as only standing in for a trained model
    public var isStandIn: Bool { base.isStandIn }
    /// whether an absent negative prompt has zeros for its embeddings
    public var zeroesEmptyPrompt: Bool { base.zeroesEmptyPrompt }
    /// values that suit the model
    public var ownSettings: [String: [String: String]] { base.ownSettings }
    /// how it is known what the UNet predicts
    public var predictionReason: String { base.predictionReason }

    /// Where its own tokenizer for a text encoder is.
    public func tokenizer(for encoder: String) -> URL? { base.tokenizer(for: encoder) }
    /// What the texts of an encoder are padded with.
    public func paddingToken(for encoder: String) -> String? {
        base.paddingToken(for: encoder)
    }
    /// Where a component comes from.
    public func place(of component: String) -> URL { base.place(of: component) }
    /// Whether the model has that component.
    public func contains(_ component: String) -> Bool { base.contains(component) }
    /// The JSON of a component's configuration.
    public func configuration(_ component: String) throws -> Data {
        try base.configuration(component)
    }
}
