import Foundation

/// How sigmas are spread between the first and the last.
public enum SigmaSpacing: String, CaseIterable, Sendable {
    /// Where the timesteps put them.
    case `default`
    /// Evenly in σ^(1/7) (Karras et al. 2022, equation 5).
    case karras
    /// Evenly in ln σ.
    case exponential
}

extension SigmaSpacing {
    /// `count` sigmas from `greatest` to `least`; nil for the default spacing, which has no formula.
    func sigmas(from greatest: Double, to least: Double, count: Int) -> [Double]? {
        switch self {
        case .default: nil
        case .karras: Self.karrasSigmas(from: greatest, to: least, count: count)
        case .exponential: Self.exponentialSigmas(from: greatest, to: least, count: count)
        }
    }

    /// Evenly spaced in ln σ.
    static func exponentialSigmas(from greatest: Double, to least: Double, count: Int) -> [Double] {
        TimestepSpacing.evenlySpaced(log(greatest), log(least), count).map { exp($0) }
    }

    /// Evenly spaced in σ^(1/ρ), ρ = 7.
    private static func karrasSigmas(
        from greatest: Double, to least: Double, count: Int
    ) -> [Double] {
        let rho = 7.0
        let first = pow(greatest, 1 / rho)
        let last = pow(least, 1 / rho)
        return TimestepSpacing.evenlySpaced(0, 1, count).map { place in
            pow(first + place * (last - first), rho)
        }
    }
}
