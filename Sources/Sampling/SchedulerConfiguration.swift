public import Foundation

/// What a network's output means, with x = √ᾱ·z0 + √(1−ᾱ)·n.
public enum PredictionType: String, CaseIterable, Sendable {
    /// The noise n.
    case epsilon
    /// The velocity √ᾱ·n − √(1−ᾱ)·z0 (Salimans & Ho 2022).
    case vPrediction = "v_prediction"
    /// The clean sample z0.
    case sample
}

/// How the variances β of the training steps grow.
public enum BetaSchedule: String, CaseIterable, Sendable {
    /// Evenly from start to end.
    case linear
    /// Evenly in √β: Stable Diffusion's.
    case scaledLinear = "scaled_linear"
    /// From a squared cosine in ᾱ (Nichol & Dhariwal 2021).
    case squaredCosine = "squaredcos_cap_v2"
}

/// Which timestep a level of noise is shown to the network as.
public enum TimestepType: String, CaseIterable, Sendable {
    /// A place in the training schedule.
    case discrete
    /// ¼·ln σ, with v prediction only.
    case continuous
}

/// How sigmas are read between training steps.
public enum InterpolationType: String, CaseIterable, Sendable {
    /// Linear in σ at the timesteps.
    case linear
    /// Even steps of ln σ over the whole training range.
    case logLinear = "log_linear"
}

/// The level of noise after the last step.
public enum FinalSigma: String, CaseIterable, Sendable {
    /// None.
    case zero
    /// That of the first training step.
    case sigmaMin = "sigma_min"
}

/// The settings of a `scheduler_config.json`, under the names diffusers gives them.
///
/// An optional that is nil was not in the file: each scheduler then takes its own default. A
/// scheduler reads only the settings its diffusers class has, so one configuration serves them all,
/// as `from_config` does there.
public struct SchedulerConfiguration: Sendable, Equatable {
    /// `_class_name`: the model's own scheduler.
    public var className: String?
    /// Number of noise levels in training, 1000 as a rule.
    public var trainTimesteps = 1000
    /// Variance of the first training step.
    public var betaStart: Double?
    /// Variance of the last training step.
    public var betaEnd: Double?
    /// Growth between the two.
    public var betaSchedule: BetaSchedule?
    /// All variances; overrides the three above.
    public var trainedBetas: [Double]?
    /// Whether the last training level is moved to pure noise (Lin et al. 2024, algorithm 1).
    public var rescaleBetasZeroSNR = false
    /// What the network predicts.
    public var predictionType = PredictionType.epsilon
    /// How timesteps are laid out.
    public var timestepSpacing: TimestepSpacing?
    /// Added to leading timesteps.
    public var stepsOffset = 0
    /// What the network gets.
    public var timestepType = TimestepType.discrete
    /// How sigmas between training steps are read (euler).
    public var interpolationType = InterpolationType.linear
    /// `use_karras_sigmas`, `use_exponential_sigmas` or `use_beta_sigmas`.
    public var sigmaSpacing = SigmaSpacing.default
    /// Least sigma of Karras and exponential spacing.
    public var sigmaMin: Double?
    /// Greatest sigma of Karras and exponential spacing.
    public var sigmaMax: Double?
    /// The level after the last step.
    public var finalSigma = FinalSigma.zero
    /// Whether the clean estimate is clipped.
    public var clipSample: Bool?
    /// The bound it is clipped to.
    public var clipSampleRange = 1.0
    /// Whether the level after the last step is noise-free (ddim, pndm) or that of training step 0.
    public var setAlphaToOne: Bool?
    /// Dynamic thresholding, which no scheduler here has.
    public var thresholding = false
    /// Variance of ddpm's noise.
    public var varianceType: String?
    /// Order of dpmpp-2m (1...3) and unipc.
    public var solverOrder = 2
    /// midpoint or heun (dpmpp-2m), bh1 or bh2 (unipc).
    public var solverType: String?
    /// dpmsolver++ or sde-dpmsolver++ (dpmpp-2m).
    public var algorithmType: String?
    /// Whether orders fall towards the end of a short run.
    public var lowerOrderFinal = true
    /// Whether dpmpp-2m always ends with a first-order step.
    public var eulerAtFinal = false
    /// dpmpp-2m leaves out training levels with ln(√ᾱ/√(1−ᾱ)) below this.
    public var lambdaMinClipped = -Double.infinity
    /// Whether unipc extrapolates the clean estimate; nothing else is implemented.
    public var predictX0 = true
    /// Steps after which unipc does not correct.
    public var disabledCorrectors: [Int] = []
    /// Whether pndm starts without Runge-Kutta steps.
    public var skipPRKSteps = false
    /// Steps of the schedule an LCM was distilled with.
    public var originalInferenceSteps = 50
    /// Factor on timesteps in lcm's boundary condition.
    public var timestepScaling = 10.0
    /// Whether the model is Stable Diffusion XL, for `align-your-steps`; not in the file.
    public var isForXL = false
    /// Switches of the file that are on and that no scheduler here takes: they are refused by name.
    public var unsupportedSwitches: [String] = []

    /// All defaults.
    public init() {}

    /// What the file of Stable Diffusion 1 says, for models that come without one.
    public static let stableDiffusion: SchedulerConfiguration = {
        var configuration = SchedulerConfiguration()
        configuration.className = SchedulerName.pndm.diffusersClassName
        configuration.betaStart = 0.00085
        configuration.betaEnd = 0.012
        configuration.betaSchedule = .scaledLinear
        configuration.stepsOffset = 1
        configuration.clipSample = false
        configuration.setAlphaToOne = false
        configuration.skipPRKSteps = true
        return configuration
    }()

    /// Reads the text of a `scheduler_config.json`; keys that are not listed above are ignored.
    /// - Throws: `SamplingError.configuration` that names the key.
    public init(json: Data) throws {
        let file = try ConfigurationFile(json)
        className = try file.string("_class_name")
        try readSchedule(file)
        try readSpacing(file)
        try readSolver(file)
        unsupportedSwitches = try ["use_lu_lambdas", "use_flow_sigmas"]
            .filter { try file.flag($0) ?? false }
    }

    /// The scheduler the model names.
    /// - Throws: `SamplingError.unknownScheduler` where it names none, or one that Gesso does not have.
    public var scheduler: SchedulerName {
        get throws {
            guard let name = SchedulerName(diffusersClassName: className ?? "") else {
                throw SamplingError.unknownScheduler(name: className ?? "", suggestion: nil)
            }
            return name
        }
    }

    /// What diffusers' Stable Diffusion pipelines make of an outdated file before they use it:
    /// `steps_offset` is always 1; inpainting skips Runge-Kutta steps, the others do not clip.
    public func correctedForStableDiffusion(inpainting: Bool = false) -> SchedulerConfiguration {
        var corrected = self
        corrected.stepsOffset = 1
        if inpainting {
            corrected.skipPRKSteps = true
        } else {
            corrected.clipSample = false
        }
        return corrected
    }

    private mutating func readSchedule(_ file: ConfigurationFile) throws {
        trainTimesteps =
            try file.integer("num_train_timesteps", in: 1...100_000) ?? trainTimesteps
        betaStart = try file.number("beta_start", in: 0...1)
        betaEnd = try file.number("beta_end", in: 0...1)
        betaSchedule = try file.choice("beta_schedule")
        trainedBetas = try file.numbers("trained_betas")
        guard trainedBetas?.allSatisfy((0...1).contains) ?? true else {
            throw file.unexpected("trained_betas", "numbers from 0 to 1")
        }
        rescaleBetasZeroSNR = try file.flag("rescale_betas_zero_snr") ?? false
        predictionType = try file.choice("prediction_type") ?? predictionType
        clipSample = try file.flag("clip_sample")
        clipSampleRange = try file.number("clip_sample_range", in: 0...1e6) ?? clipSampleRange
        setAlphaToOne = try file.flag("set_alpha_to_one")
        thresholding = try file.flag("thresholding") ?? false
        varianceType = try file.string("variance_type")
    }

    private mutating func readSpacing(_ file: ConfigurationFile) throws {
        timestepSpacing = try file.choice("timestep_spacing")
        stepsOffset = try file.integer("steps_offset", in: 0...trainTimesteps) ?? 0
        timestepType = try file.choice("timestep_type") ?? timestepType
        interpolationType = try file.choice("interpolation_type") ?? interpolationType
        finalSigma = try file.choice("final_sigmas_type") ?? finalSigma
        sigmaMin = try file.number("sigma_min", in: 1e-6...1e6)
        sigmaMax = try file.number("sigma_max", in: 1e-6...1e6)
        let switches: [(key: String, spacing: SigmaSpacing)] = [
            ("use_karras_sigmas", .karras), ("use_exponential_sigmas", .exponential),
            ("use_beta_sigmas", .beta),
        ]
        let on = try switches.filter { try file.flag($0.key) ?? false }
        if on.count > 1 { throw file.unexpected(on[1].key, "false beside \(on[0].key)") }
        sigmaSpacing = on.first?.spacing ?? .default
    }

    private mutating func readSolver(_ file: ConfigurationFile) throws {
        solverOrder = try file.integer("solver_order", in: 1...6) ?? solverOrder
        solverType = try file.string("solver_type")
        algorithmType = try file.string("algorithm_type")
        lowerOrderFinal = try file.flag("lower_order_final") ?? true
        eulerAtFinal = try file.flag("euler_at_final") ?? false
        lambdaMinClipped = try file.number("lambda_min_clipped") ?? lambdaMinClipped
        predictX0 = try file.flag("predict_x0") ?? true
        disabledCorrectors =
            try file.numbers("disable_corrector")?.compactMap(Int.init(exactly:)) ?? []
        skipPRKSteps = try file.flag("skip_prk_steps") ?? false
        originalInferenceSteps =
            try file.integer("original_inference_steps", in: 1...trainTimesteps)
            ?? originalInferenceSteps
        timestepScaling = try file.number("timestep_scaling") ?? timestepScaling
    }
}
