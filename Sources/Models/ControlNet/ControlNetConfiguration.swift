import Checkpoints
public import Foundation

extension ControlNet {
    /// The sizes of a ControlNet, as its `config.json` gives them under diffusers' names.
    public struct Configuration: Sendable, Equatable {
        /// The sizes of the UNet whose way down it is a copy of.
        let unet: UNet2DCondition.Configuration
        /// Channels in the embedding of the picture, at its size first.
        let pictureChannels: [Int]
        /// Whether it was trained on pictures whose channels are blue, green and red.
        let readsBGR: Bool
        /// Whether it steers by means over the whole picture; diffusers then uses guess mode.
        public let averages: Bool

        /// Reads `config.json`.
        /// - Throws: `ModelError.unsupported` or `.invalidConfiguration`, naming the key.
        public init(json: Data) throws {
            let file = try ConfigurationReader(json, model: "ControlNetModel")
            let kind = try file.text("_class_name", default: "ControlNetModel")
            guard kind == "ControlNetModel" else { throw file.unsupported("_class_name") }
            try file.require(["conditioning_channels": .number(3)])
            unet = try UNet2DCondition.Configuration(file, hasWayUp: false)
            guard unet.kind == .plain else { throw file.unsupported("in_channels") }
            pictureChannels = try file.integers(
                "conditioning_embedding_out_channels", count: nil, default: [16, 32, 96, 256],
                in: 1...1 << 16)
            guard pictureChannels.count <= 8 else {
                throw file.invalid(
                    "conditioning_embedding_out_channels", "must have at most 8 entries")
            }
            let order = try file.text("controlnet_conditioning_channel_order", default: "rgb")
            guard ["rgb", "bgr"].contains(order) else {
                throw file.unsupported("controlnet_conditioning_channel_order")
            }
            readsBGR = order == "bgr"
            averages = try file.flag("global_pool_conditions", default: false)
        }

        /// Pixels of the picture for each latent, each way.
        public var factor: Int { 1 << (pictureChannels.count - 1) }

        /// Why it cannot steer a backbone; nil when it can.
        public func objection(to backbone: any BackboneConfiguration) -> String? {
            guard let other = backbone as? UNet2DCondition.Configuration else {
                return "it is for the UNets of Stable Diffusion"
            }
            if let width = unet.contextWidths.first(where: { !other.contextWidths.contains($0) }) {
                return "it reads text embeddings of width \(width), not of "
                    + other.contextWidths.map(String.init).joined(separator: " or ")
            }
            guard other.skipChannels == unet.skipChannels, other.outChannels == unet.inChannels,
                other.added == unet.added
            else { return "its levels are not those of the model's UNet" }
            return nil
        }

        /// Numbers in memory for each latent of a row, in what it adds to a UNet.
        public var residualFloatsPerLatent: Int {
            let levels = unet.levels
            let coarsest = 1 << (2 * (levels.count - 1))
            let middle = levels[levels.count - 1].channels / coarsest
            return zip(unet.skipChannels, unet.skipLevels).reduce(middle) {
                $0 + $1.0 / (1 << (2 * $1.1))
            }
        }

        /// Multiplications in one call with one row, the picture's embedding left out: it is made once.
        public func operations(width: Int, height: Int, tokens: Int) -> Double {
            unet.downOperations(width: width, height: height, tokens: tokens)
        }
    }
}

extension UNet2DCondition.Configuration {
    /// Channels of each skip connection, in the order they are made.
    var skipChannels: [Int] { skips.map(\.channels) }

    /// The level of each skip connection, 0 the finest.
    var skipLevels: [Int] { skips.map(\.level) }

    private var skips: [(channels: Int, level: Int)] {
        var skips = [(channels: levels[0].channels, level: 0)]
        for (index, level) in levels.enumerated() {
            skips += Array(repeating: (level.channels, index), count: level.layers)
            if index < levels.count - 1 { skips.append((level.channels, index + 1)) }
        }
        return skips
    }
}
