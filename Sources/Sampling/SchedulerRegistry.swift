extension SchedulerTraits {
    /// Every scheduler, in the order in which they are listed.
    public static let all: [SchedulerTraits] = [
        DDIM.traits,
        DDPM.traits,
        Euler.traits,
        EulerAncestral.traits,
        DPMSolverMultistep.traits,
        DPMSolverMultistepSDE.traits,
        DPMSolverMultistepSDE3.traits,
        DPMSolverSDE.traits,
        DPMSolverAncestral.traits,
        DEIS.traits,
        Heun.traits,
        LMS.traits,
        UniPC.traits,
        PNDM.traits,
        LCM.traits,
        TCD.traits,
    ]
}
