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
            ("ddim_trailing", .euler, .simple), ("DDIM Trailing", .euler, .simple),
            ("ddim_trailing karras", .euler, .karras),
            ("euler_a discrete", .eulerAncestral, .uniform),
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
        #expect(SchedulerName(rawValue: name.rawValue) == name)
        if let menu = name.traits.nameInA1111 { #expect(SchedulerName(alias: menu) == name) }
        guard let className = name.diffusersClassName else { return }
        // A class may serve several schedulers: the first of them is meant.
        let first = SchedulerName.allCases.first { $0.diffusersClassName == className }
        #expect(SchedulerName(alias: className) == first)
        #expect(SchedulerName(diffusersClassName: className) == first)
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

    @Test("names and menu entries are all different")
    func unique() {
        let names = SchedulerName.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
        let menu = SchedulerName.allCases.compactMap(\.traits.nameInA1111)
        #expect(Set(menu).count == menu.count)
    }

    @Test(
        "a sampler and a schedule type, as infotext has them",
        arguments: [
            ("DPM++ 2M", "Automatic", SchedulerName.dpmppMultistep, SigmaSpacing.karras),
            ("DPM++ 2M", nil, .dpmppMultistep, .karras),
            ("DPM++ 2M Karras", nil, .dpmppMultistep, .karras),
            ("DPM++ 2M Exponential", "Automatic", .dpmppMultistep, .exponential),
            ("DPM++ 2M", "Exponential", .dpmppMultistep, .exponential),
            ("dpmpp_2m", "normal", .dpmppMultistep, .uniform),
            ("Euler", "Automatic", .euler, .uniform),
            ("Euler a", "Karras", .eulerAncestral, .karras),
            ("DDIM", "Automatic", .ddim, nil), ("PLMS", "Karras", .pndm, nil),
        ] as [(String, String?, SchedulerName, SigmaSpacing?)])
    func pairs(
        sampler: String, type: String?, name: SchedulerName, sigmas: SigmaSpacing?
    ) throws {
        let choice = try SchedulerChoice(sampler: sampler, scheduleType: type)
        #expect(choice.scheduler == name)
        #expect(choice.sigmas == sigmas)
    }

    @Test("a pair with an unknown part names it")
    func unknownPairs() {
        #expect(throws: SamplingError.unknownSpacing(name: "Turbo")) {
            try SchedulerChoice(sampler: "Euler", scheduleType: "Turbo")
        }
        #expect(throws: SamplingError.self) {
            try SchedulerChoice(sampler: "Restart", scheduleType: "Karras")
        }
    }

    @Test("spacings by any of their names", arguments: SigmaSpacing.allCases.dropFirst())
    func spacings(spacing: SigmaSpacing) throws {
        let names = [spacing.rawValue, spacing.nameInA1111].compactMap(\.self) + spacing.aliases
        for name in names { #expect(try SigmaSpacing(alias: name) == spacing, "\(name)") }
        #expect(SigmaSpacing(rawValue: spacing.rawValue) == spacing)
    }

    /// The longest would take minutes, were each of its words the first of a spacing.
    @Test(
        "nothing near, no suggestion",
        arguments: [
            "", "karras", "restart sampling", "DPM fast", String(repeating: "x ", count: 500_000),
        ])
    func unknown(name: String) {
        #expect(throws: SamplingError.unknownScheduler(name: name, suggestion: nil)) {
            try SchedulerChoice(alias: name)
        }
    }
}
