import Foundation
import Tensors

extension SchedulerName {
    /// DPM-Solver++, multistep of order 2 or as configured.
    public static let dpmppMultistep = SchedulerName(DPMSolverMultistep.traits)
}

/// DPM-Solver++ (Lu, Zhou, Bao, Chen, Li & Zhu 2022): exponential integration of the clean estimate
/// in λ = ln(α/σ), its course taken from the last one to three estimates.
///
/// Here α² + σ² = 1 and x = α·z0 + σ·n.
struct DPMSolverMultistep: Scheduler {
    static let traits = SchedulerTraits(
        "dpmpp-2m", diffusers: "DPMSolverMultistepScheduler", a1111: "DPM++ 2M",
        aliases: ["dpmpp", "dpm solver++", "dpm solver multistep"], settings: .ofSigmas,
        noise: .independent, automatic: .karras, defaults: SchedulerDefaults(thresholds: true)
    ) { try DPMSolverMultistep($0) }

    let trajectory: Trajectory
    private let sigmas: [Float]
    private let variant: Variant
    /// Steps of the untruncated run from which on the order is 1, and 2.
    private let lastSteps: (first: Int, second: Int)
    /// The last clean estimates, newest first.
    private var estimates: [Tensor] = []

    /// How the second-order term is weighted.
    enum Solver: String { case midpoint, heun }

    /// What the solvers of this kind differ in.
    struct Variant {
        var order: Int
        var solver = Solver.midpoint
        /// Whether noise is added at each step, and where from.
        var noise = NoiseUse.none
    }

    /// The solver that the configuration describes.
    init(_ plan: SchedulerPlan) throws {
        let isStochastic = try plan.readsStochasticAlgorithm()
        try self.init(plan, Variant(plan, noise: isStochastic ? .independent : .none))
    }

    init(_ plan: SchedulerPlan, _ variant: Variant) throws {
        self.variant = variant
        let configuration = plan.configuration
        let grid = plan.startingBetween(
            plan.multistepGrid(
                usable: plan.usableTimesteps,
                roundsKarras: configuration.betaSchedule != .squaredCosine))
        trajectory = try plan.alphaSpaceTrajectory(grid)
        sigmas = grid.sigmas
        let count = grid.timesteps.count
        // k-diffusion's solvers keep their order up to the clean end.
        let eases = configuration.lowerOrderFinal && count < 15 && variant.noise != .brownian
        let endsFirst = configuration.eulerAtFinal || eases || configuration.finalSigma == .zero
        lastSteps = (endsFirst ? count - 1 : count, eases ? count - 2 : count)
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let index = trajectory.skipped + index
        estimates = Array(([denoised] + estimates).prefix(variant.order))
        var order = estimates.count
        if index >= lastSteps.second { order = min(order, 2) }
        if index >= lastSteps.first { order = 1 }

        let (alpha, sigma) = scales(at: index + 1)
        let h = lambda(at: index + 1) - lambda(at: index)
        // The equation with noise covers twice the distance in λ (Lu et al. 2022, appendix D).
        let isStochastic = variant.noise != .none
        let reach = isStochastic ? 2 * h : h
        let decay = sigma / scales(at: index).sigma * (isStochastic ? exp(-h) : 1)

        var next = x * Float(decay) + denoised * Float(-alpha * expm1(-reach))
        for (derivative, weight) in zip(
            derivatives(at: index, h: h, order: order), weights(order, reach))
        {
            next += derivative * Float(alpha * weight)
        }
        guard isStochastic else { return next }
        let spread = Float(sigma * (-expm1(-2 * h)).squareRoot())
        guard variant.noise == .brownian else {
            return try next + noise(.independent) * spread
        }
        guard spread > 0 else { return next }
        return try next + noise(.brownian(from: sigmas[index], to: sigmas[index + 1])) * spread
    }

    /// Weights of the scaled first and second differences.
    private func weights(_ order: Int, _ h: Double) -> [Double] {
        let phi = expm1(-h)
        switch order {
        case 1: return []
        case 2 where variant.solver == .midpoint: return [-0.5 * phi]
        case 2: return [phi / h + 1]
        default:
            // diffusers has the other sign in the equation with noise, k-diffusion has not.
            let half = variant.noise == .independent ? -0.5 : 0.5
            return [phi / h + 1, half - (phi + h) / (h * h)]
        }
    }

    /// Differences of the estimates with respect to λ, times h and h².
    private func derivatives(at index: Int, h: Double, order: Int) -> [Tensor] {
        guard order > 1 else { return [] }
        let r0 = (lambda(at: index) - lambda(at: index - 1)) / h
        let recent = (estimates[0] - estimates[1]) * Float(1 / r0)
        guard order > 2 else { return [recent] }
        let r1 = (lambda(at: index - 1) - lambda(at: index - 2)) / h
        let older = (estimates[1] - estimates[2]) * Float(1 / r1)
        let bend = recent - older
        return [recent + bend * Float(r0 / (r0 + r1)), bend * Float(1 / (r0 + r1))]
    }

    /// α and σ with α² + σ² = 1.
    private func scales(at index: Int) -> (alpha: Double, sigma: Double) {
        let sigma = Double(sigmas[index])
        let alpha = 1 / (sigma * sigma + 1).squareRoot()
        return (alpha, sigma * alpha)
    }

    private func lambda(at index: Int) -> Double { -log(Double(sigmas[index])) }
}

extension DPMSolverMultistep.Variant {
    /// Order and weights as the configuration has them.
    init(_ plan: SchedulerPlan, noise: NoiseUse) throws {
        let configuration = plan.configuration
        guard configuration.solverOrder <= 3 else {
            throw SamplingError.unsupported(
                scheduler: plan.name, setting: "solver_order \(configuration.solverOrder)",
                advice: "use 1 to 3")
        }
        let solver = DPMSolverMultistep.Solver(rawValue: configuration.solverType ?? "")
        self.init(order: configuration.solverOrder, solver: solver ?? .midpoint, noise: noise)
    }
}

extension SchedulerPlan {
    /// Training steps with λ = ln(α/σ) = −ln σ at or above `lambda_min_clipped`.
    fileprivate var usableTimesteps: Int {
        schedule.sigmas.count { -log(Double($0)) >= configuration.lambdaMinClipped }
    }

    /// Whether noise is added at each step (sde-dpmsolver++).
    fileprivate func readsStochasticAlgorithm() throws -> Bool {
        switch configuration.algorithmType ?? "dpmsolver++" {
        case "dpmsolver++", "deis": return false
        case "sde-dpmsolver++": return true
        case let type:
            throw SamplingError.unsupported(
                scheduler: name, setting: "algorithm_type \(type)",
                advice: "use dpmsolver++ or sde-dpmsolver++")
        }
    }
}
