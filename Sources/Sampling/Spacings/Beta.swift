import Foundation

extension SigmaSpacing {
    /// At the quantiles of a beta distribution with both parameters 0.6, dense at both ends (Lee et al.
    /// 2024, "Beta Sampling is All You Need"): of σ with diffusers and A1111, of the timestep with
    /// ComfyUI, which leaves out timesteps that come twice.
    public static let beta = SigmaSpacing("beta", a1111: "Beta") { range in
        let quantile = BetaQuantile(0.6, 0.6)
        guard range.rule == .comfy else {
            return TimestepSpacing.evenlySpaced(1, 0, range.count).map { share in
                range.least + quantile(share) * (range.greatest - range.least)
            }
        }
        let sigmas = range.schedule.sigmas
        var levels: [Double] = []
        for index in 0..<range.count {
            let share = 1 - Double(index) / Double(range.count)
            let timestep = (quantile(share) * Double(sigmas.count - 1)).rounded(.toNearestOrEven)
            let sigma = Double(sigmas[Int(timestep)])
            if levels.last != sigma { levels.append(sigma) }
        }
        return levels
    }
}

/// The inverse of the regularized incomplete beta function I_x(a, b).
struct BetaQuantile {
    private let a: Double
    private let b: Double
    /// ln of 1 / B(a, b).
    private let logScale: Double

    init(_ a: Double, _ b: Double) {
        (self.a, self.b) = (a, b)
        logScale = lgamma(a + b) - lgamma(a) - lgamma(b)
    }

    /// The x at which I_x is `share`, 0...1, by bisection to the last bit; the middle of a symmetric
    /// distribution is exact.
    func callAsFunction(_ share: Double) -> Double {
        guard share > 0, share < 1 else { return share <= 0 ? 0 : 1 }
        if a == b, share == 0.5 { return 0.5 }
        var (low, high) = (0.0, 1.0)
        while true {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { return middle }
            if cumulative(middle) < share { low = middle } else { high = middle }
        }
    }

    /// I_x(a, b), by the continued fraction of DLMF 8.17.22 on the side where it is quick.
    private func cumulative(_ x: Double) -> Double {
        let front = exp(logScale + a * log(x) + b * log1p(-x))
        return x < (a + 1) / (a + b + 2)
            ? front * Self.fraction(x, a, b) / a
            : 1 - front * Self.fraction(1 - x, b, a) / b
    }

    /// The continued fraction, evaluated by Lentz's method (1976).
    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        var c = 1.0
        var d = 1 / max(abs(1 - (a + b) * x / (a + 1)), tiny)
        if 1 - (a + b) * x / (a + 1) < 0 { d = -d }
        var value = d
        for m in 1...500 {
            let m = Double(m)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            for step in [even, odd] {
                d = 1 / (1 + step * d)
                c = 1 + step / c
                value *= c * d
            }
            if abs(c * d - 1) < 1e-16 { break }
        }
        return value
    }
}
