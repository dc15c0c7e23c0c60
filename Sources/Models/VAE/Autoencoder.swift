public import Checkpoints
public import Tensors

/// The network between pictures and latents, whatever its architecture.
public protocol Autoencoder: Sendable {
    /// Channels of the latents: 4.
    var latentChannels: Int { get }
    /// What latents are multiplied by for the UNet.
    var scalingFactor: Float { get }
    /// How many pixels a latent spans, in each direction: 8.
    var factor: Int { get }
    /// Numbers held at once for each pixel of a picture where that is most.
    var widestFloatsPerPixel: Int { get }
    /// Whether it can encode; a decoder by itself cannot.
    var encodes: Bool { get }
    /// Whether encoding is a draw from a distribution, which takes noise.
    var drawsLatents: Bool { get }

    /// The latents of pictures, not scaled.
    /// - Parameters:
    ///   - pixels: [N, H, W, 3] in -1…1; H and W multiples of `factor`.
    ///   - tiled: whether to work in overlapping tiles; N is 1 then.
    ///   - noise: standard normal noise of the latents' shape; asked for only where latents are drawn.
    func latents(of pixels: Tensor, tiled: Bool, noise: () -> Tensor) -> Tensor
    /// The pictures of latents, [N, h·f, w·f, 3], about -1…1 and not clamped.
    func decode(_ latents: Tensor, tiled: Bool) -> Tensor
}

extension AutoencoderKL: Autoencoder {
    /// Channels of the latents: 4.
    public var latentChannels: Int { configuration.latentChannels }
    /// Numbers held at once for each pixel of a picture where that is most.
    public var widestFloatsPerPixel: Int { configuration.widestFloatsPerPixel }
    /// It has both halves.
    public var encodes: Bool { true }
    /// Latents are drawn.
    public var drawsLatents: Bool { true }

    /// A draw from the distribution of a picture's latents, not scaled.
    public func latents(of pixels: Tensor, tiled: Bool, noise: () -> Tensor) -> Tensor {
        encode(pixels, tiled: tiled).sample(noise())
    }
}

/// The autoencoder of a model, of the kind its configuration or its tensors name.
/// - Parameter arithmetic: of the products inside; the tiny one is always computed in floats.
/// - Throws: `CheckpointError` and `ModelError` as the autoencoders do.
public func autoencoder(
    _ source: any ModelSource, arithmetic: Arithmetic = .exact
) throws -> any Autoencoder {
    let weights = try source.weights("vae")
    return try ModelError.naming(source.place(of: "vae")) { () -> any Autoencoder in
        weights.contains("encoder.layers") || weights.contains("decoder.layers")
            ? try AutoencoderTiny(weights, json: source.configuration("vae"))
            : try AutoencoderKL(source, arithmetic: arithmetic)
    }
}
