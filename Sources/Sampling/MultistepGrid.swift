import Foundation

/// The grid of the exponential multistep solvers, dpmpp-2m and unipc: whole timesteps, laid out for
/// one step more than asked, whose last is the clean sample.
extension SchedulerPlan {
    func multistepGrid() -> SigmaGrid {
        var timesteps = timestepSpacing.timesteps(
            steps, of: configuration.trainTimesteps, offset: configuration.stepsOffset,
            usable: usableTimesteps, omitsLast: true
        ).map { $0.rounded(.toNearestOrEven) }
        var sigmas = timesteps.map(schedule.sigma(at:))
        let (greatest, least) = trainingRange
        var last = configuration.finalSigma == .zero ? 0 : least
        if let spaced = spacedSigmas(from: greatest, to: least) {
            sigmas = spaced
            timesteps = wholeTimesteps(ofSigmas: spaced)
            if name == .unipc && configuration.finalSigma == .sigmaMin { last = spaced[steps - 1] }
        }
        return SigmaGrid(
            sigmas: (sigmas + [last]).map { Float($0) }, timesteps: timesteps.map { Float($0) })
    }

    /// Rounded with Karras spacing, unless dpmpp-2m has a cosine schedule; otherwise cut off.
    private func wholeTimesteps(ofSigmas sigmas: [Double]) -> [Double] {
        let cosine = configuration.betaSchedule == .squaredCosine
        let rounds = sigmaSpacing == .karras && (name == .unipc || !cosine)
        return schedule.timesteps(ofSigmas: sigmas)
            .map { $0.rounded(rounds ? .toNearestOrEven : .towardZero) }
    }

    /// Training steps with λ = ln(α/σ) = −ln σ at or above `lambda_min_clipped`.
    private var usableTimesteps: Int {
        guard name == .dpmppMultistep else { return configuration.trainTimesteps }
        return schedule.sigmas.count { -log(Double($0)) >= configuration.lambdaMinClipped }
    }
}
