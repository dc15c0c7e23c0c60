import Tensors

extension SchedulerName {
    /// Strategic stochastic sampling of trajectory consistency models; `eta` adds noise.
    public static let tcd = SchedulerName(TCD.traits)
}

/// Strategic stochastic sampling of a trajectory consistency model (Zheng et al. 2024, algorithm 4): the
/// estimate leads to timestep s = ⌊(1 − γ)·t'⌋, below the next timestep t', and noise from there up to
/// t'. γ is `eta`; 0 adds no noise.
struct TCD: Scheduler {
    static let traits = SchedulerTraits(
        "tcd", diffusers: "TCDScheduler", settings: [.eta, .noiseLevel], noise: .independent,
        defaults: SchedulerDefaults(
            betaStart: 0.00085, betaEnd: 0.012, betaSchedule: .scaledLinear,
            timestepSpacing: .leading, thresholds: true),
        stepLimit: { $0.originalInferenceSteps }
    ) { try TCD($0) }

    let trajectory: Trajectory
    /// ᾱ at each level, at s and at t'.
    private let alphas: [(from: Float, middle: Float, to: Float)]
    private let eta: Float

    init(_ plan: SchedulerPlan) throws {
        let timesteps = plan.startingBetween(plan.distilledTimesteps())
        trajectory = try plan.alphaSpaceTrajectory(timesteps)
        eta = plan.eta
        let kept = timesteps.dropFirst(trajectory.skipped)
        alphas = zip(kept, kept.dropFirst() + [0]).map { [eta] from, to in
            let middle = Int((1 - eta) * Float(to))
            return (plan.alphaCumprod(from), plan.alphaCumprod(middle), plan.alphaCumprod(to))
        }
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let (from, middle, to) = alphas[index]
        let epsilon = (x - denoised * from.squareRoot()) / (1 - from).squareRoot()
        let next = denoised * middle.squareRoot() + epsilon * (1 - middle).squareRoot()
        guard eta > 0, index + 1 < alphas.count else { return next }
        let share = to / middle
        return try next * share.squareRoot() + noise(.independent) * (1 - share).squareRoot()
    }
}
