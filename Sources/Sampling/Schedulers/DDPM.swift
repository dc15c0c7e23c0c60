import Foundation
import Tensors

extension SchedulerName {
    /// Ancestral sampling of the original model; needs many steps.
    public static let ddpm = SchedulerName(DDPM.traits)
}

/// Ancestral sampling (Ho, Jain & Abbeel 2020, equations 6 and 7): the mean of x' given x and the
/// clean estimate, plus noise unless the step is that of timestep 0.
struct DDPM: Scheduler {
    static let traits = SchedulerTraits(
        "ddpm", diffusers: "DDPMScheduler", a1111: "DDPM",
        settings: [.timestepSpacing, .noiseLevel],
        noise: .independent,
        defaults: SchedulerDefaults(
            timestepSpacing: .leading, clipSample: true, thresholds: true)
    ) { try DDPM($0) }

    let trajectory: Trajectory
    /// ᾱ at each level and at the next.
    private let alphas: [(from: Float, to: Float)]
    private let clip: ClosedRange<Float>?
    private let variance: Variance

    /// Which variance the noise has.
    private enum Variance: String, CaseIterable {
        /// The posterior's, (1 − ᾱ')/(1 − ᾱ)·β.
        case small = "fixed_small"
        /// The same by way of its logarithm.
        case smallLog = "fixed_small_log"
        /// β.
        case large = "fixed_large"
    }

    init(_ plan: SchedulerPlan) throws {
        let type = plan.configuration.varianceType ?? Variance.small.rawValue
        guard let variance = Variance(rawValue: type) else {
            throw SamplingError.unsupported(
                scheduler: .ddpm, setting: "variance_type \(type)",
                advice: "use \(Variance.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.variance = variance
        let timesteps = plan.startingBetween(plan.wholeTimesteps())
        trajectory = try plan.alphaSpaceTrajectory(timesteps)
        let kept = timesteps.dropFirst(trajectory.skipped)
        alphas = zip(kept, kept.dropFirst() + [-1]).map {
            (plan.alphaCumprod($0), $1 < 0 ? 1 : plan.alphaCumprod($1))
        }
        clip = plan.clip
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let (from, to) = alphas[index]
        let alpha = from / to
        let beta = 1 - alpha
        let clean = clip.map(denoised.clamped(to:)) ?? denoised
        let mean =
            clean * (to.squareRoot() * beta / (1 - from))
            + x * (alpha.squareRoot() * (1 - to) / (1 - from))
        guard levels[index].timestep > 0 else { return mean }
        let posterior = max((1 - to) / (1 - from) * beta, 1e-20)
        let deviation = (variance == .large ? beta : posterior).squareRoot()
        return try mean + noise(.independent) * deviation
    }
}
