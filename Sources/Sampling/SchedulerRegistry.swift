extension SchedulerTraits {
    /// Every scheduler, in the order in which they are listed.
    public static let all: [SchedulerTraits] = [
        DDIM.traits,
        DDPM.traits,
        Euler.traits,
        EulerAncestral.traits,
        DPMSolverMultistep.traits,
        Heun.traits,
        LMS.traits,
        UniPC.traits,
        PNDM.traits,
        LCM.traits,
    ]
}
