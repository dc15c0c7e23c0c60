public import Checkpoints
public import Tensors

/// Stable Diffusion's safety checker: a picture's CLIP embedding beside those of concepts that it
/// must not be near (diffusers' `StableDiffusionSafetyChecker`).
public struct SafetyChecker: Sendable {
    /// How near a picture is to what it must not show: cosines less the threshold of each concept,
    /// rounded to thousandths; above zero is too near.
    public struct Scores: Sendable, Equatable {
        /// Concepts that call for care: one of them makes the rest stricter by a hundredth.
        public let special: [Float]
        /// Concepts that are refused.
        public let concepts: [Float]

        /// Whether the picture is to be refused.
        public var isRefused: Bool { concepts.contains { $0 > 0 } }
    }

    private let vision: CLIPVisionEncoder
    private let projection: Linear
    private let concepts: Concepts
    private let special: Concepts

    /// Builds the network from a checkpoint of diffusers, whose names repeat `vision_model.` or, from
    /// transformers 5 on, do not.
    /// - Throws: `CheckpointError`, naming a tensor that is missing, misshapen or left over.
    public init(_ weights: Weights, configuration: Configuration) throws {
        let outer = weights["vision_model"]
        vision = try CLIPVisionEncoder(
            outer.contains("vision_model") ? outer["vision_model"] : outer,
            configuration: configuration)
        let size = configuration.projectionSize
        projection = try Linear(
            weights["visual_projection"], from: configuration.layerSizes.hidden, to: size,
            bias: false)
        concepts = try Concepts(weights, "concept_embeds", count: 17, size: size)
        special = try Concepts(weights, "special_care_embeds", count: 3, size: size)
        try weights.requireAllUsed(ignoring: ["position_ids"])
    }

    /// - Parameter pixels: [1, S, S, 3], normalized as CLIP's are.
    public func callAsFunction(_ pixels: Tensor) -> Scores {
        let embedding = normalized(projection(vision(pixels)).values[...])
        var adjustment: Float = 0
        let care = special.nearness(of: embedding).map { nearness in
            let score = thousandths(nearness + adjustment)
            // Also for the concepts of special care that come after it.
            if score > 0 { adjustment = 0.01 }
            return score
        }
        return Scores(
            special: care,
            concepts: concepts.nearness(of: embedding).map { thousandths($0 + adjustment) })
    }

    /// Embeddings with the cosine from which on a picture is too near to each.
    private struct Concepts: Sendable {
        private let directions: [[Float]]
        private let thresholds: [Float]

        init(_ weights: Weights, _ name: String, count: Int, size: Int) throws {
            let values = try weights.tensor(name, shape: [count, size]).widened().values
            directions = (0..<count).map { normalized(values[$0 * size..<($0 + 1) * size]) }
            thresholds = try weights.tensor(name + "_weights", shape: [count]).widened().values
        }

        /// The cosines less the thresholds.
        func nearness(of embedding: [Float]) -> [Float] {
            zip(directions, thresholds).map { direction, threshold in
                zip(direction, embedding).reduce(Float(0)) { $0 + $1.0 * $1.1 } - threshold
            }
        }
    }
}

/// Rounded as numpy does.
private func thousandths(_ score: Float) -> Float {
    (score * 1000).rounded(.toNearestOrEven) / 1000
}

/// A vector of length 1; no numbers where its own is none.
private func normalized(_ vector: ArraySlice<Float>) -> [Float] {
    let length = vector.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
    guard length.isFinite else { return vector.map { _ in .nan } }
    return vector.map { $0 / max(length, 1e-12) }
}
