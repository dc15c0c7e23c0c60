extension SchedulerName {
    /// DPM-Solver++ for the equation with noise, multistep of order 3.
    public static let dpmppMultistepSDE3 = SchedulerName(DPMSolverMultistepSDE3.traits)
}

/// DPM-Solver++ for the equation with noise, of order 3 (Crowson 2023, k-diffusion's
/// `sample_dpmpp_3m_sde`). The noise is the increments of a Brownian path.
enum DPMSolverMultistepSDE3 {
    static let traits = SchedulerTraits(
        "dpmpp-3m-sde", a1111: "DPM++ 3M SDE", aliases: ["dpmpp 3m sde gpu"],
        settings: .ofSigmas, noise: .brownian, automatic: .exponential,
        discardsLast: [.a1111, .a1111Exact]
    ) { plan in
        try DPMSolverMultistep(
            plan, DPMSolverMultistep.Variant(order: 3, solver: .heun, noise: .brownian))
    }
}
