import Tensors

extension SchedulerName {
    /// Euler's method with fresh noise at every step.
    public static let eulerAncestral = SchedulerName(EulerAncestral.traits)
}

/// Euler's method down to a lower σ, then fresh noise up to the next (Crowson 2022, k-diffusion's
/// `sample_euler_ancestral`): σ↑² = σ'²(σ² − σ'²)/σ², σ↓² = σ'² − σ↑².
struct EulerAncestral: Scheduler {
    static let traits = SchedulerTraits(
        "euler-a", diffusers: "EulerAncestralDiscreteScheduler", a1111: "Euler a",
        aliases: ["euler ancestral"], settings: .ofSigmas, noise: .independent,
        automatic: .uniform, defaults: SchedulerDefaults(readsSigmaSpacing: false)
    ) { try EulerAncestral($0) }

    let trajectory: Trajectory
    private let sigmas: [Float]

    init(_ plan: SchedulerPlan) throws {
        let grid = plan.startingBetween(plan.karrasGrid())
        trajectory = try plan.sigmaSpaceTrajectory(grid)
        sigmas = Array(grid.sigmas.dropFirst(trajectory.skipped))
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let from = sigmas[index]
        let to = sigmas[index + 1]
        let up = (to * to * (from * from - to * to) / (from * from)).squareRoot()
        let down = (to * to - up * up).squareRoot()
        let derivative = (x - denoised) / from
        return try x + derivative * (down - from) + noise(.independent) * up
    }
}
