import Foundation

extension SigmaSpacing {
    /// Along a power of the way in ln σ (Crowson 2022, k-diffusion's `get_sigmas_polyexponential`). Its
    /// power is A1111's default, 1, with which it is exponential spacing.
    public static let polyexponential = SigmaSpacing(
        "polyexponential", a1111: "Polyexponential"
    ) { range in
        let power = 1.0
        let (first, last) = (log(range.greatest), log(range.least))
        return TimestepSpacing.evenlySpaced(1, 0, range.count).map { place in
            exp(pow(place, power) * (first - last) + last)
        }
    }
}
