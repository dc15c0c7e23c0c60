import Sampling
import Tensors
import Testing

@Suite("Solvers")
struct SolverTests {
    private let toy = GaussianDenoiser()

    /// The error at the last level before σ = 0, which is the same level for any number of steps.
    private func error(
        _ name: SchedulerName, steps: Int,
        configure: (inout SchedulerConfiguration) -> Void = { _ in }
    ) throws -> Float {
        var configuration = SchedulerConfiguration.stableDiffusion
        // Steps of ddim and pndm span the distance of leading timesteps only.
        configuration.timestepSpacing = [.ddim, .pndm].contains(name) ? .leading : .linspace
        configuration.sigmaSpacing = .karras
        configure(&configuration)
        let scheduler = try makeScheduler(name, configuration: configuration, steps: steps)
        let noise = Tensor([-1.3, -0.2, 0.7, 1.9], shape: [1, 4])
        var visited: [(x: Tensor, level: NoiseLevel)] = []
        let toy = toy
        let recorder = ClosureDenoiser { x, level in
            visited.append((x, level))
            return toy(x, at: level)
        }
        _ = try run(scheduler, from: scheduler.start(clean: nil, noise: noise), recorder)
        let first = try #require(visited.first)
        let last = try #require(visited.last)
        return zip(first.x.values, last.x.values).map { start, end in
            abs(end - toy.exact(start, from: first.level.sigma, to: last.level.sigma))
        }.max() ?? .infinity
    }

    @Test(
        "a quarter of the step gains what the order promises: 4, 16, 64",
        arguments: [
            (SchedulerName.ddim, 3.5), (.euler, 3.5), (.pndm, 8), (.heun, 14),
            (.dpmppMultistep, 14), (.unipc, 60), (.lms, 100),
        ])
    func convergence(name: SchedulerName, leastGain: Double) throws {
        // The first steps of pndm are of lower order and weigh more in a short run.
        let steps = name == .pndm ? 50 : 25
        let coarse = try error(name, steps: steps)
        let fine = try error(name, steps: 4 * steps)
        #expect(Double(coarse / fine) > leastGain, "\(coarse) to \(fine)")
        #expect(fine < (leastGain < 4 ? 0.05 : 0.005))
    }

    @Test("a first level of noise alone is left with noise as fresh as can be", arguments: 5...30)
    func pureNoise(steps: Int) throws {
        var configuration = SchedulerConfiguration.stableDiffusion
        configuration.rescaleBetasZeroSNR = true
        configuration.predictionType = .vPrediction
        configuration.timestepSpacing = .trailing
        let scheduler = try makeScheduler(
            .ddim, configuration: configuration, steps: steps, eta: 1)
        let noise = Tensor([-1.3, -0.2, 0.7, 1.9], shape: [1, 4])
        let still = ClosureDenoiser { x, _ in x.map { _ in 0.3 } }
        let x = try run(scheduler, from: scheduler.start(clean: nil, noise: noise), still).x
        #expect(!x.hasNonFiniteValues)
    }

    @Test("third order beats second")
    func thirdOrder() throws {
        for name in [SchedulerName.dpmppMultistep, .unipc] {
            let second = try error(name, steps: 60)
            let third = try error(name, steps: 60) { $0.solverOrder = 3 }
            #expect(third < second / 2, "\(name): \(second), \(third)")
        }
    }

    @Test("ddim without noise is euler on the same sigmas")
    func ddimIsEuler() throws {
        var configuration = SchedulerConfiguration.stableDiffusion
        configuration.finalSigma = .sigmaMin
        configuration.timestepSpacing = .leading
        configuration.stepsOffset = 0
        let noise = TorchRandomSource.values(64, seed: 5)
        let clean = TorchRandomSource.values(64, seed: 6)
        let model = ClosureDenoiser { x, level in x.map { 0.3 * $0 / (1 + level.sigma) + 0.1 } }
        let results = try [SchedulerName.ddim, .euler].map { name in
            let scheduler = try makeScheduler(
                name, configuration: configuration, steps: 20, strength: 0.8)
            let start = scheduler.start(clean: clean, noise: noise)
            return (try run(scheduler, from: start, model).x, scheduler.levels)
        }
        #expect(results[0].1 == results[1].1)
        // Both end at the sigma of training step 0, ddim with its signal scaled by √ᾱ.
        let scale = 1 / (1 + 0.00085 / (1 - 0.00085) as Float).squareRoot()
        for (alpha, sigma) in zip(results[0].0.values, results[1].0.values) {
            #expect(abs(alpha - sigma * scale) < 2e-5)
        }
    }

    @Test(
        "stochastic schedulers end in the right distribution",
        arguments: [SchedulerName.ddpm, .eulerAncestral, .ddim, .dpmppMultistep])
    func distribution(name: SchedulerName) throws {
        var configuration = SchedulerConfiguration.stableDiffusion
        configuration.algorithmType = "sde-dpmsolver++"
        configuration.timestepSpacing = .trailing
        let scheduler = try makeScheduler(
            name, configuration: configuration, steps: 500, eta: name == .ddim ? 1 : 0)
        let noise = TorchRandomSource.values(20_000, seed: 3)
        let (x, draws) = try run(scheduler, from: scheduler.start(clean: nil, noise: noise), toy)
        #expect(draws > 0)
        let (mean, deviation) = x.moments
        #expect(abs(mean - toy.mean) < 0.02)
        #expect(abs(deviation - toy.deviation) < 0.015)
    }

    @Test("lcm with an exact consistency function ends in the right distribution")
    func consistency() throws {
        let toy = toy
        let function = ClosureDenoiser { x, level in
            x.map { toy.exact($0, from: level.sigma, to: 0) }
        }
        let scheduler = try makeScheduler(.lcm, configuration: .stableDiffusion, steps: 4)
        let noise = TorchRandomSource.values(20_000, seed: 3)
        let (mean, deviation) = try run(
            scheduler, from: scheduler.start(clean: nil, noise: noise), function
        ).x.moments
        #expect(abs(mean - toy.mean) < 0.02)
        #expect(abs(deviation - toy.deviation) < 0.02)
    }

    @Test("a perfect estimate is returned exactly where the last sigma is 0")
    func perfectEstimate() throws {
        let clean = TorchRandomSource.values(32, seed: 8)
        let noise = TorchRandomSource.values(32, seed: 9)
        for name in [SchedulerName.euler, .heun, .lms, .dpmppMultistep, .unipc, .eulerAncestral] {
            let scheduler = try makeScheduler(
                name, configuration: .stableDiffusion, steps: 12, strength: 0.5, rule: .a1111)
            let start = scheduler.start(clean: clean, noise: noise)
            let x = try run(scheduler, from: start, ClosureDenoiser { _, _ in clean }).x
            for (a, b) in zip(x.values, clean.values) { #expect(abs(a - b) < 2e-6, "\(name)") }
        }
    }
}

extension TorchRandomSource {
    static func values(_ count: Int, seed: UInt64) -> Tensor {
        var source = TorchRandomSource(seed: seed)
        return source.normal([1, count])
    }
}

extension Tensor {
    /// Mean and standard deviation.
    var moments: (mean: Float, deviation: Float) {
        let mean = values.reduce(0, +) / Float(count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(count)
        return (mean, variance.squareRoot())
    }
}
