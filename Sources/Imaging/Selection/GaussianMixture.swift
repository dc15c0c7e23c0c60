import Glibc

/// A mixture of Gaussians in colour, each with a full covariance (Rother, Kolmogorov & Blake 2004).
struct GaussianMixture {
    private struct Component {
        var weight: Float
        var mean: SIMD3<Float>
        /// The inverse of the covariance, by its six entries xx, xy, xz, yy, yz, zz.
        var inverse: [Float]
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
            let m = part.inverse
            let square =
                d.x * (m[0] * d.x + 2 * m[1] * d.y + 2 * m[2] * d.z)
                + d.y * (m[3] * d.y + 2 * m[4] * d.z) + d.z * m[5] * d.z
            let cost = 0.5 * square + part.offset
            if cost < found.cost { found = (index, cost) }
        }
        return found
    }

    private mutating func fit(_ colors: [SIMD3<Float>], _ groups: [Int], _ count: Int) {
        var sums = [SIMD3<Double>](repeating: .zero, count: count)
        var squares = [[Double]](repeating: Array(repeating: 0, count: 6), count: count)
        var sizes = [Double](repeating: 0, count: count)
        for (color, group) in zip(colors, groups) {
            let c = SIMD3<Double>(color)
            sums[group] += c
            sizes[group] += 1
            squares[group][0] += c.x * c.x
            squares[group][1] += c.x * c.y
            squares[group][2] += c.x * c.z
            squares[group][3] += c.y * c.y
            squares[group][4] += c.y * c.z
            squares[group][5] += c.z * c.z
        }
        for group in 0..<count where sizes[group] > 0 {
            let mean = sums[group] / sizes[group]
            let products = [
                mean.x * mean.x, mean.x * mean.y, mean.x * mean.z, mean.y * mean.y,
                mean.y * mean.z, mean.z * mean.z,
            ]
            var v = zip(squares[group], products).map { $0 / sizes[group] - $1 }
            // A little noise keeps flat colours from a singular matrix.
            for diagonal in [0, 3, 5] { v[diagonal] = max(v[diagonal], 0) + 2 }
            let minors = [
                v[3] * v[5] - v[4] * v[4], v[2] * v[4] - v[1] * v[5], v[1] * v[4] - v[2] * v[3],
                v[0] * v[5] - v[2] * v[2], v[1] * v[2] - v[0] * v[4], v[0] * v[3] - v[1] * v[1],
            ]
            let determinant = v[0] * minors[0] + v[1] * minors[1] + v[2] * minors[2]
            let weight = sizes[group] / Double(colors.count)
            components.append(
                Component(
                    weight: Float(weight), mean: SIMD3<Float>(mean),
                    inverse: minors.map { Float($0 / determinant) },
                    offset: Float(0.5 * log(determinant) - log(weight))))
        }
    }

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
