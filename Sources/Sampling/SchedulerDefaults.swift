/// Where the schedulers' settings differ when a configuration leaves them open, as in diffusers.
extension SchedulerName {
    var defaultBetaStart: Double { self == .heun || self == .lcm ? 0.00085 : 0.0001 }

    var defaultBetaEnd: Double { self == .heun || self == .lcm ? 0.012 : 0.02 }

    var defaultBetaSchedule: BetaSchedule { self == .lcm ? .scaledLinear : .linear }

    var defaultTimestepSpacing: TimestepSpacing {
        switch self {
        case .ddim, .ddpm, .pndm, .lcm: .leading
        case .euler, .eulerAncestral, .dpmppMultistep, .heun, .lms, .unipc: .linspace
        }
    }

    var defaultSetAlphaToOne: Bool { self != .pndm }

    /// Whether the class clips by default; nil where it never clips.
    var defaultClipSample: Bool? {
        switch self {
        case .ddim, .ddpm: true
        case .heun, .lcm: false
        case .euler, .eulerAncestral, .dpmppMultistep, .lms, .unipc, .pndm: nil
        }
    }

    /// Whether `rescale_betas_zero_snr` is read.
    var rescalesBetas: Bool {
        switch self {
        case .heun, .lms, .pndm: false
        case .ddim, .ddpm, .euler, .eulerAncestral, .dpmppMultistep, .unipc, .lcm: true
        }
    }

    /// Whether steps go from σ to σ, rather than from timestep to timestep.
    var stepsInSigma: Bool {
        switch self {
        case .euler, .eulerAncestral, .dpmppMultistep, .heun, .lms, .unipc: true
        case .ddim, .ddpm, .pndm, .lcm: false
        }
    }

    /// Evaluations for each of the user's steps, as far as strength counts them.
    var order: Int { self == .heun ? 2 : 1 }
}
