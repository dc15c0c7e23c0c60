import Sampling
import Testing

@Suite("Spacings of sigmas")
struct SpacingTests {
    private static let spaced = SigmaSpacing.allCases.filter { $0 != .default }

    private func sigmas(
        _ spacing: SigmaSpacing, _ steps: Int, _ rule: StepRule = .diffusers,
        _ change: (inout SchedulerConfiguration) -> Void = { _ in }
    ) throws -> [Float] {
        var configuration = SchedulerConfiguration.stableDiffusion
        change(&configuration)
        return try makeScheduler(
            .euler, configuration: configuration, steps: steps, rule: rule, sigmas: spacing
        ).levels.map(\.sigma)
    }

    @Test("levels fall, by every rule", arguments: spaced, StepRule.allCases)
    func falling(spacing: SigmaSpacing, rule: StepRule) throws {
        for steps in [1, 2, 3, 10, 37, 120] {
            let found = try sigmas(spacing, steps, rule)
            #expect(zip(found, found.dropFirst()).allSatisfy { $0 > $1 }, "\(steps)")
            // Where timesteps come twice ComfyUI takes them once.
            #expect(rule == .comfy && spacing == .beta || found.count == steps)
            #expect(found.allSatisfy { $0 > 0 && $0 < 14.7 })
        }
    }

    /// The spacing has fewer levels than there are steps.
    @Test(arguments: [SchedulerName.euler, .unipc])
    func lastLevelOfTrainingBehindFewerLevels(_ name: SchedulerName) throws {
        var configuration = SchedulerConfiguration.stableDiffusion
        configuration.finalSigma = .sigmaMin
        let found = try makeScheduler(
            name, configuration: configuration, steps: 900, rule: .comfy, sigmas: .beta)
        #expect((100..<900).contains(found.levels.count))
    }

    @Test("ten steps are the published ones")
    func aligned() throws {
        let published: [Float] = [
            14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152,
        ]
        for (a, b) in zip(try sigmas(.alignYourSteps, 10), published) { #expect(abs(a - b) < 1e-5) }
        let other = try sigmas(.alignYourSteps, 10) { $0.isForXL = true }
        #expect(abs(other[1] - 6.315) < 1e-5)
        // A1111's eleven steps are the whole list.
        #expect(abs((try sigmas(.alignYourSteps, 11, .a1111).last ?? 0) - 0.029) < 1e-6)
    }

    @Test("ComfyUI's beta spacing takes training levels at the quantiles of scipy's beta.ppf")
    func betaOfComfy() throws {
        var timesteps: [Float] = []
        let scheduler = try makeScheduler(
            .euler, configuration: .stableDiffusion, steps: 8, rule: .comfy, sigmas: .beta)
        timesteps = scheduler.levels.map(\.timestep)
        #expect(timesteps == Self.betaTimesteps)
    }

    /// `numpy.rint(scipy.stats.beta.ppf(1 - numpy.linspace(0, 1, 8, endpoint=False), 0.6, 0.6) * 999)`
    private static let betaTimesteps: [Float] = [999, 942, 823, 670, 500, 329, 176, 57]
}
