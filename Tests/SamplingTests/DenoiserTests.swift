import Sampling
import Tensors
import Testing

@Suite("Denoisers")
struct DenoiserTests {
    private let clean = Tensor([0.5, -0.25, 1, -1.5], shape: [1, 2, 2, 1])
    private let noise = Tensor([-1, 0.5, 2, 0.1], shape: [1, 2, 2, 1])
    private let level = NoiseLevel(sigma: 3, timestep: 700)

    @Test("a true answer of each kind gives the clean latents", arguments: PredictionType.allCases)
    func predictions(kind: PredictionType) throws {
        let root = Float(10).squareRoot()
        let answer =
            switch kind {
            case .epsilon: noise
            case .vPrediction: noise * (1 / root) - clean * (3 / root)
            case .sample: clean
            }
        let x = clean + noise * 3
        let denoiser = NetworkDenoiser(.variancePreserving(kind)) { scaled, timestep in
            #expect(timestep == 700)
            for (a, b) in zip(scaled.values, x.values) { #expect(abs(a - b / root) < 1e-6) }
            return answer
        }
        let found = try denoiser(x, at: level)
        for (a, b) in zip(found.values, clean.values) { #expect(abs(a - b) < 2e-6) }
    }

    @Test("a true velocity of rectified flow gives the clean latents, whose mixture is not scaled")
    func flow() throws {
        let level = NoiseLevel(sigma: 0.75, timestep: 750)
        let x = noise * 0.75 + clean * 0.25
        let denoiser = NetworkDenoiser(.flow) { input, timestep in
            #expect(timestep == 750)
            #expect(input == x)
            return noise - clean
        }
        let found = try denoiser(x, at: level)
        for (a, b) in zip(found.values, clean.values) { #expect(abs(a - b) < 1e-6) }
    }

    @Test(
        "guidance is one call of both branches, and the same for ε and the clean estimate",
        arguments: [7.5, 0.5, 0] as [Float])
    func guidance(scale: Float) throws {
        let rows = noise
        var shapes: [[Int]] = []
        let network = NetworkDenoiser(.variancePreserving(.epsilon)) { x, _ in
            shapes.append(x.shape)
            let without = x.sliced(axis: 0, 0..<1) * 0.2
            let with = x.sliced(axis: 0, 1..<2) * 0.5
            return .concatenated([without, with], axis: 0)
        }
        let found = try Guided(network, scale: scale)(rows, at: level)
        #expect(shapes == [[2, 2, 2, 1]])
        let scaled = rows * (1 / Float(10).squareRoot())
        let epsilon = scaled * 0.2 + (scaled * 0.5 - scaled * 0.2) * scale
        let expected = rows - epsilon * 3
        for (a, b) in zip(found.values, expected.values) { #expect(abs(a - b) < 1e-5) }
    }

    @Test("no second branch at a scale of 1")
    func unguided() throws {
        let network = ClosureDenoiser { x, _ in
            #expect(x.shape[0] == 1)
            return x * 2
        }
        #expect(try Guided(network, scale: 1)(noise, at: level) == noise * 2)
    }

    @Test("a masked estimate is the known latents outside, the model's inside")
    func masked() throws {
        let mask = Tensor([1, 0, 1, 0], shape: [1, 2, 2, 1])
        let scheduler = try makeScheduler(.euler, configuration: .stableDiffusion, steps: 1)
        let known = KnownRegion(clean: clean, noise: noise, mask: mask, scheduler: scheduler)
        let denoiser = Masked(ClosureDenoiser { x, _ in x }, known)
        #expect(try denoiser(noise, at: level).values == [-1, -0.25, 2, -1.5])
    }

    @Test(
        "for schedulers without noise, masking estimates and restoring the known region agree",
        arguments: [SchedulerName.euler, .ddim, .heun, .dpmppMultistep, .unipc])
    func rulesAgree(name: SchedulerName) throws {
        let clean = Tensor((0..<16).map { Float($0) / 8 - 1 }, shape: [1, 2, 2, 4])
        var source = TorchRandomSource(seed: 4)
        let noise = source.normal([1, 2, 2, 4])
        let mask = Tensor([1, 0, 0, 1], shape: [1, 2, 2, 1])
        var configuration = SchedulerConfiguration.stableDiffusion
        configuration.setAlphaToOne = true
        let scheduler = try makeScheduler(
            name, configuration: configuration, steps: 10, strength: 0.8)
        let start = scheduler.start(clean: clean, noise: noise)
        let model = GaussianDenoiser()

        let known = KnownRegion(clean: clean, noise: noise, mask: mask, scheduler: scheduler)
        let masked = try run(scheduler, from: start, Masked(model, known)).x
        var copy = scheduler
        let restored = try denoise(
            start, scheduler: &copy, denoiser: model, noise: { _ in noise },
            afterStep: { known.restored(in: $0, after: $1) })
        for (a, b) in zip(masked.values, restored.values) { #expect(abs(a - b) < 2e-5) }
        // Outside the mask the known latents come back bit for bit.
        #expect(restored.values[4..<12] == clean.values[4..<12])
    }
}
