import Tensors

extension SchedulerName {
    /// Linear multistep of order 4.
    public static let lms = SchedulerName(LMS.traits)
}

/// Linear multistep of order 4 in σ: the polynomial through the last slopes is integrated over the
/// step (Crowson 2022, k-diffusion's `sample_lms`; the method is Adams & Bashforth's of 1883).
struct LMS: Scheduler {
    static let traits = SchedulerTraits(
        "lms", diffusers: "LMSDiscreteScheduler", a1111: "LMS", aliases: ["lms discrete"],
        settings: .ofSigmas, automatic: .uniform,
        defaults: SchedulerDefaults(rescalesBetas: false)
    ) { try LMS($0) }

    let trajectory: Trajectory
    private let sigmas: [Float]
    /// The place of `sigmas` from which on steps count towards the order.
    private let head: Int
    /// The last four slopes, newest first.
    private var derivatives: [Tensor] = []

    init(_ plan: SchedulerPlan) throws {
        let grid = plan.startingBetween(plan.karrasGrid(readsBounds: plan.readsBoundsUnlessKarras))
        trajectory = try plan.sigmaSpaceTrajectory(grid)
        sigmas = grid.sigmas
        // After truncation diffusers weighs the first slopes as if those before them were there,
        // which overshoots; its pictures can be had in no other way. A1111 starts at order 1.
        head = plan.rule == .diffusers ? 0 : trajectory.skipped
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let index = trajectory.skipped + index
        derivatives.insert((x - denoised) / sigmas[index], at: 0)
        derivatives = Array(derivatives.prefix(4))
        let order = min(index - head + 1, 4)
        var next = x
        for (place, derivative) in derivatives.prefix(order).enumerated() {
            next += derivative * coefficient(of: place, order: order, at: index)
        }
        return next
    }

    /// ∫ Π (τ − σ[i−k]) / (σ[i−j] − σ[i−k]) dτ over the step, k ≠ j: the weight of slope j. The
    /// integrand is a cubic at most, for which two Gauss points are exact.
    private func coefficient(of j: Int, order: Int, at index: Int) -> Float {
        let nodes = (0..<order).map { Double(sigmas[index - $0]) }
        let start = Double(sigmas[index])
        let half = (Double(sigmas[index + 1]) - start) / 2
        let points = [-1.0, 1.0].map { start + half + half * $0 / 3.0.squareRoot() }
        let values = points.map { tau in
            nodes.indices.filter { $0 != j }
                .reduce(1.0) { $0 * (tau - nodes[$1]) / (nodes[j] - nodes[$1]) }
        }
        return Float(half * (values[0] + values[1]))
    }
}
