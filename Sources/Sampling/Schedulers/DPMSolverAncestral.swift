import Tensors

extension SchedulerName {
    /// DPM-Solver++ with fresh noise at every step, two evaluations a step.
    public static let dpmppAncestral = SchedulerName(DPMSolverAncestral.traits)
}

/// DPM-Solver++(2S) down to a lower σ, then fresh noise up to the next (Lu, Zhou, Bao, Chen, Li & Zhu
/// 2022, algorithm 1; Crowson 2022, k-diffusion's `sample_dpmpp_2s_ancestral`). The second evaluation is
/// half way down in ln σ.
struct DPMSolverAncestral: Scheduler {
    static let traits = SchedulerTraits(
        "dpmpp-2s-ancestral", a1111: "DPM++ 2S a", aliases: ["dpmpp 2s a"], settings: .ofSigmas,
        evaluationsPerStep: 2, noise: .independent, automatic: .karras
    ) { try DPMSolverAncestral($0) }

    let trajectory: Trajectory
    /// The levels of whole steps.
    private let sigmas: [Float]
    /// The latents that the step under way began with.
    private var start: Tensor?

    init(_ plan: SchedulerPlan) throws {
        let grid = plan.startingBetween(plan.karrasGrid())
        trajectory = try plan.midpointTrajectory(grid) { from, to in
            (from * AncestralStep(from: from, to: to).down).squareRoot()
        }
        sigmas = Array(grid.sigmas.dropFirst(trajectory.skipped / 2))
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let from = sigmas[index / 2]
        let next = sigmas[index / 2 + 1]
        guard next > 0 else { return denoised }
        guard let begun = start else {
            start = x
            let kept = levels[index + 1].sigma / from
            return x * kept + denoised * (1 - kept)
        }
        start = nil
        let step = AncestralStep(from: from, to: next)
        let kept = step.down / from
        let mean = begun * kept + denoised * (1 - kept)
        return try mean + noise(.independent) * step.up
    }
}
