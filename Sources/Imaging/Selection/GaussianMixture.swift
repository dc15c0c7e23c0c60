import Glibc

/// A mixture of Gaussians in colour, each with a full covariance (Rother, Kolmogorov & Blake 2004).
struct GaussianMixture {
    private struct Component {
        var mean: SIMD3<Float>
        /// The inverse of the covariance: xx, yy, zz, and twice xy, xz, yz.
        var diagonal: SIMD3<Float>
        var mixed: SIMD3<Float>
        /// Half the logarithm of its determinant, less the logarithm of the weight.
        var offset: Float
    }

    private var components: [Component] = []

    /// Fits a mixture to colours: clusters by k-means from spread-out starts, then a Gaussian for each.
    ///
    /// - Parameter count: the most components; fewer where there are fewer colours.
    init(_ colors: [SIMD3<Float>], count: Int = 5) {
        guard !colors.isEmpty else { return }
        var centers = Self.starts(colors, count)
        var groups = [Int](repeating: 0, count: colors.count)
        for _ in 0..<8 {
            var sums = [SIMD3<Float>](repeating: .zero, count: centers.count)
            var sizes = [Float](repeating: 0, count: centers.count)
            for (index, color) in colors.enumerated() {
                let group = Self.nearest(color, centers).index
                groups[index] = group
                sums[group] += color
                sizes[group] += 1
            }
            for group in centers.indices where sizes[group] > 0 {
                centers[group] = sums[group] / sizes[group]
            }
        }
        fit(colors, groups, centers.count)
    }

    /// The mixture with each colour in the component that suits it best, fitted anew.
    func refitted(to colors: [SIMD3<Float>]) -> GaussianMixture {
        guard !components.isEmpty, !colors.isEmpty else { return GaussianMixture(colors) }
        var mixture = self
        mixture.components = []
        mixture.fit(colors, colors.map { best($0).index }, components.count)
        return mixture
    }

    /// How badly a colour fits, as minus the logarithm of the density of its best component.
    func cost(_ color: SIMD3<Float>) -> Float {
        components.isEmpty ? 0 : best(color).cost
    }

    private func best(_ color: SIMD3<Float>) -> (index: Int, cost: Float) {
        var found = (index: 0, cost: Float.infinity)
        for (index, part) in components.enumerated() {
            let d = color - part.mean
            let square =
                (part.diagonal * d * d).sum()
                + (part.mixed * SIMD3(d.x * d.y, d.x * d.z, d.y * d.z)).sum()
            let cost = 0.5 * square + part.offset
            if cost < found.cost { found = (index, cost) }
        }
        return found
    }

    private mutating func fit(_ colors: [SIMD3<Float>], _ groups: [Int], _ count: Int) {
        var sums = [Sums](repeating: Sums(), count: count)
        for (color, group) in zip(colors, groups) { sums[group].add(SIMD3<Double>(color)) }
        components = sums.filter { $0.count > 0 }.map { $0.component(of: colors.count) }
    }

    /// Sums over the colours of a group.
    private struct Sums {
        var count = 0.0
        var sum = SIMD3<Double>.zero
        var squares = SIMD3<Double>.zero
        var products = SIMD3<Double>.zero

        mutating func add(_ c: SIMD3<Double>) {
            count += 1
            sum += c
            squares += c * c
            products += SIMD3(c.x * c.y, c.x * c.z, c.y * c.z)
        }

        /// The Gaussian of the group, one of several of `all` colours.
        func component(of all: Int) -> Component {
            let mean = sum / count
            // A little noise keeps flat colours from a singular matrix.
            let v =
                (squares / count - mean * mean).clamped(
                    lowerBound: .zero, upperBound: SIMD3(repeating: .infinity))
                + GaussianMixture.noise
            let c = products / count - SIMD3(mean.x * mean.y, mean.x * mean.z, mean.y * mean.z)
            let diagonal = SIMD3(
                v.y * v.z - c.z * c.z, v.x * v.z - c.y * c.y, v.x * v.y - c.x * c.x)
            let mixed = SIMD3(
                c.y * c.z - c.x * v.z, c.x * c.z - c.y * v.y, c.x * c.y - c.z * v.x)
            let determinant = v.x * diagonal.x + c.x * mixed.x + c.y * mixed.y
            return Component(
                mean: SIMD3<Float>(mean), diagonal: SIMD3<Float>(diagonal / determinant),
                mixed: SIMD3<Float>(2 * mixed / determinant),
                offset: Float(0.5 * log(determinant) - log(count / Double(all))))
        }
    }

    /// A variance that every direction has at least, in units of L*a*b* squared.
    private static let noise = 1.0

    /// Colours far from each other: each is the farthest from those before it.
    private static func starts(_ colors: [SIMD3<Float>], _ count: Int) -> [SIMD3<Float>] {
        var centers = [colors.reduce(.zero, +) / Float(colors.count)]
        var far = [Float](repeating: .infinity, count: colors.count)
        while centers.count < count {
            var best = (index: 0, distance: Float(-1))
            for (index, color) in colors.enumerated() {
                let d = color - (centers.last ?? .zero)
                far[index] = min(far[index], (d * d).sum())
                if far[index] > best.distance { best = (index, far[index]) }
            }
            guard best.distance > 0 else { break }
            centers.append(colors[best.index])
        }
        return centers
    }

    private static func nearest(
        _ color: SIMD3<Float>, _ centers: [SIMD3<Float>]
    ) -> (index: Int, distance: Float) {
        var found = (index: 0, distance: Float.infinity)
        for (index, center) in centers.enumerated() {
            let d = color - center
            let distance = (d * d).sum()
            if distance < found.distance { found = (index, distance) }
        }
        return found
    }
}
