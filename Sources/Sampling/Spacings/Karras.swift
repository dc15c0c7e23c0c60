import Foundation

extension SigmaSpacing {
    /// Evenly in σ^(1/7) (Karras, Aittala, Aila & Laine 2022, equation 5).
    public static let karras = SigmaSpacing("karras", a1111: "Karras", aliases: ["k", "ka"]) {
        let rho = 7.0
        let first = pow($0.greatest, 1 / rho)
        let last = pow($0.least, 1 / rho)
        return TimestepSpacing.evenlySpaced(0, 1, $0.count).map { place in
            pow(first + place * (last - first), rho)
        }
    }
}
