import Foundation

/// A request for a scheduler, checked: what all schedulers are built from.
struct SchedulerPlan {
    let name: SchedulerName
    let configuration: SchedulerConfiguration
    let schedule: NoiseSchedule
    let steps: Int
    let rule: StepRule
    let sigmaSpacing: SigmaSpacing
    let timestepSpacing: TimestepSpacing
    /// Steps that strength leaves out.
    let skippedSteps: Int
    /// How far the start is from the first level kept towards the next, 0..<1.
    let startFraction: Double
    /// Share of ddpm's noise that ddim adds, and its like, 0...1.
    let eta: Float

    init(
        _ name: SchedulerName, configuration: SchedulerConfiguration, steps: Int,
        strength: Double?, rule: StepRule, mode: StrengthMode = .steps, sigmas: SigmaSpacing?,
        timestepSpacing: TimestepSpacing?, eta: Float
    ) throws {
        let traits = name.traits
        let most = traits.stepLimit(configuration)
        guard (1...most).contains(steps) else {
            throw SamplingError.steps(steps, scheduler: name, most: most)
        }
        let total = mode == .steps ? try rule.scheduleSteps(for: steps, strength: strength) : steps
        guard total <= most else {
            throw SamplingError.unsupported(
                scheduler: name, setting: "a schedule of \(total) steps, of which \(steps) run",
                advice: "use fewer steps or more strength")
        }
        try name.check(
            mode: mode, sigmas: sigmas, timestepSpacing: timestepSpacing, eta: eta)
        try Self.checkSwitches(of: configuration, for: name)
        self.name = name
        self.configuration = configuration
        self.schedule = try NoiseSchedule(configuration, for: name)
        self.steps = total
        self.rule = rule
        self.eta = eta
        let automatic = timestepSpacing == nil ? traits.automaticSigmas(rule) : nil
        let configured = traits.defaults.readsSigmaSpacing ? configuration.sigmaSpacing : .default
        self.sigmaSpacing = sigmas ?? automatic ?? configured
        self.timestepSpacing =
            timestepSpacing ?? configuration.timestepSpacing ?? traits.defaults.timestepSpacing
        (skippedSteps, startFraction) =
            mode == .noiseLevel
            ? try StepRule.levelStart(of: steps, strength: strength)
            : (try rule.skippedSteps(of: steps, strength: strength), 0)
    }

    /// What clean estimates are clipped to, if they are.
    var clip: ClosedRange<Float>? {
        guard let byDefault = name.traits.defaults.clipSample,
            configuration.clipSample ?? byDefault
        else { return nil }
        let bound = Float(configuration.clipSampleRange)
        return -bound...bound
    }

    private static func checkSwitches(
        of configuration: SchedulerConfiguration, for name: SchedulerName
    ) throws {
        if configuration.thresholding && name.traits.defaults.thresholds {
            throw SamplingError.unsupported(
                scheduler: name, setting: "thresholding",
                advice: "set it to false in scheduler_config.json; it is not meant for latents")
        }
        if let setting = configuration.unsupportedSwitches.first,
            name.traits.settings.contains(.sigmas), name.traits.defaults.readsSigmaSpacing
        {
            throw SamplingError.unsupported(
                scheduler: name, setting: setting,
                advice: "set it to false in scheduler_config.json, or choose karras or exponential")
        }
    }
}

extension SchedulerName {
    /// Refuses the settings that the scheduler does not have.
    fileprivate func check(
        mode: StrengthMode, sigmas: SigmaSpacing?, timestepSpacing: TimestepSpacing?, eta: Float
    ) throws {
        func refuse(_ setting: String, _ advice: String) -> SamplingError {
            .unsupported(scheduler: self, setting: setting, advice: advice)
        }
        func others(_ setting: SchedulerSetting) -> String { Self.having(setting).names }
        let settings = traits.settings
        if eta != 0, !settings.contains(.eta) {
            throw refuse("eta", "use \(others(.eta)), or leave eta at 0")
        }
        if timestepSpacing != nil, !settings.contains(.timestepSpacing) {
            throw refuse("timestep_spacing", "leave it out: \(rawValue) has its own")
        }
        if mode == .noiseLevel, !settings.contains(.noiseLevel) {
            throw refuse("strength_mode noise-level", "its steps must be equal; use ddim")
        }
        if let sigmas, sigmas != .default, !settings.contains(.sigmas) {
            throw refuse("\(sigmas) sigmas", "use \(others(.sigmas))")
        }
    }
}

// MARK: - Steps from σ to σ

extension SchedulerPlan {
    /// Sigmas and timesteps before truncation; sigmas hold one more, the level after the last step.
    struct SigmaGrid {
        var sigmas: [Float]
        var timesteps: [Float]
    }

    /// The grid of the samplers after Karras et al.: timesteps may lie between training steps, and
    /// spaced sigmas run between the first and last that those timesteps have.
    ///
    /// - Parameters:
    ///   - range: the first and last of spaced sigmas in place of those.
    ///   - readsBounds: whether `sigma_min` and `sigma_max` bound spaced sigmas.
    func karrasGrid(
        within range: (greatest: Double, least: Double)? = nil, readsBounds: Bool = true
    ) -> SigmaGrid {
        var timesteps = timestepSpacing.timesteps(
            steps, of: configuration.trainTimesteps, offset: configuration.stepsOffset
        ).map { Double(Float($0)) }
        var sigmas = timesteps.map(schedule.sigma(at:))
        let range = range ?? (sigmas[0], sigmas[sigmas.count - 1])
        if let spaced = spacedSigmas(within: range, readsBounds: readsBounds) {
            sigmas = spaced
            timesteps = self.timesteps(ofSpaced: spaced)
        }
        return SigmaGrid(
            sigmas: sigmas.map { Float($0) } + [0], timesteps: timesteps.map { Float($0) })
    }

    /// The grid with its first kept level moved to where the start is, between it and the next: even
    /// in ln σ, and straight down to a clean end.
    func startingBetween(_ grid: SigmaGrid) -> SigmaGrid {
        guard startFraction > 0, skippedSteps + 1 < grid.sigmas.count else { return grid }
        let from = Double(grid.sigmas[skippedSteps])
        let to = Double(grid.sigmas[skippedSteps + 1])
        let sigma = to > 0 ? from * pow(to / from, startFraction) : from * (1 - startFraction)
        var grid = grid
        grid.sigmas[skippedSteps] = Float(sigma)
        grid.timesteps[skippedSteps] = Float(schedule.timesteps(ofSigmas: [sigma])[0])
        return grid
    }

    /// The same for whole timesteps.
    func startingBetween(_ timesteps: [Int]) -> [Int] {
        guard startFraction > 0, skippedSteps < timesteps.count else { return timesteps }
        let from = Double(timesteps[skippedSteps])
        let next = skippedSteps + 1 < timesteps.count ? Double(timesteps[skippedSteps + 1]) : 0
        var timesteps = timesteps
        timesteps[skippedSteps] = Int((from + (next - from) * startFraction).rounded())
        return timesteps
    }

    /// The sigmas of the last and the first training step.
    var trainingRange: (greatest: Double, least: Double) {
        (Double(schedule.sigmas[schedule.sigmas.count - 1]), Double(schedule.sigmas[0]))
    }

    /// Some classes of diffusers read `sigma_min` and `sigma_max`, but not with Karras spacing.
    var readsBoundsUnlessKarras: Bool { sigmaSpacing != .karras || rule != .diffusers }

    /// Sigmas spaced by formula, or nil where the timesteps place them. Programs other than diffusers
    /// space them over the whole of training.
    func spacedSigmas(
        within range: (greatest: Double, least: Double), readsBounds: Bool = true
    ) -> [Double]? {
        let (greatest, least) = rule == .diffusers ? range : trainingRange
        let discarded = name.traits.discardsLast.contains(rule) ? 1 : 0
        let sigmas = sigmaSpacing.place?(
            SigmaRange(
                greatest: readsBounds ? configuration.sigmaMax ?? greatest : greatest,
                least: readsBounds ? configuration.sigmaMin ?? least : least,
                count: steps + discarded, schedule: schedule, rule: rule,
                isXL: configuration.isForXL))
        return sigmas.map { Array($0.dropLast(discarded)) }
    }

    /// The timesteps that the network is shown at spaced sigmas: between training steps with
    /// diffusers and A1111, the nearest training step with ComfyUI.
    ///
    /// - Parameter rounding: how diffusers' class makes them whole, if it does.
    func timesteps(
        ofSpaced sigmas: [Double], rounding: FloatingPointRoundingRule? = nil
    ) -> [Double] {
        guard rule != .comfy else { return schedule.nearestTimesteps(ofSigmas: sigmas) }
        let exact = schedule.timesteps(ofSigmas: sigmas)
        guard rule == .diffusers, let rounding else { return exact }
        return exact.map { $0.rounded(rounding) }
    }

    /// A trajectory in sigma space. Pure noise starts at the greatest sigma, with diffusers' leading
    /// timesteps and ComfyUI at the variance of noised latents.
    func sigmaSpaceTrajectory(_ grid: SigmaGrid) throws -> Trajectory {
        let greatest = grid.sigmas.max() ?? 0
        let keepsVariance =
            rule == .comfy || (timestepSpacing == .leading && rule == .diffusers)
        return Trajectory(
            sigmas: grid.sigmas, timesteps: grid.timesteps, space: .sigma,
            initialNoiseSigma: keepsVariance ? (greatest * greatest + 1).squareRoot() : greatest,
            skipped: try skipped(of: grid.timesteps.count))
    }

    /// A trajectory over sigmas in alpha space.
    func alphaSpaceTrajectory(_ grid: SigmaGrid) throws -> Trajectory {
        // Where A1111 starts from noise alone, it starts from σ·n, which is a little less.
        let greatest = grid.sigmas.max() ?? 0
        return Trajectory(
            sigmas: grid.sigmas, timesteps: grid.timesteps, space: .alpha,
            initialNoiseSigma: rule.isA1111 ? greatest * greatest.signalScale : 1,
            skipped: try skipped(of: grid.timesteps.count))
    }

    /// Evaluations that strength leaves out.
    private func skipped(of evaluations: Int) throws -> Int {
        let skipped = skippedSteps * name.traits.evaluationsPerStep
        guard skipped < evaluations else {
            throw SamplingError.noStepLeft(
                strength: 1 - Double(skippedSteps) / Double(steps), steps: steps)
        }
        return skipped
    }
}

// MARK: - Steps from timestep to timestep

extension SchedulerPlan {
    /// Whole timesteps, before truncation.
    func wholeTimesteps() -> [Int] {
        timestepSpacing.timesteps(
            steps, of: configuration.trainTimesteps, offset: configuration.stepsOffset
        ).map { Int($0.rounded(.toNearestOrEven)) }
    }

    /// A trajectory in alpha space over whole timesteps.
    /// - Throws: where a timestep is outside training, or has no signal that ε could be
    ///   separated from.
    func alphaSpaceTrajectory(_ timesteps: [Int]) throws -> Trajectory {
        let total = configuration.trainTimesteps
        if let outside = timesteps.first(where: { !(0..<total).contains($0) }) {
            throw SamplingError.timestep(outside, scheduler: name, trainTimesteps: total)
        }
        let trajectory = Trajectory(
            alphasCumprod: schedule.alphasCumprod, timesteps: timesteps,
            skipped: try skipped(of: timesteps.count))
        if configuration.predictionType == .epsilon, trajectory.signal.contains(0) {
            throw SamplingError.unsupported(
                scheduler: name, setting: "rescale_betas_zero_snr with epsilon prediction",
                advice: "use leading timesteps, or a model with v_prediction")
        }
        return trajectory
    }

    /// ᾱ at a timestep; before the first, that of a clean sample or of training step 0.
    func alphaCumprod(_ timestep: Int) -> Float {
        guard timestep < 0 else { return schedule.alphasCumprod[timestep] }
        let endsClean = configuration.setAlphaToOne ?? name.traits.defaults.setAlphaToOne
        return endsClean ? 1 : schedule.alphasCumprod[0]
    }
}
