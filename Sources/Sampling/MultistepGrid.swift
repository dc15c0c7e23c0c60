import Foundation

/// The grid of the exponential multistep solvers: whole timesteps, laid out for one step more than
/// asked, whose last is the clean sample.
extension SchedulerPlan {
    /// - Parameters:
    ///   - usable: how many training steps may be used, from the clean end; nil is all.
    ///   - roundsKarras: whether timesteps of Karras spacing are rounded; those of others are cut off.
    ///   - endsAtSpaced: whether `final_sigmas_type` `sigma_min` means the last of spaced sigmas.
    func multistepGrid(
        usable: Int? = nil, roundsKarras: Bool = true, endsAtSpaced: Bool = false
    ) -> SigmaGrid {
        var timesteps = timestepSpacing.timesteps(
            steps, of: configuration.trainTimesteps, offset: configuration.stepsOffset,
            usable: usable, omitsLast: true
        ).map { $0.rounded(.toNearestOrEven) }
        var sigmas = timesteps.map(schedule.sigma(at:))
        var last = configuration.finalSigma == .zero ? 0 : trainingRange.least
        if let spaced = spacedSigmas(within: trainingRange) {
            sigmas = spaced
            let rounds = sigmaSpacing == .karras && roundsKarras
            timesteps = self.timesteps(
                ofSpaced: spaced, rounding: rounds ? .toNearestOrEven : .towardZero)
            if endsAtSpaced, configuration.finalSigma == .sigmaMin, let end = spaced.last {
                last = end
            }
        }
        return SigmaGrid(
            sigmas: (sigmas + [last]).map { Float($0) }, timesteps: timesteps.map { Float($0) })
    }
}
