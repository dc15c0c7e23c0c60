public import Checkpoints
public import Tensors

/// The autoencoder between pictures and latents (Rombach et al. 2022, section 3.1; Kingma and Welling
/// 2014).
public struct AutoencoderKL: Sendable {
    /// The sizes it was built with.
    public let configuration: Configuration

    private let encoder: VAEEncoder
    private let quantConv: Linear?
    private let postQuantConv: Linear?
    private let decoder: VAEDecoder

    /// Builds the autoencoder of a model.
    /// - Parameter arithmetic: of the products between its first and last convolutions, where `int8` stands for
    ///   `bf16`, since 8 bits are too few for pictures; norms and softmax are always computed in floats.
    /// - Throws: `CheckpointError` and `ModelError` for files that are missing, damaged or of another
    ///   model.
    public init(_ source: any ModelSource, arithmetic: Arithmetic = .exact) throws {
        let configuration = try Configuration(json: source.configuration("vae"))
        try self.init(source.weights("vae"), configuration: configuration, arithmetic: arithmetic)
    }

    /// Builds the network from a checkpoint in diffusers' layout, old or new.
    /// - Throws: `CheckpointError`, naming a tensor that is missing, misshapen or left over.
    public init(
        _ weights: Weights, configuration: Configuration, arithmetic: Arithmetic = .exact
    ) throws {
        // In int8 the built-in model's pictures are off by a fifth of their contrast.
        let arithmetic =
            arithmetic.precision == .int8 ? arithmetic.changed(to: .bf16) : arithmetic
        self.configuration = configuration
        let latents = configuration.latentChannels
        encoder = try VAEEncoder(
            weights["encoder"].computed(in: arithmetic), configuration: configuration)
        quantConv =
            configuration.usesQuantConv
            ? try Linear(weights["quant_conv"], from: 2 * latents, to: 2 * latents) : nil
        postQuantConv =
            configuration.usesPostQuantConv
            ? try Linear(weights["post_quant_conv"], from: latents, to: latents) : nil
        decoder = try VAEDecoder(
            weights["decoder"].computed(in: arithmetic), configuration: configuration)
        try weights.requireAllUsed()
    }

    /// What latents are multiplied by for the UNet.
    public var scalingFactor: Float { configuration.scalingFactor }

    /// How many pixels a latent spans, in each direction: 8.
    public var factor: Int { configuration.factor }

    /// The shape of the latents of one picture, whose sides are multiples of `factor`.
    public func latentShape(height: Int, width: Int) -> [Int] {
        [1, height / factor, width / factor, configuration.latentChannels]
    }

    /// The latents of pictures, as a distribution, not scaled.
    /// - Parameters:
    ///   - pixels: [N, H, W, 3] in -1…1; H and W multiples of `factor`.
    ///   - tiled: whether to work in overlapping tiles of `tileSide` pixels; N is 1 then.
    public func encode(_ pixels: Tensor, tiled: Bool = false) -> DiagonalGaussian {
        let moments =
            tiled
            ? Tiling(side: Self.tileSide, overlap: Self.tileSide / 4)(
                pixels, scale: (1, factor), encoder.callAsFunction) : encoder(pixels)
        return DiagonalGaussian(moments: quantConv.map { $0(moments) } ?? moments)
    }

    /// The pictures of latents.
    /// - Parameters:
    ///   - latents: [N, h, w, latentChannels], divided by the scaling factor already.
    ///   - tiled: whether to work in overlapping tiles of `tileSide` pixels; N is 1 then.
    /// - Returns: [N, h·f, w·f, 3], about -1…1 and not clamped; f is `factor`.
    public func decode(_ latents: Tensor, tiled: Bool = false) -> Tensor {
        let latents = postQuantConv.map { $0(latents) } ?? latents
        guard tiled else { return decoder(latents) }
        let side = Self.tileSide / factor
        return Tiling(side: side, overlap: side / 4)(
            latents, scale: (factor, 1), decoder.callAsFunction)
    }

    /// Side of a tile in pixels; neighbours overlap by a quarter of it.
    public static let tileSide = 512
}
