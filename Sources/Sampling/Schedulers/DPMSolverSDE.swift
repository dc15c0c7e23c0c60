import Foundation
import Tensors

extension SchedulerName {
    /// DPM-Solver++ for the equation with noise, two evaluations a step.
    public static let dpmppSDE = SchedulerName(DPMSolverSDE.traits)
}

/// DPM-Solver++ for the equation with noise, single-step of order 2 (Lu, Zhou, Bao, Chen, Li & Zhu 2022;
/// Crowson 2022, k-diffusion's `sample_dpmpp_sde`): a step with noise to the level half way in ln σ, and
/// from the start again the whole step with the estimate found there. The noise is the increments of
/// one Brownian path.
struct DPMSolverSDE: Scheduler {
    static let traits = SchedulerTraits(
        "dpmpp-sde", diffusers: "DPMSolverSDEScheduler", a1111: "DPM++ SDE",
        aliases: ["dpmpp sde gpu", "dpm solver sde"], settings: .ofSigmas, evaluationsPerStep: 2,
        noise: .brownian, automatic: .karras,
        defaults: SchedulerDefaults(betaStart: 0.00085, betaEnd: 0.012, rescalesBetas: false)
    ) { try DPMSolverSDE($0) }

    let trajectory: Trajectory
    /// The levels of whole steps.
    private let sigmas: [Float]
    /// The latents that the step under way began with.
    private var start: Tensor?

    init(_ plan: SchedulerPlan) throws {
        let grid = plan.startingBetween(plan.karrasGrid(readsBounds: plan.readsBoundsUnlessKarras))
        trajectory = try plan.midpointTrajectory(grid) { from, to in
            let (t, next) = (-log(from), -log(to))
            return exp(-(t + (next - t) * 0.5))
        }
        sigmas = Array(grid.sigmas.dropFirst(trajectory.skipped / 2))
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let from = sigmas[index / 2]
        let next = sigmas[index / 2 + 1]
        guard next > 0 else { return denoised }
        let begun = start
        start = begun == nil ? x : nil
        let to = begun == nil ? levels[index + 1].sigma : next
        let step = AncestralStep(from: from, to: to)
        let kept = step.down / from
        let mean = (begun ?? x) * kept + denoised * (1 - kept)
        let increment = try noise(.brownian(from: Self.again(from), to: Self.again(to)))
        return mean + increment * step.up
    }

    /// σ on its way over ln σ and back, as both programs have it: the path is asked for its value at six
    /// decimals, where the last bit of a large σ shows.
    private static func again(_ sigma: Float) -> Float { exp(log(sigma)) }
}
