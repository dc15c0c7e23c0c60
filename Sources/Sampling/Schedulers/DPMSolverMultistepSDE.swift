extension SchedulerName {
    /// DPM-Solver++ for the equation with noise, multistep of order 2.
    public static let dpmppMultistepSDE = SchedulerName(DPMSolverMultistepSDE.traits)
}

/// DPM-Solver++ for the equation with noise (Lu, Zhou, Bao, Chen, Li & Zhu 2022, appendix D; Crowson 2023, k-diffusion's
/// `sample_dpmpp_2m_sde`): of order 2 with the midpoint's weight, where the configuration says no other.
///
/// diffusers draws independent noise; A1111 and ComfyUI draw the increments of a Brownian path.
enum DPMSolverMultistepSDE {
    static let traits = SchedulerTraits(
        "dpmpp-2m-sde", diffusers: "DPMSolverMultistepScheduler", a1111: "DPM++ 2M SDE",
        aliases: ["dpmpp 2m sde gpu"], settings: .ofSigmas, noise: .brownian,
        automatic: .exponential, defaults: SchedulerDefaults(thresholds: true)
    ) { plan in
        // Of order 2 by name; diffusers keeps what the file says.
        try DPMSolverMultistep(
            plan,
            plan.rule == .diffusers
                ? .init(plan, noise: .independent)
                : .init(order: 2, noise: .brownian))
    }
}
