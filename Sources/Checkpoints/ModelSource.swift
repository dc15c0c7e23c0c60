public import Foundation

/// A model on disk, whatever its layout: for each component (`unet`, `vae`, `text_encoder`,
/// `scheduler`) its configuration and weights, as diffusers has them.
public protocol ModelSource: Sendable {
    /// where the model lies
    var url: URL { get }
    /// the layout, in words
    var layout: String { get }
    /// whether it is marked as only standing in for a trained model
    var isStandIn: Bool { get }

    /// The folder of a component, whether or not it is there.
    func url(of component: String) -> URL
    /// Whether the model has that component.
    func contains(_ component: String) -> Bool
    /// The JSON of a component's configuration.
    /// - Throws: `CheckpointError`.
    func configuration(_ component: String) throws -> Data
    /// The weights of a component under diffusers' names.
    /// - Throws: `CheckpointError`.
    func weights(_ component: String) throws -> Weights
}
