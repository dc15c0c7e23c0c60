import Foundation
import Tensors

extension SchedulerName {
    /// Diffusion exponential integrator sampler.
    public static let deis = SchedulerName(DEIS.traits)
}

/// The diffusion exponential integrator (Zhang & Chen 2023, equation 15, in the variable ln ρ): the noise
/// is taken as the polynomial in ln σ through the last one to three estimates of it, and integrated
/// over σ.
struct DEIS: Scheduler {
    static let traits = SchedulerTraits(
        "deis", diffusers: "DEISMultistepScheduler", aliases: ["deis multistep"],
        settings: .ofSigmas, automatic: .uniform,
        defaults: SchedulerDefaults(rescalesBetas: false, thresholds: true)
    ) { try DEIS($0) }

    let trajectory: Trajectory
    private let sigmas: [Float]
    private let order: Int
    /// The number of steps before the end from which on the order falls.
    private let eases: Bool
    /// The last estimates of the noise, newest first.
    private var slopes: [Tensor] = []

    init(_ plan: SchedulerPlan) throws {
        order = plan.configuration.solverOrder
        guard order <= 3 else {
            throw SamplingError.unsupported(
                scheduler: .deis, setting: "solver_order \(order)", advice: "use 1 to 3")
        }
        // The integral needs an end above 0: that of training, or the last of spaced sigmas.
        var ending = plan.multistepGrid()
        let last = ending.sigmas.count - 1
        ending.sigmas[last] =
            plan.sigmaSpacing == .default
            ? Float(plan.trainingRange.least) : ending.sigmas[last - 1]
        let grid = plan.startingBetween(ending)
        trajectory = try plan.alphaSpaceTrajectory(grid)
        sigmas = grid.sigmas
        eases = plan.configuration.lowerOrderFinal && last < 15
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let index = trajectory.skipped + index
        let (from, to) = (sigmas[index], sigmas[index + 1])
        let slope = (x / from.signalScale - denoised) / from
        slopes = Array(([slope] + slopes).prefix(order))
        let left = sigmas.count - 1 - index
        let order = eases ? min(slopes.count, left) : slopes.count
        var next = x / from.signalScale
        for place in 0..<order {
            next += slopes[place] * Float(weight(of: place, order: order, at: index))
        }
        return next * to.signalScale
    }

    /// The integral over σ, from this level to the next, of the polynomial in ln σ that is 1 at the level
    /// of one estimate and 0 at those of the others.
    private func weight(of place: Int, order: Int, at index: Int) -> Double {
        let start = Double(sigmas[index])
        let nodes = (0..<order).map { log(Double(sigmas[index - $0]) / start) }
        // Coefficients of the polynomial, constant first, in L = ln(σ / start).
        var polynomial = [1.0]
        for other in nodes.indices where other != place {
            let distance = nodes[place] - nodes[other]
            let shifted = [0] + polynomial.map { $0 / distance }
            let scaled = polynomial.map { $0 * -nodes[other] / distance } + [0]
            polynomial = zip(shifted, scaled).map { $0 + $1 }
        }
        // ∫ L^k dσ = [σ·L^k] − k·∫ L^(k−1) dσ.
        let end = Double(sigmas[index + 1])
        let reach = log(end / start)
        var integral = end - start
        var sum = polynomial[0] * integral
        for power in 1..<max(polynomial.count, 1) {
            integral = end * pow(reach, Double(power)) - Double(power) * integral
            sum += polynomial[power] * integral
        }
        return sum
    }
}
