public import Foundation

/// A model on disk, whatever its layout: for each component (`unet`, `vae`, `text_encoder`,
/// `scheduler`) its configuration and weights, as diffusers has them.
public protocol ModelSource: Sendable {
    /// where the model is
    var url: URL { get }
    /// the layout, in words
    var layout: String { get }
    /// whether it is marked as only standing in for a trained model
    var isStandIn: Bool { get }
    /// whether a negative prompt that is not given has zeros for its embeddings; only Stable Diffusion
    /// XL asks
    var zeroesEmptyPrompt: Bool { get }

    /// Values that suit the model, by verb and key of a recipe, such as `img2img` and `guidance_scale`.
    var ownSettings: [String: [String: String]] { get }
    /// how it is known what the UNet predicts
    var predictionReason: String { get }

    /// Where a component comes from, which errors in its configuration name.
    func place(of component: String) -> URL
    /// Where its own tokenizer for a text encoder (`text_encoder`, `text_encoder_2`) is; nil when it
    /// comes without one.
    func tokenizer(for encoder: String) -> URL?
    /// What the texts of an encoder are padded with, where no tokenizer of its own says so.
    func paddingToken(for encoder: String) -> String?
    /// Whether the model has that component.
    func contains(_ component: String) -> Bool
    /// The JSON of a component's configuration.
    /// - Throws: `CheckpointError`.
    func configuration(_ component: String) throws -> Data
    /// The weights of a component under diffusers' names.
    /// - Throws: `CheckpointError`.
    func weights(_ component: String) throws -> Weights
}

extension ModelSource {
    /// None.
    public var ownSettings: [String: [String: String]] { [:] }

    /// Where the model is.
    public func place(of component: String) -> URL { url }

    /// Said by the scheduler's configuration, where there is one.
    public var predictionReason: String {
        contains("scheduler")
            ? "the scheduler's configuration says so" : "no scheduler says otherwise"
    }
}

/// The model at a path: a folder in diffusers' layout, or a single file.
///
/// - Parameter supplied: components that come from elsewhere, so that the model may lack them: `vae`.
/// - Throws: `CheckpointError`.
public func modelSource(_ url: URL, supplied: Set<String> = []) throws -> any ModelSource {
    guard ModelFolder.exists(url), !ModelFolder.isFolder(url) else { return try ModelFolder(url) }
    return try SingleFile(url, supplied: supplied)
}
