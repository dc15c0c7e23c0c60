public import Checkpoints
public import Tensors

/// CLIP's text transformer (Radford et al. 2021): tokens in, one embedding for each token out.
public struct CLIPTextEncoder: Sendable {
    /// the sizes it was built with
    public let configuration: Configuration

    private let tokenEmbedding: TokenEmbedding
    private let positionEmbedding: Tensor
    private let layers: [CLIPEncoderLayer]
    private let finalLayerNorm: LayerNorm

    /// Builds the text encoder of a model.
    /// - Throws: `CheckpointError` and `ModelError` for files that are missing, damaged or of another
    ///   model.
    public init(_ source: any ModelSource) throws {
        let configuration = try Configuration(json: source.configuration("text_encoder"))
        try self.init(source.weights("text_encoder"), configuration: configuration)
    }

    /// Builds the network from a checkpoint of transformers, whose names begin with `text_model.` or,
    /// from version 5 on, do not.
    /// - Throws: `CheckpointError`, naming a tensor that is missing, misshapen or left over.
    public init(_ weights: Weights, configuration: Configuration) throws {
        self.configuration = configuration
        let root = weights.contains("text_model") ? weights["text_model"] : weights
        let (size, embeddings) = (configuration.hiddenSize, root["embeddings"])
        tokenEmbedding = try TokenEmbedding(
            embeddings["token_embedding"], count: configuration.vocabularySize, channels: size)
        positionEmbedding = try embeddings["position_embedding"]
            .tensor("weight", shape: [configuration.maxPositions, size]).widened()
        layers = try (0..<configuration.layers).map {
            try CLIPEncoderLayer(root["encoder"]["layers"][$0], sizes: configuration.layerSizes)
        }
        finalLayerNorm = try LayerNorm(
            root["final_layer_norm"], channels: size, epsilon: configuration.normEpsilon)
        try weights.requireAllUsed(ignoring: ["position_ids"])
    }

    /// The last hidden states of one text, normalized: [1, ids.count, hiddenSize].
    ///
    /// - Parameters:
    ///   - skipped: how many of the last layers are left out; one layer always runs.
    ///   - vectors: [n, hiddenSize] each, in place of the embeddings of the n tokens from a place on.
    /// - Throws: `ModelError.unknownToken` or `.tooManyTokens`.
    public func callAsFunction(
        _ ids: [Int], skippingLayers skipped: Int = 0, vectors: [(place: Int, rows: Tensor)] = []
    ) throws -> Tensor {
        var x = try embedded(ids, vectors)
        for layer in layers.prefix(max(layers.count - skipped, 1)) {
            x = layer(x)
        }
        return finalLayerNorm(x)
    }

    /// Token and position embeddings, added.
    private func embedded(
        _ ids: [Int], _ vectors: [(place: Int, rows: Tensor)]
    ) throws -> Tensor {
        guard ids.count <= configuration.maxPositions else {
            throw ModelError.tooManyTokens(count: ids.count, limit: configuration.maxPositions)
        }
        if let id = ids.first(where: { !(0..<configuration.vocabularySize).contains($0) }) {
            throw ModelError.unknownToken(id: id, vocabularySize: configuration.vocabularySize)
        }
        let positions = positionEmbedding.sliced(axis: 0, 0..<ids.count)
        var tokens = tokenEmbedding(ids)
        for (place, rows) in vectors {
            let start = place * configuration.hiddenSize
            tokens.withUnsafeMutableBufferPointer { target in
                rows.withUnsafeBufferPointer { source in
                    for (index, value) in zip(start..<target.count, source) {
                        target[index] = value
                    }
                }
            }
        }
        let x = tokens + positions
        return x.reshaped([1, ids.count, configuration.hiddenSize])
    }
}
