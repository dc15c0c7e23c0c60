import Checkpoints
import Tensors

/// CLIP's vision transformer (Radford et al. 2021; Dosovitskiy et al. 2021): a picture in, the state
/// of its class token out.
struct CLIPVisionEncoder: Sendable {
    private let configuration: SafetyChecker.Configuration
    private let classEmbedding: Tensor
    private let patchEmbedding: PackedFilter
    private let positionEmbedding: Tensor
    private let preNorm: LayerNorm
    private let layers: [CLIPEncoderLayer]
    private let postNorm: LayerNorm

    init(_ weights: Weights, configuration: SafetyChecker.Configuration) throws {
        self.configuration = configuration
        let (sizes, embeddings) = (configuration.layerSizes, weights["embeddings"])
        let (hidden, side) = (sizes.hidden, configuration.patchSize)
        classEmbedding = try embeddings.tensor("class_embedding", shape: [hidden]).widened()
        patchEmbedding = PackedFilter(
            try embeddings["patch_embedding"].tensor("weight", shape: [hidden, 3, side, side]))
        positionEmbedding = try embeddings["position_embedding"]
            .tensor("weight", shape: [configuration.patches + 1, hidden]).widened()
        preNorm = try LayerNorm(
            weights["pre_layrnorm"], channels: hidden, epsilon: sizes.normEpsilon)
        layers = try (0..<configuration.layers).map {
            try CLIPEncoderLayer(weights["encoder"]["layers"][$0], sizes: sizes)
        }
        postNorm = try LayerNorm(
            weights["post_layernorm"], channels: hidden, epsilon: sizes.normEpsilon)
    }

    /// [1, S, S, 3] to [1, hidden].
    func callAsFunction(_ pixels: Tensor) -> Tensor {
        let hidden = configuration.layerSizes.hidden
        let patches = pixels.convolved(with: patchEmbedding, stride: configuration.patchSize)
            .reshaped([configuration.patches, hidden])
        let tokens = Tensor.concatenated(
            [classEmbedding.reshaped([1, hidden]), patches], axis: 0)
        var x = preNorm(
            (tokens + positionEmbedding).reshaped([1, configuration.patches + 1, hidden]))
        for layer in layers { x = layer(x) }
        return postNorm(x.sliced(axis: 1, 0..<1).reshaped([1, hidden]))
    }
}
