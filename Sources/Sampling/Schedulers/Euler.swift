import Foundation
import Tensors

extension SchedulerName {
    /// Euler's method on the probability-flow equation.
    public static let euler = SchedulerName(Euler.traits)
}

/// Euler's method on the probability-flow equation dx/dσ = (x − D(x, σ)) / σ (Karras, Aittala, Aila
/// & Laine 2022, algorithm 2 without churn). Without fresh noise DDIM's step is the same, so that
/// stable-diffusion.cpp's `ddim_trailing` is this with the spacing "simple".
struct Euler: Scheduler {
    static let traits = SchedulerTraits(
        "euler", diffusers: "EulerDiscreteScheduler", a1111: "Euler",
        aliases: ["euler discrete", "ddim trailing"],
        settings: .ofSigmas, automatic: .uniform
    ) { try Euler($0) }

    let trajectory: Trajectory
    private let sigmas: [Float]

    init(_ plan: SchedulerPlan) throws {
        let grid = plan.startingBetween(plan.eulerGrid())
        trajectory = try plan.sigmaSpaceTrajectory(grid)
        sigmas = Array(grid.sigmas.dropFirst(trajectory.skipped))
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let derivative = (x - denoised) / sigmas[index]
        return x + derivative * (sigmas[index + 1] - sigmas[index])
    }
}

extension SchedulerPlan {
    /// The grid of Karras et al., with what only euler's configuration has.
    fileprivate func eulerGrid() -> SigmaGrid {
        let isLogLinear = configuration.interpolationType == .logLinear
        var grid = karrasGrid(within: isLogLinear ? trainingRange : nil)
        if isLogLinear && sigmaSpacing == .default {
            let (greatest, least) = trainingRange
            grid.sigmas = SigmaSpacing.exponentialSigmas(
                from: greatest, to: least, count: steps + 1
            ).map { Float($0) }
        } else if configuration.finalSigma == .sigmaMin {
            grid.sigmas[grid.sigmas.count - 1] = schedule.sigmas[0]
        }
        if configuration.timestepType == .continuous, configuration.predictionType == .vPrediction {
            grid.timesteps = grid.sigmas.dropLast().map { 0.25 * log($0) }
        }
        return grid
    }
}
