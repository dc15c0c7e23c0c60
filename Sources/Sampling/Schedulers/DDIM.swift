import Tensors

extension SchedulerName {
    /// Denoising diffusion implicit models; `eta` adds noise.
    public static let ddim = SchedulerName(DDIM.traits)
}

/// Denoising diffusion implicit models (Song, Meng & Ermon 2021, equation 12):
/// x' = √ᾱ'·z0 + √(1 − ᾱ' − s²)·ε + s·n with s² = η²·(1 − ᾱ')/(1 − ᾱ)·(1 − ᾱ/ᾱ').
struct DDIM: Scheduler {
    static let traits = SchedulerTraits(
        "ddim", diffusers: "DDIMScheduler", a1111: "DDIM",
        settings: [.eta, .timestepSpacing, .noiseLevel], noise: .independent,
        defaults: SchedulerDefaults(
            timestepSpacing: .leading, clipSample: true, thresholds: true)
    ) { try DDIM($0) }

    let trajectory: Trajectory
    /// ᾱ at each level and at the end of the step from it.
    private let alphas: [(from: Float, to: Float)]
    private let clip: ClosedRange<Float>?
    private let eta: Float

    init(_ plan: SchedulerPlan) throws {
        let whole = plan.wholeTimesteps()
        let timesteps = plan.startingBetween(whole)
        trajectory = try plan.alphaSpaceTrajectory(timesteps)
        // A step is always the same number of training steps, whatever the spacing.
        let stride = plan.configuration.trainTimesteps / plan.steps
        alphas = zip(timesteps, whole).dropFirst(trajectory.skipped).map {
            (plan.alphaCumprod($0), plan.alphaCumprod($1 - stride))
        }
        clip = plan.clip
        eta = plan.eta
    }

    mutating func step(
        _ x: Tensor, denoised: Tensor, at index: Int, noise: (NoiseRequest) throws -> Tensor
    ) rethrows -> Tensor {
        let (from, to) = alphas[index]
        let epsilon = (x - denoised * from.squareRoot()) / (1 - from).squareRoot()
        let clean = clip.map(denoised.clamped(to:)) ?? denoised
        let spread = eta * ((1 - to) / (1 - from) * (1 - from / to)).squareRoot()
        // Nothing remains where eta is 1 and the first level is noise alone: below 0 in single precision.
        let remaining = max(1 - to - spread * spread, 0)
        let next = clean * to.squareRoot() + epsilon * remaining.squareRoot()
        return try eta > 0 ? next + noise(.independent) * spread : next
    }
}
