public import Tensors

extension UNet2DCondition: Backbone {
    /// Predicts noise, velocity or the clean latents, as it was trained to.
    public func predict(
        _ input: Tensor, timestep: Float, _ conditioning: Conditioning, options: PredictionOptions
    ) -> Tensor {
        self(
            input, timestep: timestep, encoderHiddenStates: conditioning.hiddenStates,
            added: Added(conditioning), guidanceScale: conditioning.guidanceScale,
            cache: options.cache, tokenMerging: options.tokenMerging, control: options.control,
            reuse: options.reuse)
    }
}

extension UNet2DCondition.Added {
    /// What Stable Diffusion XL takes of a conditioning; nil where there is no such thing.
    init?(_ conditioning: Conditioning) {
        guard let pooled = conditioning.pooled, let sizes = conditioning.sizes else { return nil }
        self.init(pooled: pooled, sizes: sizes)
    }
}

extension BackboneArchitecture {
    /// The UNet of Stable Diffusion 1, 2 and XL.
    public static let unet = BackboneArchitecture(
        component: "unet", read: { try UNet2DCondition.Configuration(json: $0) },
        make: { try UNet2DCondition($0, arithmetic: $1) })
}

extension UNet2DCondition.Configuration: BackboneConfiguration {
    /// Channels of its input.
    public var inputChannels: Int { inChannels }
    /// Channels of the latents it denoises.
    public var latentChannels: Int { outChannels }
    /// Side of the latents it was trained on.
    public var nativeSide: Int { sampleSize }
    /// Whether it has a guidance embedding.
    public var hasGuidanceEmbedding: Bool { guidanceChannels != nil }

    /// Widths of the token embeddings that its attention layers read, each once.
    public var contextWidths: [Int] {
        levels.filter { $0.downHasAttention || $0.upHasAttention }.map(\.contextChannels)
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Width of the whole prompt's embedding beside that many sizes; nil without such an embedding.
    public func pooledWidth(besideSizes count: Int) -> Int? {
        added.map { $0.inputs - count * $0.sizeChannels }
    }
}

extension Conditioning.Kind {
    /// The kind of a UNet, by the channels of its input and of the latents.
    init?(inputChannels: Int, latentChannels: Int) {
        switch inputChannels {
        case latentChannels: self = .plain
        case 2 * latentChannels: self = .instruction
        case 2 * latentChannels + 1: self = .inpainting
        default: return nil
        }
    }
}
