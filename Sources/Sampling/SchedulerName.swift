/// The schedulers, by the names used in recipes and on the command line.
public enum SchedulerName: String, CaseIterable, Sendable {
    /// Denoising diffusion implicit models (Song, Meng & Ermon 2021); `eta` adds noise.
    case ddim
    /// Ancestral sampling of the original model (Ho, Jain & Abbeel 2020); needs many steps.
    case ddpm
    /// Euler's method on the probability-flow equation (Karras et al. 2022).
    case euler
    /// Euler with fresh noise at every step (Crowson 2022).
    case eulerAncestral = "euler-a"
    /// DPM-Solver++, multistep (Lu et al. 2022).
    case dpmppMultistep = "dpmpp-2m"
    /// Heun's method, two evaluations a step (Karras et al. 2022).
    case heun
    /// Linear multistep of order 4 (Crowson 2022).
    case lms
    /// Unified predictor-corrector (Zhao et al. 2023).
    case unipc
    /// Pseudo numerical methods, also called PLMS (Liu et al. 2022).
    case pndm
    /// Multistep sampling of latent consistency models (Luo et al. 2023).
    case lcm

    /// The `_class_name` in a model's `scheduler_config.json`.
    public var diffusersClassName: String {
        switch self {
        case .ddim: "DDIMScheduler"
        case .ddpm: "DDPMScheduler"
        case .euler: "EulerDiscreteScheduler"
        case .eulerAncestral: "EulerAncestralDiscreteScheduler"
        case .dpmppMultistep: "DPMSolverMultistepScheduler"
        case .heun: "HeunDiscreteScheduler"
        case .lms: "LMSDiscreteScheduler"
        case .unipc: "UniPCMultistepScheduler"
        case .pndm: "PNDMScheduler"
        case .lcm: "LCMScheduler"
        }
    }

    /// The scheduler of a diffusers class, or nil where that class is not implemented here.
    public init?(diffusersClassName: String) {
        let match = Self.allCases.first { $0.diffusersClassName == diffusersClassName }
        guard let match else { return nil }
        self = match
    }

    /// Whether Karras and exponential spacing of sigmas apply.
    public var spacesSigmas: Bool {
        switch self {
        case .euler, .dpmppMultistep, .heun, .lms, .unipc: true
        case .ddim, .ddpm, .eulerAncestral, .pndm, .lcm: false
        }
    }
}
