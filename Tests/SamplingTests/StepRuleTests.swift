import Sampling
import Tensors
import Testing

@Suite("Strength in steps")
struct StepRuleTests {
    @Test(
        "evaluations of first-order schedulers",
        arguments: [
            (20, 0.5, 10, 11), (20, 0.1, 2, 3), (30, 0.75, 22, 23), (50, 0.8, 40, 41),
            (20, 1.0, 20, 20), (20, 0.55, 11, 12), (10, 0.7, 7, 8), (1, 1.0, 1, 1),
        ])
    func evaluations(steps: Int, strength: Double, diffusers: Int, a1111: Int) throws {
        for (rule, expected) in [(StepRule.diffusers, diffusers), (.a1111, a1111)] {
            for name in [SchedulerName.euler, .ddim, .dpmppMultistep] {
                let scheduler = try makeScheduler(
                    name, configuration: .stableDiffusion, steps: steps, strength: strength,
                    rule: rule)
                #expect(scheduler.levels.count == expected, "\(name) \(rule)")
            }
        }
    }

    @Test(
        "without a spacing A1111's is its Automatic, ComfyUI's its normal",
        arguments: [
            (SchedulerName.euler, SigmaSpacing.uniform), (.dpmppMultistep, .karras),
            (.lms, .uniform),
        ])
    func automatic(name: SchedulerName, spacing: SigmaSpacing) throws {
        func levels(_ rule: StepRule, _ sigmas: SigmaSpacing?) throws -> [NoiseLevel] {
            try makeScheduler(
                name, configuration: .stableDiffusion, steps: 20, rule: rule, sigmas: sigmas
            ).levels
        }
        for rule in [StepRule.a1111, .a1111Exact] {
            #expect(try levels(rule, nil) == levels(rule, spacing))
        }
        #expect(try levels(.comfy, nil) == levels(.comfy, .uniform))
        #expect(try levels(.diffusers, nil) != levels(.diffusers, spacing))
        // A1111 shows the network timesteps between those of training, ComfyUI the nearest.
        #expect(try levels(.a1111, .karras).contains { $0.timestep != $0.timestep.rounded() })
        #expect(try levels(.comfy, .karras).allSatisfy { $0.timestep == $0.timestep.rounded() })
    }

    @Test("heun evaluates twice a step but for the last, pndm the second step twice")
    func higherOrders() throws {
        let heun = try makeScheduler(
            .heun, configuration: .stableDiffusion, steps: 20, strength: 0.5)
        #expect(heun.levels.count == 19)
        let pndm = try makeScheduler(
            .pndm, configuration: .stableDiffusion, steps: 20, strength: 0.5)
        #expect(pndm.levels.count == 11)
    }

    @Test("a strength that leaves no step is an error with diffusers' rule only")
    func noStepLeft() throws {
        #expect(throws: SamplingError.noStepLeft(strength: 0.04, steps: 20)) {
            try StepRule.diffusers.skippedSteps(of: 20, strength: 0.04)
        }
        #expect(
            SamplingError.noStepLeft(strength: 0.01, steps: 49).description
                == "strength 0.01 leaves none of 49 steps: use a strength of 0.03 or more, or more steps"
        )
        #expect(
            SamplingError.noStepLeft(strength: 0.5, steps: 1).description
                == "strength 0.5 leaves none of 1 steps: use a strength of 1, or more steps")
        #expect(try StepRule.a1111.skippedSteps(of: 20, strength: 0.04) == 19)
        #expect(throws: SamplingError.strength(1.5)) {
            try StepRule.a1111.skippedSteps(of: 20, strength: 1.5)
        }
        #expect(throws: SamplingError.strength(-0.1)) {
            try StepRule.diffusers.skippedSteps(of: 20, strength: -0.1)
        }
    }

    @Test("without strength every step is kept", arguments: StepRule.allCases)
    func allKept(rule: StepRule) throws {
        #expect(try rule.skippedSteps(of: 20, strength: nil) == 0)
    }

    @Test(
        "truncation keeps the end of the whole run", arguments: SchedulerName.allCases,
        [0.25, 0.5, 0.9])
    func truncation(name: SchedulerName, strength: Double) throws {
        let whole = try makeScheduler(name, configuration: .stableDiffusion, steps: 20)
        let part = try makeScheduler(
            name, configuration: .stableDiffusion, steps: 20, strength: strength)
        #expect(part.levels.count < whole.levels.count)
        #expect(part.levels == whole.levels.suffix(part.levels.count))
    }

    @Test("the start carries the noise of the first level", arguments: SchedulerName.allCases)
    func start(name: SchedulerName) throws {
        let scheduler = try makeScheduler(
            name, configuration: .stableDiffusion, steps: 20, strength: 0.5)
        let clean = Tensor([0.5, -1], shape: [1, 2])
        let noise = Tensor([1, 2], shape: [1, 2])
        let start = scheduler.start(clean: clean, noise: noise)
        #expect(start == scheduler.noised(clean, noise: noise, at: 0))
        #expect(scheduler.noised(clean, noise: noise, at: scheduler.levels.count) == clean)
        // Whatever the scale of x, the ratio of noise to signal is σ.
        let signal = scheduler.noised(clean, noise: Tensor(zeros: [1, 2]), at: 0).values[0] / 0.5
        let spread = (start.values[0] - signal * 0.5) / signal
        #expect(abs(spread / scheduler.levels[0].sigma - 1) < 1e-4)
    }
}
