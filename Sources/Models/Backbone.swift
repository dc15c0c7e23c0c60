public import Checkpoints
public import Foundation
public import Tensors

/// The network that predicts from noisy latents, whatever its architecture.
///
/// An architecture is one file that conforms to this protocol, beside its layers. What its prediction
/// means (noise, velocity, …) is the family's parametrization.
public protocol Backbone: Sendable {
    /// What is known before the weights are read.
    associatedtype Configuration: BackboneConfiguration

    /// The sizes it was built with.
    var configuration: Configuration { get }

    /// Predicts for one batch, all rows at the same time.
    ///
    /// - Parameters:
    ///   - input: [N, H, W, inputChannels]: the noisy latents, then what its kind shows besides.
    ///   - timestep: the time on the scale the network was trained with.
    ///   - conditioning: of N rows.
    ///   - options: shortcuts, and what steers it.
    /// - Returns: [N, H, W, latentChannels].
    func predict(
        _ input: Tensor, timestep: Float, _ conditioning: Conditioning, options: PredictionOptions
    ) -> Tensor
}

/// Shortcuts that a run asks of a backbone, which one without such a shortcut leaves out, and what steers
/// it.
public struct PredictionOptions {
    /// Spares the deep part in some calls; nil computes all of it.
    public var cache: DeepCache?
    /// Share of the pixels that self-attention merges at the finest level, in 0...0.75.
    public var tokenMerging = 0.0
    /// Has some calls compute areas of the latents alone; nil computes all of them. Not beside the other two.
    public var reuse: Reuse?
    /// What ControlNets add, of as many rows as the input; nil without one.
    public var control: ControlResiduals?

    /// No shortcuts, nothing added.
    public init() {}
}

/// What is known of a backbone from its configuration alone.
public protocol BackboneConfiguration: Sendable {
    /// What its input shows besides the noisy latents.
    var kind: Conditioning.Kind { get }
    /// Channels of its input.
    var inputChannels: Int { get }
    /// Channels of the latents it denoises.
    var latentChannels: Int { get }
    /// Side of the latents it was trained on.
    var nativeSide: Int { get }
    /// Widths of the token embeddings that its attention layers read, each once.
    var contextWidths: [Int] { get }
    /// Whether it has a guidance embedding: it is given the guidance scale and needs one branch only.
    var hasGuidanceEmbedding: Bool { get }
    /// Numbers that a reuse keeps for each latent of a row, if its areas have that share of them.
    func keptFloatsPerLatent(share: Double) -> Double
    /// Numbers in memory at once for each latent of a row, at the widest point.
    var widestFloatsPerLatent: Int { get }

    /// Width of the whole prompt's embedding in a model that is given that many numbers about the
    /// picture; nil where it has no such embedding.
    func pooledWidth(besideSizes count: Int) -> Int?

    /// Multiplications in one call with one row, as far as they count.
    ///
    /// - Parameters:
    ///   - width: of the latents.
    ///   - height: of the latents.
    ///   - tokens: of the prompt.
    ///   - merging: share of the pixels that self-attention merges at the finest level.
    ///   - isShallow: whether the deep part is spared (DeepCache).
    ///   - share: of the latents that is computed (`Reuse`), in 0...1.
    func operations(
        width: Int, height: Int, tokens: Int, merging: Double, isShallow: Bool, share: Double
    ) -> Double
}

/// An architecture: how a backbone is found in a checkpoint and built.
public struct BackboneArchitecture: Sendable {
    /// The component that holds it, as diffusers calls it.
    public let component: String
    private let read: @Sendable (Data) throws -> any BackboneConfiguration
    private let make: @Sendable (any ModelSource, Arithmetic) throws -> any Backbone

    /// - Parameters:
    ///   - component: the component's name.
    ///   - read: reads its `config.json`.
    ///   - make: builds the network.
    public init(
        component: String, read: @escaping @Sendable (Data) throws -> any BackboneConfiguration,
        make: @escaping @Sendable (any ModelSource, Arithmetic) throws -> any Backbone
    ) {
        (self.component, self.read, self.make) = (component, read, make)
    }

    /// The configuration in a checkpoint.
    /// - Throws: `CheckpointError` and `ModelError`, naming file and key.
    public func configuration(of source: any ModelSource) throws -> any BackboneConfiguration {
        try ModelError.naming(source.place(of: component)) {
            try read(source.configuration(component))
        }
    }

    /// The network of a checkpoint.
    /// - Parameter arithmetic: of the products in its blocks.
    /// - Throws: `CheckpointError` and `ModelError` for files that are missing, damaged or of another
    ///   model.
    public func network(
        of source: any ModelSource, computed arithmetic: Arithmetic = .exact
    ) throws -> any Backbone {
        try make(source, arithmetic)
    }
}
