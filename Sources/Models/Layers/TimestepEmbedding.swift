import Checkpoints
import Foundation
import Tensors

/// A timestep as sines and cosines (Vaswani et al. 2017, section 3.5), as diffusers' `Timesteps`.
struct Timesteps: Sendable {
    let channels: Int
    /// Cosines before sines.
    let flipsSinToCos: Bool
    let frequencyShift: Float

    /// The embedding of one timestep: [1, channels].
    func callAsFunction(_ timestep: Float) -> Tensor {
        let half = channels / 2
        let angles = (0..<half).map { index in
            timestep * exp(-log(10_000) * Float(index) / (Float(half) - frequencyShift))
        }
        let (sines, cosines) = (angles.map { sin($0) }, angles.map { cos($0) })
        let padding = [Float](repeating: 0, count: channels % 2)
        let values = (flipsSinToCos ? cosines + sines : sines + cosines) + padding
        return Tensor(values, shape: [1, channels])
    }
}

/// Two linear maps with an activation between.
struct TimestepEmbedding: Sendable {
    private let linear1: Linear
    private let linear2: Linear
    private let condition: Linear?
    private let activation: Activation

    init(
        _ weights: Weights, from inputs: Int, to outputs: Int, activation: Activation,
        conditionChannels: Int? = nil
    ) throws {
        condition = try conditionChannels.map {
            try Linear(weights["cond_proj"], from: $0, to: inputs, bias: false)
        }
        linear1 = try Linear(weights["linear_1"], from: inputs, to: outputs)
        linear2 = try Linear(weights["linear_2"], from: outputs, to: outputs)
        self.activation = activation
    }

    /// - Parameter more: [1, conditionChannels], mapped and added first.
    func callAsFunction(_ x: Tensor, adding more: Tensor? = nil) -> Tensor {
        let whole = more.flatMap { more in condition.map { x + $0(more) } } ?? x
        return linear2(linear1(whole, activation: activation))
    }
}
