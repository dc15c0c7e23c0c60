import Checkpoints
public import Foundation
import Tensors

extension CLIPTextEncoder {
    /// The sizes of a text encoder, as `text_encoder/config.json` gives them under transformers' names.
    public struct Configuration: Sendable, Equatable {
        /// How many tokens have an embedding.
        public let vocabularySize: Int
        /// Width of the embeddings it makes.
        public let hiddenSize: Int
        /// How many tokens it takes at most.
        public let maxPositions: Int
        /// Whether the activation is that of OpenCLIP's encoders, not of CLIP's own.
        public var isOpenCLIP: Bool { activation == .gelu }
        /// Width of the embedding of a whole text, where the encoder makes one.
        public let projectionSize: Int
        /// The token at whose place the whole text is embedded; nil is the greatest token of the
        /// text, as in transformers for files with 2.
        let endToken: Int?
        let intermediateSize: Int
        let layers: Int
        let heads: Int
        let activation: Activation
        let normEpsilon: Float

        var layerSizes: CLIPEncoderLayer.Sizes {
            CLIPEncoderLayer.Sizes(
                hidden: hiddenSize, intermediate: intermediateSize, heads: heads,
                activation: activation, normEpsilon: normEpsilon, isCausal: true)
        }

        /// Reads `config.json`.
        /// - Throws: `ModelError.unsupported` or `.invalidConfiguration`, naming the key.
        public init(json: Data) throws {
            let whole = try ConfigurationReader(json, model: "CLIPTextModel")
            // A whole CLIP model has the text encoder's within its own.
            let isOfBoth = (try? whole.text("model_type", default: "")) == "clip"
            let file = try isOfBoth ? whole.part("text_config") ?? whole : whole
            let sizes = 1...1 << 24
            vocabularySize = try file.integer("vocab_size", default: 49408, in: sizes)
            hiddenSize = try file.integer("hidden_size", default: 512, in: 1...1 << 16)
            intermediateSize = try file.integer("intermediate_size", default: 2048, in: 1...1 << 20)
            layers = try file.integer("num_hidden_layers", default: 12, in: 1...1024)
            heads = try file.integer("num_attention_heads", default: 8, in: 1...1 << 16)
            projectionSize = try file.integer("projection_dim", default: 512, in: 1...1 << 16)
            let end = try file.integer("eos_token_id", default: 49407, in: 0...sizes.upperBound)
            endToken = end == 2 ? nil : end
            maxPositions = try file.integer("max_position_embeddings", default: 77, in: sizes)
            activation = try file.activation("hidden_act", default: .quickGELU)
            normEpsilon = try file.number("layer_norm_eps", default: 1e-5)
            guard hiddenSize.isMultiple(of: heads) else {
                throw file.invalid(
                    "num_attention_heads", "does not divide hidden_size \(hiddenSize)")
            }
        }
    }
}
