import Tensors

extension SchedulerName {
    /// Heun's method, two evaluations a step.
    public static let heun = SchedulerName(Heun.traits)
}

/// Heun's method: an Euler step, then the mean of the slopes at both ends (Karras, Aittala, Aila &
/// Laine 2022, algorithm 1). Two evaluations a step, except the last, which goes to σ = 0 at once.
///
/// Levels are interleaved: σ0, σ1, σ1, σ2, σ2 …; every second evaluation is at the end of a step.
struct Heun: Scheduler {
    static let traits = SchedulerTraits(
        "heun", diffusers: "HeunDiscreteScheduler", a1111: "Heun", aliases: ["heun discrete"],
        settings: .ofSigmas, evaluationsPerStep: 2, automatic: .uniform,
        defaults: SchedulerDefaults(
            betaStart: 0.00085, betaEnd: 0.012, clipSample: false, rescalesBetas: false)
    ) { try Heun($0) }

    let trajectory: Trajectory
    private let sigmas: [Float]
    private let clip: ClosedRange<Float>?
    /// The start of the step that is half done, and the slope there.
    private var halfway: (x: Tensor, derivative: Tensor)?

    init(_ plan: SchedulerPlan) throws {
        let grid = plan.startingBetween(plan.karrasGrid()).interleaved
        trajectory = try plan.sigmaSpaceTrajectory(grid)
        sigmas = Array(grid.sigmas.dropFirst(trajectory.skipped))
        clip = plan.clip
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let denoised = clip.map(denoised.clamped(to:)) ?? denoised
        let derivative = (x - denoised) / sigmas[index]
        guard let start = halfway else {
            halfway = (x, derivative)
            return x + derivative * (sigmas[index + 1] - sigmas[index])
        }
        halfway = nil
        return start.x + (start.derivative + derivative) / 2 * (sigmas[index] - sigmas[index - 1])
    }
}

extension SchedulerPlan.SigmaGrid {
    /// Every level but the first twice: the end of a step and the start of the next.
    fileprivate var interleaved: Self {
        Self(
            sigmas: sigmas.prefix(1) + sigmas.dropFirst().dropLast().flatMap { [$0, $0] }
                + sigmas.suffix(1),
            timesteps: timesteps.prefix(1) + timesteps.dropFirst().flatMap { [$0, $0] })
    }
}
