public import Checkpoints
public import Tensors

/// The denoising UNet of Stable Diffusion (Rombach et al. 2022; XL: Podell et al. 2023): noisy latents, a time and a prompt
/// in, a prediction out.
public struct UNet2DCondition: Sendable {
    /// The sizes it was built with.
    public let configuration: Configuration

    private let convIn: Conv2D
    private let time: UNetTime
    private let downBlocks: [DownBlock2D]
    private let midBlock: MidBlock2D?
    private let upBlocks: [UpBlock2D]
    private let normOut: GroupNorm
    private let convOut: Conv2D

    /// Builds the UNet of a model.
    /// - Parameter arithmetic: of the products in its blocks; the first and last convolutions, the time
    ///   embedding, norms and softmax are always computed in floats.
    /// - Throws: `CheckpointError` and `ModelError` for files that are missing, damaged or of another
    ///   model.
    public init(_ source: any ModelSource, arithmetic: Arithmetic = .exact) throws {
        let configuration = try Configuration(json: source.configuration("unet"))
        try self.init(
            source.weights("unet"), configuration: configuration, arithmetic: arithmetic)
    }

    /// Builds the network from a checkpoint in diffusers' layout.
    /// - Throws: `CheckpointError`, naming a tensor that is missing, misshapen or left over.
    public init(
        _ weights: Weights, configuration: Configuration, arithmetic: Arithmetic = .exact
    ) throws {
        self.configuration = configuration
        let finest = configuration.levels[0].channels
        convIn = try Conv2D(
            weights["conv_in"], from: configuration.inChannels, to: finest,
            kernel: configuration.convInKernel)
        time = try UNetTime(weights, configuration)
        let blocks = weights.computed(in: arithmetic)
        downBlocks = try configuration.downBlocks(blocks["down_blocks"])
        midBlock = try configuration.midBlock(blocks["mid_block"])
        upBlocks = try configuration.upBlocks(blocks["up_blocks"])
        normOut = try GroupNorm(
            weights["conv_norm_out"], channels: finest, groups: configuration.normGroups,
            epsilon: configuration.normEpsilon)
        convOut = try Conv2D(
            weights["conv_out"], from: finest, to: configuration.outChannels,
            kernel: configuration.convOutKernel)
        try weights.requireAllUsed()
    }

    /// Predicts from one batch, all at the same time.
    /// - Parameters:
    ///   - sample: noisy latents [N, H, W, inChannels], any H and W.
    ///   - timestep: 0…999, possibly between whole steps.
    ///   - encoderHiddenStates: the text embeddings [N, T, contextChannels].
    ///   - added: the further conditioning of Stable Diffusion XL; ignored by other UNets.
    ///   - guidanceScale: for the guidance embedding; ignored by UNets without one.
    ///   - cache: spares the deep part in some calls; nil runs all of it.
    ///   - tokenMerging: share of the pixels that self-attention merges at the finest level, in 0...0.75.
    ///   - control: what ControlNets add, of N rows.
    ///   - reuse: has some calls compute areas of the latents alone; not beside `cache` and
    ///     `tokenMerging`.
    /// - Returns: [N, H, W, outChannels].
    public func callAsFunction(
        _ sample: Tensor, timestep: Float, encoderHiddenStates context: Tensor,
        added: Added? = nil, guidanceScale: Float = 1, cache: DeepCache? = nil,
        tokenMerging: Double = 0, control: ControlResiduals? = nil, reuse: Reuse? = nil
    ) -> Tensor {
        let batch = sample.shape[0]
        let time = time(timestep, batch: batch, added: added, guidanceScale: guidanceScale)
        // The branches of guidance have the same input; they are one until they attend to their prompts.
        let isOne = sample.rowsAreAlike && time.rowsAreAlike
        let shown = isOne ? sample.sliced(axis: 0, 0..<1) : sample
        reuse?.begin(rows: batch, timestep: timestep)
        let control = control.flatMap { reuse?.taken($0) ?? $0 }
        var x = convIn(configuration.centersInput ? 2 * shown - 1 : shown)
        x = reuse?.taken(x) ?? x
        var skips = [x.repeated(batch)]
        let merging = tokenMerging > 0 ? TokenMerging(ratio: tokenMerging) : nil
        downBlocks[0](
            &x, time: time, context: context, skips: &skips, merging: merging, reuse: reuse)
        x = x.repeated(batch)
        if let deep = cache?.next(batch: batch) {
            x = deep
            // The way down left one more, halved, for the levels that are left out.
            if downBlocks.count > 1 { skips.removeLast() }
            control?.add(to: &skips)
        } else {
            for block in downBlocks.dropFirst() {
                block(&x, time: time, context: context, skips: &skips, reuse: reuse)
            }
            control?.add(to: &skips)
            midBlock?(&x, time: time, context: context, reuse: reuse)
            if let control { x = x + control.middle }
            for block in upBlocks.dropLast() {
                block(&x, time: time, context: context, skips: &skips, reuse: reuse)
            }
            cache?.keep(x)
        }
        upBlocks[upBlocks.count - 1](
            &x, time: time, context: context, skips: &skips, merging: merging, reuse: reuse)
        let before = normOut.prologue(x, activation: configuration.activation, reuse: reuse)
        let answer = convOut(x, after: before, reuse: reuse)
        return reuse?.finished(answer) ?? answer
    }
}

extension UNet2DCondition.Configuration {
    private var resnetStyle: ResnetBlock2D.Style {
        .init(
            groups: normGroups, epsilon: normEpsilon, activation: activation,
            timeChannels: timeChannels)
    }

    private func transformerStyle(_ level: Level) -> Transformer2DModel.Style {
        .init(
            groups: normGroups, heads: level.heads, contextChannels: level.contextChannels,
            depth: level.transformerDepth)
    }

    func downBlocks(_ weights: Weights) throws -> [DownBlock2D] {
        try levels.enumerated().map { index, level in
            try DownBlock2D(
                weights[index], from: levels[max(index - 1, 0)].channels, to: level.channels,
                layers: level.layers, resnetStyle: resnetStyle,
                transformerStyle: level.downHasAttention ? transformerStyle(level) : nil,
                downsamplePadding: index < levels.count - 1 ? downsamplePadding : nil)
        }
    }

    func midBlock(_ weights: Weights) throws -> MidBlock2D? {
        guard let midHasAttention, let coarsest = levels.last else { return nil }
        return try MidBlock2D(
            weights, channels: coarsest.channels, resnetStyle: resnetStyle,
            transformerStyle: midHasAttention ? transformerStyle(coarsest) : nil)
    }

    fileprivate func upBlocks(_ weights: Weights) throws -> [UpBlock2D] {
        let count = levels.count
        return try levels.enumerated().reversed().map { index, level in
            try UpBlock2D(
                weights[count - 1 - index], from: levels[min(index + 1, count - 1)].channels,
                to: level.channels, lastSkip: levels[max(index - 1, 0)].channels,
                layers: level.layers + 1, resnetStyle: resnetStyle,
                transformerStyle: level.upHasAttention ? transformerStyle(level) : nil,
                upsamples: index > 0)
        }
    }
}
