public import Checkpoints
public import Tensors

/// CLIP's text transformer (Radford et al. 2021): tokens in, one embedding for each token out.
public struct CLIPTextEncoder: Sendable {
    /// The sizes it was built with.
    public let configuration: Configuration

    private let tokenEmbedding: TokenEmbedding
    private let positionEmbedding: Tensor
    private let layers: [CLIPEncoderLayer]
    private let finalLayerNorm: LayerNorm
    /// To the embedding of a whole text; nil where the encoder makes none.
    private let projection: Linear?

    /// What the encoder makes of one text.
    public struct Answer: Sendable {
        /// Of each token: [1, ids.count, hiddenSize]
        public let hiddenStates: Tensor
        /// Of the whole text, [1, projectionSize]; nil where the encoder has no projection.
        public let pooled: Tensor?

        /// An answer of these parts.
        public init(hiddenStates: Tensor, pooled: Tensor?) {
            (self.hiddenStates, self.pooled) = (hiddenStates, pooled)
        }
    }

    /// Builds a text encoder of a model: `text_encoder`, or the second, `text_encoder_2`, which embeds whole
    /// texts, too.
    /// - Throws: `CheckpointError` and `ModelError` for files that are missing, damaged or of another
    ///   model.
    public init(_ source: any ModelSource, component: String = "text_encoder") throws {
        let configuration = try Configuration(json: source.configuration(component))
        try self.init(
            source.weights(component), configuration: configuration,
            pools: component == "text_encoder_2")
    }

    /// Builds the network from a checkpoint of transformers, whose names begin with `text_model.` or,
    /// from version 5 on, do not.
    /// - Parameter pools: whether it must have a projection to the embedding of a whole text.
    /// - Throws: `CheckpointError`, naming a tensor that is missing, misshapen or left over.
    public init(_ weights: Weights, configuration: Configuration, pools: Bool = false) throws {
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
        projection = try Self.projection(weights["text_projection"], configuration, pools)
        // A whole CLIP model has a vision encoder beside.
        try weights.requireAllUsed(
            ignoring: ["position_ids", "logit_scale"],
            below: ["vision_model", "visual_projection"])
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

    /// The hidden states that go into the last of the layers, not normalized, and the embedding of the
    /// whole text: what Stable Diffusion XL asks its encoders for (Podell et al. 2023, section 2.1).
    ///
    /// - Parameters:
    ///   - skipped: how many layers more the hidden states leave out; one layer always runs.
    ///   - vectors: [n, hiddenSize] each, in place of the embeddings of the n tokens from a place on.
    /// - Throws: `ModelError.unknownToken` or `.tooManyTokens`.
    public func penultimate(
        _ ids: [Int], skippingLayers skipped: Int = 0, vectors: [(place: Int, rows: Tensor)] = []
    ) throws -> Answer {
        var x = try embedded(ids, vectors)
        var states = x
        let kept = max(layers.count - 1 - skipped, 1)
        for (index, layer) in layers.dropLast().enumerated() {
            x = layer(x)
            if index < kept { states = x }
        }
        return Answer(hiddenStates: states, pooled: projection.map { pooled(x, ids, $0) })
    }

    /// The projection of the last, normalized state of the end mark, from what the last layer is given.
    private func pooled(_ x: Tensor, _ ids: [Int], _ projection: Linear) -> Tensor {
        let last = finalLayerNorm(layers.last.map { $0(x) } ?? x)
        let end = configuration.endToken ?? ids.max()
        let place = ids.firstIndex { $0 == end } ?? 0
        return projection(last.sliced(axis: 1, place..<place + 1))
            .reshaped([1, configuration.projectionSize])
    }

    /// OpenCLIP keeps the projection transposed, which single files show as `transposed`.
    private static func projection(
        _ weights: Weights, _ configuration: Configuration, _ isNeeded: Bool
    ) throws -> Linear? {
        let (inputs, outputs) = (configuration.hiddenSize, configuration.projectionSize)
        if weights.contains("weight") || isNeeded && !weights.contains("transposed") {
            return try Linear(weights, from: inputs, to: outputs, bias: false)
        }
        guard weights.contains("transposed") else { return nil }
        return Linear(
            transposed: try weights.tensor("transposed", shape: [inputs, outputs]).widened())
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
