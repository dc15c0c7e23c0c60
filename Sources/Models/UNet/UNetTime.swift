import Checkpoints
import Tensors

/// The time, and what is added to it, as every residual block of a UNet reads it.
struct UNetTime: Sendable {
    private let timesteps: Timesteps
    private let embedding: TimestepEmbedding
    private let addedEmbedding: AddedEmbedding?
    private let guidanceEmbedding: GuidanceEmbedding?
    private let activation: Activation

    init(_ weights: Weights, _ configuration: UNet2DCondition.Configuration) throws {
        let finest = configuration.levels[0].channels
        timesteps = Timesteps(
            channels: finest, flipsSinToCos: configuration.flipsSinToCos,
            frequencyShift: configuration.frequencyShift)
        embedding = try TimestepEmbedding(
            weights["time_embedding"], from: finest, to: configuration.timeChannels,
            activation: configuration.activation, conditionChannels: configuration.guidanceChannels)
        addedEmbedding = try configuration.added.map {
            try AddedEmbedding(weights["add_embedding"], $0, configuration)
        }
        guidanceEmbedding = configuration.guidanceChannels.map { GuidanceEmbedding(channels: $0) }
        activation = configuration.activation
    }

    /// The embedding, activated as every residual block wants it: [batch, timeChannels].
    func callAsFunction(
        _ timestep: Float, batch: Int, added: UNet2DCondition.Added?, guidanceScale: Float
    ) -> Tensor {
        let condition = guidanceEmbedding.map { $0(guidanceScale) }
        let one = embedding(timesteps(timestep), adding: condition)
        var all = Tensor.concatenated(Array(repeating: one, count: batch), axis: 0)
        if let addedEmbedding, let added { all = all + addedEmbedding(added) }
        return all.applying(activation)
    }
}
