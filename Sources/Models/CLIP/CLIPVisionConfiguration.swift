import Checkpoints
public import Foundation
import Tensors

extension SafetyChecker {
    /// The sizes of a safety checker, as `safety_checker/config.json` gives them under
    /// transformers' names.
    public struct Configuration: Sendable, Equatable {
        /// Side in pixels of the pictures it sees.
        public let imageSize: Int
        /// Side of the squares that it takes for words.
        let patchSize: Int
        /// Width of the embeddings that pictures and concepts are compared in.
        let projectionSize: Int
        let layers: Int
        let layerSizes: CLIPEncoderLayer.Sizes

        /// How many squares a picture has.
        var patches: Int { (imageSize / patchSize) * (imageSize / patchSize) }

        /// Reads `config.json`.
        /// - Throws: `ModelError.unsupported` or `.invalidConfiguration`, naming the key.
        public init(json: Data) throws {
            let file = try ConfigurationReader(json, model: "StableDiffusionSafetyChecker")
            guard let vision = try file.part("vision_config") else {
                throw file.invalid("vision_config", "is missing")
            }
            try vision.require(["num_channels": .number(3)])
            projectionSize = try file.integer("projection_dim", default: 512, in: 1...1 << 16)
            imageSize = try vision.integer("image_size", default: 224, in: 1...4096)
            patchSize = try vision.integer("patch_size", default: 32, in: 1...imageSize)
            layers = try vision.integer("num_hidden_layers", default: 12, in: 1...1024)
            let hidden = try vision.integer("hidden_size", default: 768, in: 1...1 << 16)
            let heads = try vision.integer("num_attention_heads", default: 12, in: 1...1 << 16)
            guard hidden.isMultiple(of: heads) else {
                throw vision.invalid("num_attention_heads", "does not divide hidden_size \(hidden)")
            }
            layerSizes = CLIPEncoderLayer.Sizes(
                hidden: hidden,
                intermediate: try vision.integer(
                    "intermediate_size", default: 3072, in: 1...1 << 20),
                heads: heads,
                activation: try vision.activation("hidden_act", default: .quickGELU),
                normEpsilon: try vision.number("layer_norm_eps", default: 1e-5), isCausal: false)
        }
    }
}
