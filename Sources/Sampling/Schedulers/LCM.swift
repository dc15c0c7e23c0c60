import Tensors

extension SchedulerName {
    /// Multistep sampling of latent consistency models.
    public static let lcm = SchedulerName(LCM.traits)
}

/// Multistep sampling of a latent consistency model (Luo, Tan, Huang, Li & Zhao 2023, algorithm 3):
/// the clean estimate, held to the boundary condition, is noised anew to the next level.
struct LCM: Scheduler {
    static let traits = SchedulerTraits(
        "lcm", diffusers: "LCMScheduler", a1111: "LCM", settings: [.noiseLevel],
        noise: .independent,
        defaults: SchedulerDefaults(
            betaStart: 0.00085, betaEnd: 0.012, betaSchedule: .scaledLinear,
            timestepSpacing: .leading, clipSample: false, thresholds: true),
        stepLimit: { $0.originalInferenceSteps }
    ) { try LCM($0) }

    let trajectory: Trajectory
    /// ᾱ after each step but the last.
    private let nextAlphas: [Float]
    private let clip: ClosedRange<Float>?
    private let timestepScaling: Float

    init(_ plan: SchedulerPlan) throws {
        let timesteps = plan.startingBetween(plan.distilledTimesteps())
        trajectory = try plan.alphaSpaceTrajectory(timesteps)
        nextAlphas = timesteps.dropFirst(trajectory.skipped + 1).map(plan.alphaCumprod)
        clip = plan.clip
        timestepScaling = Float(plan.configuration.timestepScaling)
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let clean = clip.map(denoised.clamped(to:)) ?? denoised
        let (skip, out) = boundary(at: levels[index].timestep)
        let consistent = clean * out + x * skip
        guard index < nextAlphas.count else { return consistent }
        let alpha = nextAlphas[index]
        return try consistent * alpha.squareRoot() + noise(.independent) * (1 - alpha).squareRoot()
    }

    /// Weights of x and of the estimate that make the model the identity at timestep 0 (Song,
    /// Dhariwal, Chen & Sutskever 2023, equation 25) with σ_data = 0.5.
    private func boundary(at timestep: Float) -> (skip: Float, out: Float) {
        let scaled = timestep * timestepScaling
        let variance = scaled * scaled + 0.25
        return (0.25 / variance, scaled / variance.squareRoot())
    }
}

extension SchedulerPlan {
    /// `steps` of the timesteps the model was distilled with, evenly picked from the noisy end.
    func distilledTimesteps() -> [Int] {
        let count = configuration.originalInferenceSteps
        let stride = configuration.trainTimesteps / count
        let spacing = Double(count) / Double(steps)
        return (0..<steps).map { (count - Int(Double($0) * spacing)) * stride - 1 }
    }
}
