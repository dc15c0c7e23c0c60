public import Tensors

/// A way from noise to clean latents. It sees no prompt, no guidance and no mask, only estimates of
/// the clean latents.
public protocol Scheduler: Sendable {
    /// The points of the way.
    var trajectory: Trajectory { get }

    /// One step: latents for the next point, in the scheduler's own space.
    /// - Parameters:
    ///   - x: latents at `levels[index]`, in the scheduler's own space.
    ///   - denoised: the model's estimate of the clean latents, same shape.
    ///   - index: the evaluation, from 0; each is taken once, in order.
    ///   - noise: draws normal noise of the shape of `x`; called when and as often as diffusers
    ///     draws.
    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor
}

/// What a step draws normal noise for.
public enum NoiseRequest: Sendable, Equatable {
    /// The next numbers, independent of all before.
    case independent
    /// The increment of a Brownian path in σ between two levels, scaled to unit variance. The same two
    /// levels give the same noise, whatever the number of steps.
    case brownian(from: Float, to: Float)
}

extension Scheduler {
    /// The levels of noise at which the model is evaluated, one entry for each evaluation.
    public var levels: [NoiseLevel] { trajectory.levels }

    /// Where the way starts.
    /// - Parameter clean: latents of a picture, noised to the first level; nil starts from noise
    ///   alone, as text-to-image does and inpainting at strength 1.
    public func start(clean: Tensor?, noise: Tensor) -> Tensor {
        guard let clean else { return noise * trajectory.initialNoiseSigma }
        return noised(clean, noise: noise, at: 0)
    }

    /// Clean latents noised to the level of an evaluation, in the scheduler's own space; clean
    /// latents as they are at `levels.count`, after the last step.
    public func noised(_ clean: Tensor, noise: Tensor, at index: Int) -> Tensor {
        guard index < levels.count else { return clean }
        return clean * trajectory.signal[index] + noise * trajectory.noise[index]
    }
}

/// The scheduler of that name, as diffusers' class of that name does it on the same configuration.
/// - Parameters:
///   - configuration: the model's; settings that the scheduler does not have are ignored.
///   - steps: the user's number of steps, before strength.
///   - strength: the share of steps to run, 0...1; nil runs all.
///   - rule: how strength is counted.
///   - mode: whether strength sets a number of steps, by the rule, or the noise level of the start.
///   - sigmas: spacing of sigmas in place of the configuration's.
///   - timestepSpacing: spacing of timesteps in place of the configuration's.
///   - eta: share of ddpm's noise that ddim adds, and its like, 0...1.
/// - Throws: `SamplingError` for settings that the scheduler does not have, that cannot be, or that
///   leave no step.
public func makeScheduler(
    _ name: SchedulerName, configuration: SchedulerConfiguration, steps: Int,
    strength: Double? = nil, rule: StepRule = .diffusers, mode: StrengthMode = .steps,
    sigmas: SigmaSpacing? = nil, timestepSpacing: TimestepSpacing? = nil, eta: Float = 0
) throws -> any Scheduler {
    try name.traits.make(
        SchedulerPlan(
            name, configuration: configuration, steps: steps, strength: strength, rule: rule,
            mode: mode, sigmas: sigmas, timestepSpacing: timestepSpacing, eta: eta))
}
