import Foundation

extension SigmaSpacing {
    /// Evenly in ln σ.
    public static let exponential = SigmaSpacing(
        "exponential", a1111: "Exponential", aliases: ["exp"]
    ) {
        exponentialSigmas(from: $0.greatest, to: $0.least, count: $0.count)
    }

    /// `count` sigmas, evenly spaced in ln σ.
    static func exponentialSigmas(from greatest: Double, to least: Double, count: Int) -> [Double] {
        TimestepSpacing.evenlySpaced(log(greatest), log(least), count).map { exp($0) }
    }
}
