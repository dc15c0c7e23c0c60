/// How the steps of a run are laid over those of training (Lin et al. 2024, table 2).
public enum TimestepSpacing: String, CaseIterable, Sendable {
    /// Every n-th from 0 on.
    case leading
    /// Evenly from 0 to the last.
    case linspace
    /// Every n-th from the last down.
    case trailing
}

extension TimestepSpacing {
    /// `count` timesteps of `total`, falling.
    /// - Parameters:
    ///   - offset: added to leading timesteps.
    ///   - usable: of `total`, how many may be used; the rest is cut off at the noisy end.
    ///   - omitsLast: lays out one more and leaves the last, which stands for the clean sample, out.
    func timesteps(
        _ count: Int, of total: Int, offset: Int, usable: Int? = nil, omitsLast: Bool = false
    ) -> [Double] {
        let usable = usable ?? total
        let points = omitsLast ? count + 1 : count
        let rising: [Double]
        switch self {
        case .leading:
            let step = usable / points
            rising = (0..<points).map { Double($0 * step + offset) }
        case .linspace:
            rising = Self.evenlySpaced(0, Double(usable - 1), points)
        case .trailing:
            // Rounding would give some counts, such as 61, one timestep too many, below 0.
            let start = Double(usable)
            let step = start - Double(total) / Double(count) - start
            return (0..<count).map { index in
                (start + Double(index) * step).rounded(.toNearestOrEven) - 1
            }.filter { $0 >= 0 }
        }
        return rising.reversed().dropLast(omitsLast ? 1 : 0)
    }

    /// `count` numbers from start to end, the end exact.
    static func evenlySpaced(_ start: Double, _ end: Double, _ count: Int) -> [Double] {
        guard count > 1 else { return [start] }
        let step = (end - start) / Double(count - 1)
        return (0..<count).map { $0 == count - 1 ? end : start + Double($0) * step }
    }
}
