import Checkpoints
import Tensors

/// Latents to pixels, doubling the picture at all but the last level.
struct VAEDecoder: Sendable {
    private let convIn: Conv2D
    private let midBlock: VAEMidBlock2D
    private let upBlocks: [UpDecoderBlock2D]
    private let normOut: GroupNorm
    private let convOut: Conv2D

    init(_ weights: Weights, configuration: AutoencoderKL.Configuration) throws {
        let channels = Array(configuration.blockOutChannels.reversed())
        let finest = channels[channels.count - 1]
        convIn = try Conv2D(
            weights["conv_in"].computed(in: .exact), from: configuration.latentChannels,
            to: channels[0])
        midBlock = try VAEMidBlock2D(
            weights["mid_block"], channels: channels[0], configuration: configuration)
        upBlocks = try channels.indices.map { index in
            try UpDecoderBlock2D(
                weights["up_blocks"][index], from: channels[max(index - 1, 0)],
                to: channels[index], layers: configuration.layersPerBlock + 1,
                style: configuration.resnetStyle, upsamples: index < channels.count - 1)
        }
        normOut = try GroupNorm(
            weights["conv_norm_out"], channels: finest, groups: configuration.normGroups,
            epsilon: 1e-6)
        convOut = try Conv2D(
            weights["conv_out"].computed(in: .exact), from: finest, to: 3)
    }

    /// [N, h, w, latentChannels] to [N, h · f, w · f, 3].
    func callAsFunction(_ latents: Tensor) -> Tensor {
        var x = convIn(latents)
        midBlock(&x)
        for block in upBlocks {
            block(&x)
        }
        return convOut(x, after: normOut.prologue(x, activation: .silu))
    }
}

struct UpDecoderBlock2D: Sendable {
    private let resnets: [ResnetBlock2D]
    private let upsampler: Upsample2D?

    init(
        _ weights: Weights, from inputs: Int, to outputs: Int, layers: Int,
        style: ResnetBlock2D.Style, upsamples: Bool
    ) throws {
        resnets = try (0..<layers).map {
            try ResnetBlock2D(
                weights["resnets"][$0], from: $0 == 0 ? inputs : outputs, to: outputs, style: style)
        }
        upsampler = upsamples ? try Upsample2D(weights["upsamplers"][0], channels: outputs) : nil
    }

    /// In place: these are the largest pictures there are.
    func callAsFunction(_ x: inout Tensor) {
        for resnet in resnets {
            resnet(&x)
        }
        if let upsampler {
            x = upsampler(x, height: 2 * x.shape[1], width: 2 * x.shape[2])
        }
    }
}
