import Glibc

/// The mean structural similarity of two pictures of one size (Wang, Bovik, Sheikh and Simoncelli
/// 2004, equation 13): 1 for equal pictures, less the less alike they are.
///
/// As in the paper: on luma (Rec. 601, rounded, at the greater depth; alpha has no part in it), in
/// windows of 11x11 weighted by a Gaussian of sigma 1.5 that lie wholly inside, with K1 = 0.01 and
/// K2 = 0.03, at full size. scikit-image gives this number with `gaussian_weights=True, sigma=1.5,
/// use_sample_covariance=False` and the data range of the depth.
///
/// - Returns: Nil for pictures smaller than a window.
/// - Throws: ``ImagingError/sizesDiffer(what:width:height:expectedWidth:expectedHeight:)``.
public func structuralSimilarity(_ a: Image, _ b: Image) throws -> Double? {
    try b.check(sizeOf: a, what: "the second picture")
    guard min(a.width, a.height) >= window.count else { return nil }
    let depth = max(a.depth, b.depth)
    let (first, second) = (
        a.converted(channels: 1, depth: depth), b.converted(channels: 1, depth: depth)
    )
    let (width, height) = (a.width, a.height)
    let columns = width - window.count + 1
    let peak = Double(first.maximum)
    let (c1, c2) = (0.01 * peak * 0.01 * peak, 0.03 * peak * 0.03 * peak)
    let places = height - window.count + 1
    let sums = Bands.map(of: places, height: 64) { places in
        // The filtered rows of the last eleven, each with the five moments of its columns.
        var rows: [[Moments]] = []
        var sum = 0.0
        for y in places.lowerBound..<places.upperBound + window.count - 1 {
            let row = y * width..<(y + 1) * width
            if rows.count == window.count { rows.removeFirst() }
            rows.append(filtered(first.samples[row], second.samples[row], columns: columns))
            guard rows.count == window.count else { continue }
            for moments in weighted(rows) { sum += moments.similarity(c1, c2) }
        }
        return sum
    }
    return sums.reduce(0, +) / Double(columns * places)
}

/// The sums of rows weighted by the window.
private func weighted(_ rows: [[Moments]]) -> [Moments] {
    var sums = rows[0].map { window[0] * $0 }
    for (weight, row) in zip(window, rows).dropFirst() {
        for x in sums.indices { sums[x] += weight * row[x] }
    }
    return sums
}

/// Weighted means of a, b, a², b² and ab.
private typealias Moments = SIMD8<Double>

/// The one-dimensional Gaussian, of sum 1; the window is its product with itself.
private let window: [Double] = {
    let weights = (-5...5).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
}()

private func filtered(
    _ a: ArraySlice<UInt16>, _ b: ArraySlice<UInt16>, columns: Int
) -> [Moments] {
    let points = zip(a, b).map { a, b -> Moments in
        let (a, b) = (Double(a), Double(b))
        return Moments(a, b, a * a, b * b, a * b, 0, 0, 0)
    }
    return (0..<columns).map { x in
        var moments = Moments.zero
        for (offset, weight) in window.enumerated() { moments += weight * points[x + offset] }
        return moments
    }
}

extension Moments {
    /// Equation 13 of the paper for one window.
    fileprivate func similarity(_ c1: Double, _ c2: Double) -> Double {
        let (meanA, meanB) = (self[0], self[1])
        let varianceA = self[2] - meanA * meanA
        let varianceB = self[3] - meanB * meanB
        let covariance = self[4] - meanA * meanB
        return (2 * meanA * meanB + c1) * (2 * covariance + c2)
            / ((meanA * meanA + meanB * meanB + c1) * (varianceA + varianceB + c2))
    }
}
