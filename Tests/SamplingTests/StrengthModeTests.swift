import Sampling
import Tensors
import Testing

@Suite("Strength as a noise level")
struct StrengthModeTests {
    private static let able = SchedulerName.allCases.filter { $0 != .pndm }

    private func first(_ name: SchedulerName, _ strength: Double) throws -> NoiseLevel {
        try makeScheduler(
            name, configuration: .stableDiffusion, steps: 20, strength: strength,
            mode: .noiseLevel
        ).levels[0]
    }

    @Test("it is diffusers' where the steps are whole", arguments: able)
    func whole(name: SchedulerName) throws {
        for strength in [0.05, 0.5, 0.55, 1] {
            let steps = try makeScheduler(
                name, configuration: .stableDiffusion, steps: 20, strength: strength)
            let level = try makeScheduler(
                name, configuration: .stableDiffusion, steps: 20, strength: strength,
                mode: .noiseLevel)
            #expect(level.levels == steps.levels, "\(strength)")
        }
    }

    @Test("it rises with strength", arguments: able)
    func rising(name: SchedulerName) throws {
        let sigmas = try stride(from: 0.02, through: 1, by: 0.02).map { try first(name, $0).sigma }
        #expect(zip(sigmas, sigmas.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("latents come out finite and near the picture", arguments: able)
    func runs(name: SchedulerName) throws {
        for strength in [0.013, 0.31, 0.52, 0.977] {
            var scheduler = try makeScheduler(
                name, configuration: .stableDiffusion, steps: 20, strength: strength,
                mode: .noiseLevel)
            let clean = Tensor([0.5, -1], shape: [1, 2])
            let noise = Tensor([1, -0.5], shape: [1, 2])
            let end = try denoise(
                scheduler.start(clean: clean, noise: noise), scheduler: &scheduler,
                denoiser: Knowing(clean: clean), noise: { _ in Tensor(zeros: [1, 2]) })
            #expect(zip(end.values, clean.values).allSatisfy { abs($0 - $1) < 0.15 })
        }
    }

    @Test("what is not possible is said")
    func refusals() throws {
        #expect(throws: SamplingError.self) { try first(.pndm, 0.5) }
        #expect(throws: SamplingError.noStepLeft(strength: 0, steps: 20)) { try first(.ddim, 0) }
    }

    @Test("ComfyUI and A1111's exact count run all steps", arguments: [0.1, 0.5, 1])
    func exactCounts(strength: Double) throws {
        for rule in [StepRule.comfy, .a1111Exact] {
            let scheduler = try makeScheduler(
                .euler, configuration: .stableDiffusion, steps: 20, strength: strength, rule: rule)
            #expect(scheduler.levels.count == 20)
        }
        #expect(try StepRule.comfy.scheduleSteps(for: 20, strength: 0.3) == 66)
        #expect(try StepRule.a1111Exact.scheduleSteps(for: 20, strength: 0.5) == 40)
        #expect(throws: SamplingError.self) {
            try makeScheduler(
                .euler, configuration: .stableDiffusion, steps: 20, strength: 0.001, rule: .comfy)
        }
    }
}

/// Knows the clean latents.
private struct Knowing: Denoiser {
    let clean: Tensor

    func callAsFunction(_ x: Tensor, at level: NoiseLevel) -> Tensor { clean }
}
