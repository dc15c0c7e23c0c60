import Sampling
import Tensors
import Testing

@Suite("The denoising loop")
struct DenoiseTests {
    private struct Cancelled: Error {}

    private let noise = Tensor([0.4, -1.1, 0.9, 0.2], shape: [1, 1, 2, 2])

    private func scheduler(_ name: SchedulerName, eta: Float = 0) throws -> any Scheduler {
        try makeScheduler(name, configuration: .stableDiffusion, steps: 8, eta: eta)
    }

    @Test("the model is asked once for each level, in order", arguments: SchedulerName.allCases)
    func levels(name: SchedulerName) throws {
        let scheduler = try scheduler(name)
        var asked: [NoiseLevel] = []
        let model = ClosureDenoiser { x, level in
            asked.append(level)
            return x.map { $0 / (1 + level.sigma) }
        }
        _ = try run(scheduler, from: scheduler.start(clean: nil, noise: noise), model)
        #expect(asked == scheduler.levels)
    }

    @Test(
        "noise is drawn when diffusers draws it",
        arguments: [
            (SchedulerName.ddim, Float(0), 0), (.ddim, 0.5, 8), (.ddpm, 0, 8), (.euler, 0, 0),
            (.eulerAncestral, 0, 8), (.dpmppMultistep, 0, 0), (.heun, 0, 0), (.lms, 0, 0),
            (.unipc, 0, 0), (.pndm, 0, 0), (.lcm, 0, 7), (.dpmppMultistepSDE, 0, 8),
            (.dpmppMultistepSDE3, 0, 7), (.dpmppSDE, 0, 14), (.dpmppAncestral, 0, 7), (.deis, 0, 0),
            (.tcd, 0, 0), (.tcd, 0.3, 7),
        ])
    func draws(name: SchedulerName, eta: Float, expected: Int) throws {
        let scheduler = try scheduler(name, eta: eta)
        let start = scheduler.start(clean: nil, noise: noise)
        #expect(try run(scheduler, from: start, GaussianDenoiser()).draws == expected)
    }

    @Test("ddpm draws none at timestep 0")
    func lastDraw() throws {
        var configuration = SchedulerConfiguration.stableDiffusion
        configuration.stepsOffset = 0
        let scheduler = try makeScheduler(.ddpm, configuration: configuration, steps: 8)
        let start = scheduler.start(clean: nil, noise: noise)
        #expect(try run(scheduler, from: start, GaussianDenoiser()).draws == 7)
    }

    @Test("The estimate is the result once it is enough", arguments: SchedulerName.allCases)
    func enough(name: SchedulerName) throws {
        var scheduler = try scheduler(name)
        let start = scheduler.start(clean: nil, noise: noise)
        var estimates: [Tensor] = []
        let model = ClosureDenoiser { x, level in
            let estimate = x.map { $0 / (1 + level.sigma) }
            estimates.append(estimate)
            return estimate
        }
        var restored: [Int] = []
        let result = try denoise(
            start, scheduler: &scheduler, denoiser: model, noise: { _ in noise },
            afterStep: { x, index in
                restored.append(index)
                return x
            },
            isEnough: { estimates.count == 3 })
        #expect(estimates.count == 3 && result.values == estimates.last?.values)
        #expect(restored.last == scheduler.levels.count - 1)
    }

    @Test("an error from any closure ends the run")
    func cancelling() throws {
        var steps = 0
        var euler = try scheduler(.euler)
        #expect(throws: Cancelled.self) {
            _ = try denoise(
                noise, scheduler: &euler, denoiser: GaussianDenoiser(), noise: { _ in noise },
                afterStep: { x, index in
                    steps += 1
                    if index == 2 { throw Cancelled() }
                    return x
                })
        }
        #expect(steps == 3)
        var ancestral = try scheduler(.eulerAncestral)
        #expect(throws: Cancelled.self) {
            _ = try denoise(
                noise, scheduler: &ancestral, denoiser: GaussianDenoiser(),
                noise: { _ in throw Cancelled() })
        }
        #expect(throws: Cancelled.self) {
            _ = try run(
                try scheduler(.ddim), from: noise, ClosureDenoiser { _, _ in throw Cancelled() })
        }
    }

    @Test("NaN names the step", arguments: SchedulerName.allCases)
    func notFinite(name: SchedulerName) throws {
        let scheduler = try scheduler(name)
        var calls = 0
        let model = ClosureDenoiser { x, _ in
            calls += 1
            return calls == 3 ? x.map { _ in .nan } : x * 0.5
        }
        let expected = SamplingError.notFinite(step: 3, of: scheduler.levels.count)
        #expect(throws: expected) { _ = try run(scheduler, from: noise, model) }
        #expect(expected.description.hasPrefix("NaN at step 3 of "))
    }

    @Test("what afterStep answers is what the next step starts from")
    func replacing() throws {
        var euler = try scheduler(.euler)
        var inputs: [Tensor] = []
        let model = ClosureDenoiser { x, _ in
            inputs.append(x)
            return x
        }
        let result = try denoise(
            noise, scheduler: &euler, denoiser: model, noise: { _ in noise },
            afterStep: { x, index in x.map { _ in Float(index) } })
        #expect(inputs.dropFirst().map { $0.values[0] } == [0, 1, 2, 3, 4, 5, 6])
        #expect(result.values == [7, 7, 7, 7])
    }
}
