import Sampling
import Testing

@Suite("Names of schedulers")
struct SchedulerNameTests {
    @Test(
        "names of other programs",
        arguments: [
            ("DPM++ 2M Karras", SchedulerName.dpmppMultistep, SigmaSpacing.karras),
            ("dpmpp_2m_k", .dpmppMultistep, .karras), ("DPM++ 2M", .dpmppMultistep, nil),
            ("dpm++2m", .dpmppMultistep, nil), ("dpmpp_2m", .dpmppMultistep, nil),
            ("k_dpmpp_2m", .dpmppMultistep, nil),
            ("DPM++ 2M Exponential", .dpmppMultistep, .exponential),
            ("DPMSolverMultistepScheduler", .dpmppMultistep, nil),
            ("EulerDiscreteScheduler", .euler, nil), ("Euler", .euler, nil),
            ("k_euler", .euler, nil),
            ("Euler a", .eulerAncestral, nil), ("k_euler_a", .eulerAncestral, nil),
            ("euler_ancestral", .eulerAncestral, nil), ("LMS Karras", .lms, .karras),
            ("k_lms", .lms, nil), ("PLMS", .pndm, nil), ("uni_pc", .unipc, nil),
            ("UniPC", .unipc, nil), ("Heun", .heun, nil), ("DDIM", .ddim, nil), ("lcm", .lcm, nil),
        ] as [(String, SchedulerName, SigmaSpacing?)])
    func aliases(alias: String, name: SchedulerName, sigmas: SigmaSpacing?) throws {
        let choice = try SchedulerChoice(alias: alias)
        #expect(choice.scheduler == name)
        #expect(choice.sigmas == sigmas)
        #expect(SchedulerName(alias: alias) == name)
    }

    @Test("own names and classes are aliases", arguments: SchedulerName.allCases)
    func ownNames(name: SchedulerName) {
        #expect(SchedulerName(alias: name.rawValue) == name)
        #expect(SchedulerName(alias: name.diffusersClassName) == name)
        #expect(SchedulerName(diffusersClassName: name.diffusersClassName) == name)
    }

    @Test(
        "a near miss is suggested",
        arguments: [
            ("eular", "euler"), ("dpmp-2m", "dpmpp-2m"), ("heum", "heun"), ("ddjm", "ddim"),
        ])
    func nearMiss(name: String, suggestion: String) {
        #expect(throws: SamplingError.unknownScheduler(name: name, suggestion: suggestion)) {
            try SchedulerChoice(alias: name)
        }
    }

    @Test("nothing near, no suggestion", arguments: ["", "karras", "restart sampling", "DPM fast"])
    func unknown(name: String) {
        #expect(throws: SamplingError.unknownScheduler(name: name, suggestion: nil)) {
            try SchedulerChoice(alias: name)
        }
    }
}
