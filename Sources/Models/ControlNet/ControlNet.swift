public import Checkpoints
import Foundation
public import Tensors

/// A copy of a UNet's way down that reads a picture, such as the edges of what to draw, and steers the
/// UNet by what it adds to it (Zhang, Rao & Agrawala 2023).
public struct ControlNet: Sendable {
    /// The sizes it was built with.
    public let configuration: Configuration

    private let convIn: Conv2D
    private let time: UNetTime
    private let pictureEmbedding: ControlPictureEmbedding
    private let downBlocks: [DownBlock2D]
    private let midBlock: MidBlock2D?
    private let downProjections: [Linear]
    private let midProjection: Linear

    /// Builds the network of a source for a backbone.
    /// - Parameter arithmetic: of the products in its blocks, as for the UNet.
    /// - Throws: `CheckpointError` and `ModelError` for files that are damaged or of another model.
    public init(
        _ source: ControlNetSource, for backbone: any BackboneConfiguration,
        arithmetic: Arithmetic = .exact
    ) throws {
        let configuration = try ModelError.naming(source.url) {
            try Configuration(json: source.configuration)
        }
        if let objection = configuration.objection(to: backbone) {
            throw CheckpointError.addOnOfAnotherFamily(
                path: source.url.path(percentEncoded: false), family: nil, reason: objection)
        }
        try self.init(
            source.weights(), configuration: configuration, arithmetic: arithmetic)
    }

    /// Builds the network from a checkpoint in diffusers' layout.
    /// - Throws: `CheckpointError`, naming a tensor that is missing, misshapen or left over.
    public init(
        _ weights: Weights, configuration: Configuration, arithmetic: Arithmetic = .exact
    ) throws {
        self.configuration = configuration
        let unet = configuration.unet
        convIn = try Conv2D(
            weights["conv_in"], from: unet.inChannels, to: unet.levels[0].channels,
            kernel: unet.convInKernel)
        time = try UNetTime(weights, unet)
        pictureEmbedding = try ControlPictureEmbedding(
            weights["controlnet_cond_embedding"], configuration)
        let blocks = weights.computed(in: arithmetic)
        downBlocks = try unet.downBlocks(blocks["down_blocks"])
        midBlock = try unet.midBlock(blocks["mid_block"])
        downProjections = try unet.skipChannels.enumerated().map { index, channels in
            try Linear(weights["controlnet_down_blocks"][index], from: channels, to: channels)
        }
        let coarsest = unet.levels[unet.levels.count - 1].channels
        midProjection = try Linear(weights["controlnet_mid_block"], from: coarsest, to: coarsest)
        // A network that was trained little adds nothing yet.
        try weights.requireAllUsed(isTrained: false)
    }

    /// A picture as the network reads it; the same for every step, so a caller keeps it.
    ///
    /// - Parameter picture: [1, 8h, 8w, 3] in 0...1, for latents of h by w; -1 where the inpainting
    ///   ControlNet must not see.
    /// - Returns: [1, h, w, channels].
    public func embedding(of picture: Tensor) -> Tensor {
        pictureEmbedding(picture)
    }

    /// What to add in the UNet for one batch, all rows at the same time.
    ///
    /// - Parameters:
    ///   - sample: noisy latents [N, H, W, latentChannels], without what a UNet is shown besides.
    ///   - picture: the embedding of a picture [1, H, W, channels].
    ///   - timestep: as for the UNet.
    ///   - conditioning: of N rows.
    ///   - shares: of what is added at each place, [height, width] in 0...1 for a size; nil is all of it.
    public func callAsFunction(
        _ sample: Tensor, picture: Tensor, timestep: Float, _ conditioning: Conditioning,
        shares: ((_ height: Int, _ width: Int) -> [Float])? = nil
    ) -> ControlResiduals {
        let batch = sample.shape[0]
        let context = conditioning.hiddenStates
        let time = time(
            timestep, batch: batch, added: UNet2DCondition.Added(conditioning),
            guidanceScale: conditioning.guidanceScale)
        // The branches of guidance have the same input; they are one until they attend to their prompts.
        let isOne = sample.rowsAreAlike && time.rowsAreAlike
        let shown = isOne ? sample.sliced(axis: 0, 0..<1) : sample
        var x = convIn(shown)
        x = x + picture.repeated(x.shape[0])
        var skips = [x.repeated(batch)]
        for (index, block) in downBlocks.enumerated() {
            block(&x, time: time, context: context, skips: &skips)
            if index == 0 { x = x.repeated(batch) }
        }
        midBlock?(&x, time: time, context: context)
        let whole = ControlResiduals(
            down: zip(skips, downProjections).map { $1($0) }, middle: midProjection(x))
        let residuals = shares.map(whole.weighted) ?? whole
        return configuration.averages ? residuals.averaged : residuals
    }
}

/// Eight convolutions from a picture to the size and channels of latents inside a UNet, three of them
/// halving it.
private struct ControlPictureEmbedding: Sendable {
    private let convIn: Conv2D
    private let blocks: [Conv2D]
    private let convOut: Conv2D
    private let readsBGR: Bool

    init(_ weights: Weights, _ configuration: ControlNet.Configuration) throws {
        let channels = configuration.pictureChannels
        readsBGR = configuration.readsBGR
        convIn = try Conv2D(weights["conv_in"], from: 3, to: channels[0])
        blocks = try zip(channels, channels.dropFirst()).enumerated().flatMap { index, pair in
            [
                try Conv2D(weights["blocks"][2 * index], from: pair.0, to: pair.0),
                try Conv2D(
                    weights["blocks"][2 * index + 1], from: pair.0, to: pair.1, stride: 2,
                    padding: .all(1)),
            ]
        }
        convOut = try Conv2D(
            weights["conv_out"], from: channels[channels.count - 1],
            to: configuration.unet.levels[0].channels)
    }

    func callAsFunction(_ picture: Tensor) -> Tensor {
        let colors = (0..<3).map { picture.sliced(axis: 3, $0..<$0 + 1) }
        let ordered = readsBGR ? .concatenated(colors.reversed(), axis: 3) : picture
        let x = blocks.reduce(convIn(ordered).applying(.silu)) { $1($0).applying(.silu) }
        return convOut(x)
    }
}

extension ControlResiduals {
    /// Each the mean over its places, as networks do that steer by the style of a whole picture.
    fileprivate var averaged: Self {
        func mean(_ tensor: Tensor) -> Tensor {
            let shape = tensor.shape
            let (rows, places, channels) = (shape[0], shape[1] * shape[2], shape[3])
            return Tensor(shape: shape) { target in
                tensor.withUnsafeBufferPointer { source in
                    for row in 0..<rows {
                        let first = row * places * channels
                        for channel in 0..<channels {
                            let sum = (0..<places).reduce(0.0) {
                                $0 + Double(source[first + $1 * channels + channel])
                            }
                            for place in 0..<places {
                                target[first + place * channels + channel] =
                                    Float(sum / Double(places))
                            }
                        }
                    }
                }
            }
        }
        return ControlResiduals(down: down.map(mean), middle: mean(middle))
    }
}
