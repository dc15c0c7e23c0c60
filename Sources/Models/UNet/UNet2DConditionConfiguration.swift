import Checkpoints
public import Foundation
import Tensors

extension UNet2DCondition {
    /// The sizes of a UNet, as `unet/config.json` gives them under diffusers' names.
    public struct Configuration: Sendable, Equatable {
        /// What the input shows besides the noisy latents, detected from the number of channels.
        public private(set) var kind: Conditioning.Kind
        /// Channels of the input: the latents', and more for inpainting and instructions.
        public private(set) var inChannels: Int
        /// Channels of the prediction.
        public private(set) var outChannels: Int
        /// The levels, finest first.
        public private(set) var levels: [Level]
        /// Whether the middle has attention; nil when there is no middle.
        public private(set) var midHasAttention: Bool?
        /// Side of the latents it was trained on.
        public private(set) var sampleSize: Int
        /// Sizes of the further conditioning of Stable Diffusion XL; nil where there is none.
        public private(set) var added: Added?
        /// Width of the guidance embedding of a latent consistency model; nil where there is none.
        public private(set) var guidanceChannels: Int?
        let centersInput: Bool
        let flipsSinToCos: Bool
        let frequencyShift: Float
        let timeChannels: Int
        let normGroups: Int
        let normEpsilon: Float
        let downsamplePadding: Int
        let activation: Activation
        let convInKernel: Int
        let convOutKernel: Int

        /// Numbers held at once for each latent of a picture, where that is most: in the gated
        /// feed-forward of the finest level, with the skip connections.
        public var widestFloatsPerLatent: Int { 48 * levels[0].channels }

        /// The sizes of the conditioning that is added to the time's (`text_time`; Podell et al. 2023, section 2.2).
        public struct Added: Sendable, Equatable {
            /// Width of the embedding of each size.
            public let sizeChannels: Int
            /// Width of the embeddings of the whole prompt and of all sizes together.
            public let inputs: Int
        }

        /// One resolution of the UNet.
        public struct Level: Sendable, Equatable {
            /// Channels of its activations.
            public let channels: Int
            /// Residual blocks on the way down; one more on the way up.
            public let layers: Int
            /// Whether it attends to the prompt on the way down.
            public let downHasAttention: Bool
            /// Whether it does on the way up.
            public let upHasAttention: Bool
            /// Attention heads.
            public let heads: Int
            /// Width of the text embeddings.
            public let contextChannels: Int
            /// Transformer blocks in each of its transformers.
            public let transformerDepth: Int
        }

        /// Reads `config.json`.
        ///
        /// `attention_head_dim` counts the heads, against its name, as in every diffusers UNet.
        /// - Throws: `ModelError.unsupported` or `.invalidConfiguration`, naming the key.
        public init(json: Data) throws {
            try self.init(ConfigurationReader(json, model: "UNet2DConditionModel"), hasWayUp: true)
        }

        /// - Parameter hasWayUp: false for a ControlNet, which has the way down alone.
        init(_ file: ConfigurationReader, hasWayUp: Bool) throws {
            try Self.refuseTheUnsupported(file)
            inChannels = try file.integer("in_channels", default: 4, in: channelRange)
            outChannels = try file.integer("out_channels", default: 4, in: channelRange)
            sampleSize = try file.integers(
                "sample_size", count: nil, default: [64], in: channelRange)[0]
            centersInput = try file.flag("center_input_sample", default: false)
            flipsSinToCos = try file.flag("flip_sin_to_cos", default: true)
            frequencyShift = try file.number("freq_shift", default: 0)
            normGroups = try file.integer("norm_num_groups", default: 32, in: channelRange)
            normEpsilon = try file.number("norm_eps", default: 1e-5)
            downsamplePadding = try file.integer("downsample_padding", default: 1, in: 0...1)
            activation = try file.activation("act_fn", default: .silu)
            convInKernel = try Self.kernel("conv_in_kernel", file)
            convOutKernel = try Self.kernel("conv_out_kernel", file)
            added = try Self.added(file)
            let guidance = try file.integer(
                "time_cond_proj_dim", default: 0, in: 0...channelRange.upperBound)
            guidanceChannels = guidance > 0 ? guidance : nil
            midHasAttention = try Self.midHasAttention(file)
            levels = try Self.levels(file, hasWayUp: hasWayUp)
            guard
                let kind = Conditioning.Kind(
                    inputChannels: inChannels, latentChannels: outChannels)
            else { throw file.unsupported("in_channels") }
            self.kind = kind
            timeChannels = try file.integer(
                "time_embedding_dim", default: 4 * levels[0].channels, in: channelRange)
            try check(file)
        }
    }
}

private let channelRange = 1...1 << 16

extension UNet2DCondition.Configuration {
    private static func refuseTheUnsupported(_ file: ConfigurationReader) throws {
        guard !file.isNull("norm_num_groups") else { throw file.unsupported("norm_num_groups") }
        try file.require([
            "attention_type": .text("default"),
            "class_embed_type": .null, "class_embeddings_concat": .flag(false),
            "cross_attention_norm": .null, "dual_cross_attention": .flag(false),
            "encoder_hid_dim": .null, "encoder_hid_dim_type": .null,
            "mid_block_only_cross_attention": .flag(false), "mid_block_scale_factor": .number(1),
            "num_attention_heads": .null, "num_class_embeds": .null,
            "only_cross_attention": .flag(false), "resnet_out_scale_factor": .number(1),
            "resnet_skip_time_act": .flag(false), "resnet_time_scale_shift": .text("default"),
            "reverse_transformer_layers_per_block": .null, "time_embedding_act_fn": .null,
            "time_embedding_type": .text("positional"),
            "timestep_post_act": .null,
        ])
    }

    /// The side of a filter that keeps the size of a picture.
    private static func kernel(_ key: String, _ file: ConfigurationReader) throws -> Int {
        let side = try file.integer(key, default: 3, in: 1...15)
        guard !side.isMultiple(of: 2) else { throw file.invalid(key, "must be odd, not \(side)") }
        return side
    }

    private static func added(_ file: ConfigurationReader) throws -> Added? {
        switch try file.text("addition_embed_type", default: "") {
        case "": return nil
        case "text_time":
            let sizes = try file.integer("addition_time_embed_dim", default: 256, in: channelRange)
            let inputs = try file.integer(
                "projection_class_embeddings_input_dim", default: 2816, in: channelRange)
            guard inputs > sizes else {
                throw file.invalid(
                    "projection_class_embeddings_input_dim",
                    "must be more than addition_time_embed_dim")
            }
            return Added(sizeChannels: sizes, inputs: inputs)
        default: throw file.unsupported("addition_embed_type")
        }
    }

    private static func midHasAttention(_ file: ConfigurationReader) throws -> Bool? {
        guard !file.isNull("mid_block_type") else { return nil }
        switch try file.text("mid_block_type", default: "UNetMidBlock2DCrossAttn") {
        case "UNetMidBlock2DCrossAttn": return true
        case "UNetMidBlock2D": return false
        default: throw file.unsupported("mid_block_type")
        }
    }

    private static func levels(
        _ file: ConfigurationReader, hasWayUp: Bool
    ) throws -> [Level] {
        let channels = try file.integers(
            "block_out_channels", count: nil, default: [320, 640, 1280, 1280], in: channelRange)
        let count = channels.count
        guard count <= 8 else {
            throw file.invalid("block_out_channels", "must have at most 8 entries")
        }
        func each(_ key: String, _ standard: Int, _ range: ClosedRange<Int>) throws -> [Int] {
            try file.integers(
                key, count: count, default: Array(repeating: standard, count: count), in: range)
        }
        let layers = try each("layers_per_block", 2, 1...64)
        let heads = try each("attention_head_dim", 8, channelRange)
        let contextChannels = try each("cross_attention_dim", 1280, channelRange)
        let depths = try each("transformer_layers_per_block", 1, 1...64)
        let down = try attention(
            file, "down_block_types", plain: "DownBlock2D", attending: "CrossAttnDownBlock2D",
            default: [true, true, true, false], count: count)
        let up =
            hasWayUp
            ? try attention(
                file, "up_block_types", plain: "UpBlock2D", attending: "CrossAttnUpBlock2D",
                default: [false, true, true, true], count: count) : down.reversed()
        return channels.indices.map { index in
            Level(
                channels: channels[index], layers: layers[index], downHasAttention: down[index],
                upHasAttention: up[count - 1 - index], heads: heads[index],
                contextChannels: contextChannels[index], transformerDepth: depths[index])
        }
    }

    private static func attention(
        _ file: ConfigurationReader, _ key: String, plain: String, attending: String,
        default standard: [Bool], count: Int
    ) throws -> [Bool] {
        let names = standard.map { $0 ? attending : plain }
        let types = try file.texts(key, default: names)
        guard types.allSatisfy({ $0 == plain || $0 == attending }) else {
            throw file.unsupported(key)
        }
        guard types.count == count else { throw file.invalid(key, "must have \(count) entries") }
        return types.map { $0 == attending }
    }

    private func check(_ file: ConfigurationReader) throws {
        for level in levels {
            guard level.channels.isMultiple(of: normGroups) else {
                throw file.invalid("norm_num_groups", "does not divide \(level.channels) channels")
            }
            guard level.channels.isMultiple(of: level.heads) else {
                throw file.invalid(
                    "attention_head_dim", "(the number of heads) does not divide \(level.channels)")
            }
        }
    }
}
