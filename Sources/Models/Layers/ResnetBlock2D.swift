import Checkpoints
import Tensors

/// The residual block of diffusion UNets and their autoencoders (Ho, Jain and Abbeel 2020, appendix B):
/// twice normalize, activate, convolve; the time embedding comes in between as a bias.
struct ResnetBlock2D: Sendable {
    /// What all residual blocks of a network share.
    struct Style: Sendable {
        let groups: Int
        let epsilon: Float
        let activation: Activation
        /// Width of the time embedding; nil where time plays no part.
        let timeChannels: Int?
    }

    private let norm1: GroupNorm
    private let conv1: Conv2D
    private let timeProjection: Linear?
    private let norm2: GroupNorm
    private let conv2: Conv2D
    private let shortcut: Linear?
    private let activation: Activation

    init(_ weights: Weights, from inputs: Int, to outputs: Int, style: Style) throws {
        norm1 = try GroupNorm(
            weights["norm1"], channels: inputs, groups: style.groups, epsilon: style.epsilon)
        conv1 = try Conv2D(weights["conv1"], from: inputs, to: outputs)
        timeProjection = try style.timeChannels.map {
            try Linear(
                weights["time_emb_proj"].computed(in: .exact), from: $0, to: outputs)
        }
        norm2 = try GroupNorm(
            weights["norm2"], channels: outputs, groups: style.groups, epsilon: style.epsilon)
        conv2 = try Conv2D(weights["conv2"], from: outputs, to: outputs)
        // Some autoencoders have the original repository's name among diffusers'.
        let name = weights.contains("nin_shortcut") ? "nin_shortcut" : "conv_shortcut"
        shortcut = inputs == outputs ? nil : try Linear(weights[name], from: inputs, to: outputs)
        activation = style.activation
    }

    /// In place, so that no picture is kept longer than it is needed.
    ///
    /// - Parameters:
    ///   - x: [N, H, W, in], becomes [N, H, W, out].
    ///   - time: the time embedding [N, timeChannels], activated already: every block does the same.
    ///   - reuse: where places of the picture alone are computed, what is around them.
    func callAsFunction(_ x: inout Tensor, time: Tensor? = nil, reuse: Reuse? = nil) {
        let bias = time.flatMap { time in timeProjection.map { $0(time) } }
        let h = conv1(
            x, after: norm1.prologue(x, activation: activation, reuse: reuse), channelBias: bias,
            reuse: reuse)
        if let shortcut { x = shortcut(x) }
        x = conv2(
            h, after: norm2.prologue(h, activation: activation, reuse: reuse), adding: consume x,
            reuse: reuse)
    }
}
