import Foundation

/// The noise levels of a model's training, by timestep.
///
/// Numbers are rounded where diffusers rounds them: β in single precision, ᾱ accumulated in double
/// and stored in single.
struct NoiseSchedule: Sendable, Equatable {
    /// ᾱ = Π (1 − β), falling.
    let alphasCumprod: [Float]
    /// σ = √((1 − ᾱ) / ᾱ), rising.
    let sigmas: [Float]

    init(_ configuration: SchedulerConfiguration, for name: SchedulerName) throws {
        var betas = try Self.betas(configuration, for: name)
        let rescales = configuration.rescaleBetasZeroSNR && name.traits.defaults.rescalesBetas
        if rescales { betas = Self.rescaledToZeroSNR(betas) }
        var cumulative = Self.cumulativeProduct(of: betas.map { 1 - $0 })
        // Without a signal sigma would be infinite; this way it ends at 4096.
        if rescales && name.traits.stepsInSigma { cumulative[cumulative.count - 1] = 0x1p-24 }
        alphasCumprod = cumulative
        sigmas = cumulative.map { ((1 - $0) / $0).squareRoot() }
        // Only those that step in timesteps get on with a level that is noise alone.
        let isUsable = cumulative.allSatisfy {
            $0 < 1 && (name.traits.stepsInSigma ? $0 > 0 : $0 >= 0)
        }
        guard isUsable else {
            throw SamplingError.configuration(
                key: configuration.trainedBetas == nil ? "beta_start, beta_end" : "trained_betas",
                found: "such that a level has no noise or no signal",
                expected: "variances above 0 and below 1")
        }
    }

    private static func betas(
        _ configuration: SchedulerConfiguration, for name: SchedulerName
    ) throws -> [Float] {
        let count = configuration.trainTimesteps
        if let trained = configuration.trainedBetas {
            guard trained.count == count else {
                throw SamplingError.configuration(
                    key: "trained_betas", found: "a list of \(trained.count)",
                    expected: "\(count) numbers, one for each of num_train_timesteps")
            }
            return trained.map { Float($0) }
        }
        let start = configuration.betaStart ?? name.traits.defaults.betaStart
        let end = configuration.betaEnd ?? name.traits.defaults.betaEnd
        switch configuration.betaSchedule ?? name.traits.defaults.betaSchedule {
        case .linear:
            return evenlySpaced(Float(start), Float(end), count)
        case .scaledLinear:
            return evenlySpaced(Float(start.squareRoot()), Float(end.squareRoot()), count)
                .map { $0 * $0 }
        case .squaredCosine:
            return squaredCosine(count)
        }
    }

    /// `count` numbers from start to end; each half is measured from its own end.
    private static func evenlySpaced(_ start: Float, _ end: Float, _ count: Int) -> [Float] {
        guard count > 1 else { return [start] }
        let step = (end - start) / Float(count - 1)
        return (0..<count).map { index in
            index < count / 2
                ? start.addingProduct(step, Float(index))
                : end.addingProduct(-step, Float(count - 1 - index))
        }
    }

    /// β from ᾱ(t) = cos²((t + 0.008) / 1.008 · π/2) (Nichol & Dhariwal 2021, equation 17), at most
    /// 0.999.
    private static func squaredCosine(_ count: Int) -> [Float] {
        func alphaBar(_ time: Double) -> Double {
            let cosine = cos((time + 0.008) / 1.008 * Double.pi / 2)
            return cosine * cosine
        }
        return (0..<count).map { index in
            let now = alphaBar(Double(index) / Double(count))
            let next = alphaBar(Double(index + 1) / Double(count))
            return Float(min(1 - next / now, 0.999))
        }
    }

    /// √ᾱ shifted and stretched so that it ends at 0 and starts where it did (Lin et al. 2024,
    /// algorithm 1).
    private static func rescaledToZeroSNR(_ betas: [Float]) -> [Float] {
        var roots = cumulativeProduct(of: betas.map { 1 - $0 }).map { $0.squareRoot() }
        let first = roots[0]
        let last = roots[roots.count - 1]
        roots = roots.map { ($0 - last) * (first / (first - last)) }
        let cumulative = roots.map { $0 * $0 }
        let alphas = [cumulative[0]] + zip(cumulative.dropFirst(), cumulative).map { $0 / $1 }
        return alphas.map { 1 - $0 }
    }

    private static func cumulativeProduct(of factors: [Float]) -> [Float] {
        var product = 1.0
        return factors.map { factor in
            product *= Double(factor)
            return Float(product)
        }
    }
}

extension NoiseSchedule {
    /// σ at a timestep, linear between training steps, held at both ends.
    func sigma(at timestep: Double) -> Double {
        let place = min(max(timestep, 0), Double(sigmas.count - 1))
        let low = Int(place)
        guard low + 1 < sigmas.count else { return Double(sigmas[low]) }
        let start = Double(sigmas[low])
        return (Double(sigmas[low + 1]) - start) * (place - Double(low)) + start
    }

    /// σ at a timestep, ln σ linear between training steps, held at both ends.
    func sigma(atLogOf timestep: Double) -> Double {
        let place = min(max(timestep, 0), Double(sigmas.count - 1))
        let low = Int(place)
        guard low + 1 < sigmas.count, place > Double(low) else { return Double(sigmas[low]) }
        let share = place - Double(low)
        return exp(log(Double(sigmas[low])) * (1 - share) + log(Double(sigmas[low + 1])) * share)
    }

    /// The training steps whose ln σ is nearest.
    func nearestTimesteps(ofSigmas targets: [Double]) -> [Double] {
        let logs = sigmas.map { log(Double($0)) }
        return targets.map { target in
            let target = log(max(target, 1e-10))
            return Double(logs.indices.min { abs(logs[$0] - target) < abs(logs[$1] - target) } ?? 0)
        }
    }

    /// The timesteps where training had these sigmas, linear in ln σ, held at both ends.
    func timesteps(ofSigmas targets: [Double]) -> [Double] {
        guard sigmas.count > 1 else { return targets.map { _ in 0 } }
        let logs = sigmas.map { Float(log(Double($0))) }
        return targets.map { target in
            let target = log(max(target, 1e-10))
            let below = logs.lastIndex { Double($0) <= target } ?? 0
            let low = min(below, logs.count - 2)
            let weight = (Double(logs[low]) - target) / Double(logs[low] - logs[low + 1])
            return Double(low) + min(max(weight, 0), 1)
        }
    }
}
