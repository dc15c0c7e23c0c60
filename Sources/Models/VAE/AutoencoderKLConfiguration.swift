import Checkpoints
public import Foundation
import Tensors

extension AutoencoderKL {
    /// The sizes of an autoencoder, as `vae/config.json` gives them under diffusers' names.
    public struct Configuration: Sendable, Equatable {
        /// Channels of the latents: 4.
        public let latentChannels: Int
        /// What latents are multiplied by for the UNet.
        public let scalingFactor: Float
        let blockOutChannels: [Int]
        let layersPerBlock: Int
        let normGroups: Int
        let activation: Activation
        let midHasAttention: Bool
        let usesQuantConv: Bool
        let usesPostQuantConv: Bool

        /// How many pixels a latent spans, in each direction: 8.
        public var factor: Int { 1 << (blockOutChannels.count - 1) }

        /// Numbers held at once for each pixel of a picture where that is most: at full resolution
        /// in the decoder, the widest input and two tensors of a residual block (where channels are few,
        /// the input twice), or attention where there is but one level; and a fifth for what the allocator
        /// keeps.
        public var widestFloatsPerPixel: Int {
            let (finest, isOne) = (blockOutChannels[0], blockOutChannels.count == 1)
            let widest = blockOutChannels[isOne ? 0 : 1]
            let inBlock = widest + finest + max(finest, widest < 32 ? widest : 0)
            return max(inBlock, isOne && midHasAttention ? 6 * finest : 0) * 6 / 5
        }

        /// Reads `config.json`.
        /// - Throws: `ModelError.unsupported` or `.invalidConfiguration`, naming the key.
        public init(json: Data) throws {
            let file = try ConfigurationReader(json, model: "AutoencoderKL")
            try file.require([
                "in_channels": .number(3), "out_channels": .number(3), "latents_mean": .null,
                "latents_std": .null, "shift_factor": .null,
            ])
            let channels = 1...1 << 16
            latentChannels = try file.integer("latent_channels", default: 4, in: channels)
            scalingFactor = try file.number("scaling_factor", default: 0.18215)
            blockOutChannels = try file.integers(
                "block_out_channels", count: nil, default: [64], in: channels)
            layersPerBlock = try file.integer("layers_per_block", default: 1, in: 1...64)
            normGroups = try file.integer("norm_num_groups", default: 32, in: channels)
            activation = try file.activation("act_fn", default: .silu)
            midHasAttention = try file.flag("mid_block_add_attention", default: true)
            usesQuantConv = try file.flag("use_quant_conv", default: true)
            usesPostQuantConv = try file.flag("use_post_quant_conv", default: true)
            try check(file)
        }
    }
}

extension AutoencoderKL.Configuration {
    private func check(_ file: ConfigurationReader) throws {
        guard blockOutChannels.count <= 8 else {
            throw file.invalid("block_out_channels", "must have at most 8 entries")
        }
        for (key, type) in [
            ("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D"),
        ] {
            let types = try file.texts(key, default: [type])
            guard types.allSatisfy({ $0 == type }) else { throw file.unsupported(key) }
            guard types.count == blockOutChannels.count else {
                throw file.invalid(key, "must have \(blockOutChannels.count) entries")
            }
        }
        for channels in blockOutChannels where !channels.isMultiple(of: normGroups) {
            throw file.invalid("norm_num_groups", "does not divide \(channels) channels")
        }
        guard scalingFactor.isFinite, scalingFactor > 0 else {
            throw file.invalid("scaling_factor", "must be positive")
        }
    }
}
