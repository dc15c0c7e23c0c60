import Checkpoints
import Tensors

/// Pixels to the moments of latents, halving the picture at all but the last level.
struct VAEEncoder: Sendable {
    private let convIn: Conv2D
    private let downBlocks: [DownEncoderBlock2D]
    private let midBlock: VAEMidBlock2D
    private let normOut: GroupNorm
    private let convOut: Conv2D

    init(_ weights: Weights, configuration: AutoencoderKL.Configuration) throws {
        let channels = configuration.blockOutChannels
        let coarsest = channels[channels.count - 1]
        convIn = try Conv2D(
            weights["conv_in"].computed(in: .exact), from: 3, to: channels[0])
        downBlocks = try channels.indices.map { index in
            try DownEncoderBlock2D(
                weights["down_blocks"][index], from: channels[max(index - 1, 0)],
                to: channels[index], layers: configuration.layersPerBlock,
                style: configuration.resnetStyle, downsamples: index < channels.count - 1)
        }
        midBlock = try VAEMidBlock2D(
            weights["mid_block"], channels: coarsest, configuration: configuration)
        normOut = try GroupNorm(
            weights["conv_norm_out"], channels: coarsest, groups: configuration.normGroups,
            epsilon: 1e-6)
        convOut = try Conv2D(
            weights["conv_out"].computed(in: .exact), from: coarsest,
            to: 2 * configuration.latentChannels)
    }

    /// [N, H, W, 3] to [N, H / f, W / f, 2 · latentChannels].
    func callAsFunction(_ pixels: Tensor) -> Tensor {
        var x = convIn(pixels)
        for block in downBlocks {
            block(&x)
        }
        midBlock(&x)
        return convOut(x, after: normOut.prologue(x, activation: .silu))
    }
}

struct DownEncoderBlock2D: Sendable {
    private let resnets: [ResnetBlock2D]
    private let downsampler: Downsample2D?

    init(
        _ weights: Weights, from inputs: Int, to outputs: Int, layers: Int,
        style: ResnetBlock2D.Style, downsamples: Bool
    ) throws {
        resnets = try (0..<layers).map {
            try ResnetBlock2D(
                weights["resnets"][$0], from: $0 == 0 ? inputs : outputs, to: outputs, style: style)
        }
        downsampler =
            downsamples
            ? try Downsample2D(weights["downsamplers"][0], channels: outputs, padding: 0) : nil
    }

    func callAsFunction(_ x: inout Tensor) {
        for resnet in resnets {
            resnet(&x)
        }
        if let downsampler {
            x = downsampler(x)
        }
    }
}
