/// Everything that is known of a scheduler beside its equations. Each scheduler's file holds one, and
/// `SchedulerTraits.all` is the list of them.
public struct SchedulerTraits: Sendable {
    /// Its name in recipes and on the command line.
    public let name: String
    /// The class of diffusers that it agrees with; nil where diffusers has none.
    public let diffusersClassName: String?
    /// Its name in AUTOMATIC1111's menu, which infotext uses; nil where A1111 has none.
    public let nameInA1111: String?
    /// Further names in other programs; case and separators do not count.
    public let aliases: [String]
    /// The optional settings that it has.
    public let settings: Set<SchedulerSetting>
    /// Evaluations of the model for each of the user's steps, as far as strength counts them.
    public let evaluationsPerStep: Int
    /// Where its random numbers come from.
    public let noise: NoiseUse
    /// The spacing of sigmas that A1111's schedule type "Automatic" means; nil for a scheduler that
    /// steps from timestep to timestep.
    public let automatic: SigmaSpacing?
    /// The programs that space one sigma more for it and leave out the last above 0.
    let discardsLast: Set<StepRule>
    /// What it takes where a configuration leaves a setting open, as its diffusers class does.
    let defaults: SchedulerDefaults
    /// Which number of the configuration bounds the number of steps.
    let stepLimit: @Sendable (SchedulerConfiguration) -> Int
    let make: @Sendable (SchedulerPlan) throws -> any Scheduler

    init(
        _ name: String, diffusers: String? = nil, a1111: String? = nil, aliases: [String] = [],
        settings: Set<SchedulerSetting>, evaluationsPerStep: Int = 1, noise: NoiseUse = .none,
        automatic: SigmaSpacing? = nil, discardsLast: Set<StepRule> = [],
        defaults: SchedulerDefaults = SchedulerDefaults(),
        stepLimit: @escaping @Sendable (SchedulerConfiguration) -> Int = { $0.trainTimesteps },
        make: @escaping @Sendable (SchedulerPlan) throws -> any Scheduler
    ) {
        self.name = name
        diffusersClassName = diffusers
        nameInA1111 = a1111
        self.aliases = aliases
        self.settings = settings
        self.evaluationsPerStep = evaluationsPerStep
        self.noise = noise
        self.automatic = automatic
        self.discardsLast = discardsLast
        self.defaults = defaults
        self.stepLimit = stepLimit
        self.make = make
    }

    /// Whether steps go from σ to σ, rather than from timestep to timestep.
    var stepsInSigma: Bool { automatic != nil }

    /// The spacing of sigmas where none is asked for: A1111's choice for the sampler, or that of
    /// ComfyUI's first workflow; nil leaves it to the configuration, as diffusers does.
    func automaticSigmas(_ rule: StepRule) -> SigmaSpacing? {
        switch rule {
        case .diffusers: nil
        case .a1111, .a1111Exact: automatic
        case .comfy: automatic.map { _ in .uniform }
        }
    }
}

/// An optional setting that some schedulers have and others do not.
public enum SchedulerSetting: Sendable, CaseIterable {
    /// `eta`: the share of fresh noise in each step.
    case eta
    /// `sigmas`: a spacing of the noise levels by formula.
    case sigmas
    /// `timestep_spacing`: how the steps are laid over the training timesteps.
    case timestepSpacing
    /// `strength_mode` `noise-level`: a start between two steps.
    case noiseLevel
}

/// Where a scheduler's random numbers come from, beside those of the start.
public enum NoiseUse: Sendable {
    /// It draws none.
    case none
    /// Steps draw independent normal numbers.
    case independent
    /// Steps draw the increments of a Brownian path, so the noise belongs to σ and not to the number
    /// of the step.
    case brownian
}

/// Where the schedulers differ when a configuration leaves a setting open.
struct SchedulerDefaults: Sendable {
    var betaStart = 0.0001
    var betaEnd = 0.02
    var betaSchedule = BetaSchedule.linear
    var timestepSpacing = TimestepSpacing.linspace
    var setAlphaToOne = true
    /// Whether the class clips by default; nil where it never clips.
    var clipSample: Bool?
    /// Whether `rescale_betas_zero_snr` is read.
    var rescalesBetas = true
    /// Whether `thresholding` is read.
    var thresholds = false
    /// Whether `use_karras_sigmas` and its like are read.
    var readsSigmaSpacing = true
}

extension Set<SchedulerSetting> {
    /// The settings of a scheduler that steps from σ to σ.
    static let ofSigmas: Self = [.sigmas, .timestepSpacing, .noiseLevel]
}
