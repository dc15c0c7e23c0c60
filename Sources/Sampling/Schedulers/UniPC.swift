import Foundation
import Tensors

extension SchedulerName {
    /// Unified predictor-corrector.
    public static let unipc = SchedulerName(UniPC.traits)
}

/// UniPC (Zhao, Bai, Rao, Zhou & Lu 2023): each evaluation first corrects the step that led to it
/// (algorithm 1), then predicts the next (algorithm 2), with B(h) = h or e^h − 1.
///
/// Here α² + σ² = 1, x = α·z0 + σ·n and λ = ln(α/σ).
struct UniPC: Scheduler {
    static let traits = SchedulerTraits(
        "unipc", diffusers: "UniPCMultistepScheduler", a1111: "UniPC",
        aliases: ["uni pc", "uni pc multistep"], settings: .ofSigmas, automatic: .uniform,
        discardsLast: [.comfy],
        defaults: SchedulerDefaults(thresholds: true)
    ) { try UniPC($0) }

    let trajectory: Trajectory
    private let sigmas: [Float]
    private let stepCount: Int
    private let configuration: SchedulerConfiguration
    /// The last clean estimates, newest first.
    private var estimates: [Tensor] = []
    /// The corrected latents and the order of the last step.
    private var last: (x: Tensor, order: Int)?

    init(_ plan: SchedulerPlan) throws {
        configuration = plan.configuration
        guard configuration.predictX0 else {
            throw SamplingError.unsupported(
                scheduler: .unipc, setting: "predict_x0 false", advice: "set it to true")
        }
        let grid = plan.startingBetween(plan.multistepGrid(endsAtSpaced: true))
        trajectory = try plan.alphaSpaceTrajectory(grid)
        sigmas = grid.sigmas
        stepCount = grid.timesteps.count
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let index = trajectory.skipped + index
        var x = x
        if let last, !configuration.disabledCorrectors.contains(index - 1) {
            x = corrected(last.x, order: last.order, denoised: denoised, at: index)
        }
        let order = min(
            configuration.lowerOrderFinal ? stepCount - index : .max,
            configuration.solverOrder, estimates.count + 1)
        estimates = Array(([denoised] + estimates).prefix(configuration.solverOrder))
        last = (x, order)
        return predicted(x, order: order, at: index)
    }

    /// UniP: x at the next level from the estimates so far.
    private func predicted(_ x: Tensor, order: Int, at index: Int) -> Tensor {
        let step = Step(
            from: index, to: index + 1, order: order, sigmas: sigmas, kind: configuration.solverType
        )
        let count = order - 1
        // Of order 2 the paper takes the limit of small h.
        let weights =
            order == 2
            ? [0.5]
            : solved(
                step.matrix.prefix(count).map { Array($0.prefix(count)) },
                Array(step.right.prefix(count)))
        return step.advanced(x, estimates, weights: weights)
    }

    /// UniC: x at this level once more from the last, now that the estimate here is known.
    private func corrected(_ x: Tensor, order: Int, denoised: Tensor, at index: Int) -> Tensor {
        let step = Step(
            from: index - 1, to: index, order: order, sigmas: sigmas, kind: configuration.solverType
        )
        let weights = order == 1 ? [0.5] : solved(step.matrix, step.right)
        return step.advanced(x, estimates, weights: weights, newest: denoised)
    }
}

/// What predictor and corrector share: one step in λ and the conditions of its order (equation 5).
private struct Step {
    let decay: Double
    let alpha: Double
    /// e^−h − 1.
    let phi: Double
    let scale: Double
    /// Distances in λ of older estimates, in units of h.
    let ratios: [Double]
    /// Row k: the k-th powers of the distances, 1 for the newest estimate last.
    let matrix: [[Double]]
    let right: [Double]

    init(from: Int, to: Int, order: Int, sigmas: [Float], kind: String?) {
        func alpha(_ index: Int) -> Double {
            1 / (Double(sigmas[index]) * Double(sigmas[index]) + 1).squareRoot()
        }
        func lambda(_ index: Int) -> Double { -log(Double(sigmas[index])) }
        let h = lambda(to) - lambda(from)
        self.alpha = alpha(to)
        decay = Double(sigmas[to]) * alpha(to) / (Double(sigmas[from]) * alpha(from))
        phi = expm1(-h)
        scale = kind == "bh1" ? -h : phi
        ratios = (1..<max(order, 1)).map { (lambda(from - $0) - lambda(from)) / h }
        let distances = ratios + [1]
        matrix = (0..<order).map { power in distances.map { pow($0, Double(power)) } }

        var right: [Double] = []
        var term = phi / -h - 1
        var factorial = 1.0
        for k in 1...order {
            right.append(term * factorial / scale)
            factorial *= Double(k + 1)
            term = term / -h - 1 / factorial
        }
        self.right = right
    }

    /// σ'/σ·x − α'(e^−h − 1)·m0 − α'·B·Σ w·D, with D the differences to the estimates before m0 and,
    /// last, to the newest.
    func advanced(
        _ x: Tensor, _ estimates: [Tensor], weights: [Double], newest: Tensor? = nil
    ) -> Tensor {
        var next = x * Float(decay) - estimates[0] * Float(alpha * phi)
        for (index, ratio) in ratios.enumerated() {
            let difference = (estimates[index + 1] - estimates[0]) / Float(ratio)
            next += difference * Float(-alpha * scale * weights[index])
        }
        if let newest, let weight = weights.last {
            next += (newest - estimates[0]) * Float(-alpha * scale * weight)
        }
        return next
    }
}

/// The solution of a small linear system, by elimination with the greatest pivot.
private func solved(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
    var rows = zip(matrix, right).map { $0 + [$1] }
    for column in rows.indices {
        let pivot = rows[column...].indices.max { abs(rows[$0][column]) < abs(rows[$1][column]) }
        rows.swapAt(column, pivot ?? column)
        for row in rows.indices where row != column {
            let factor = rows[row][column] / rows[column][column]
            for k in rows[row].indices { rows[row][k] -= factor * rows[column][k] }
        }
    }
    return rows.indices.map { rows[$0][rows.count] / rows[$0][$0] }
}
