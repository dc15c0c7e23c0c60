import Glibc

extension HoledPicture {
    /// Radii of the blurs with how often each is laid on, from AUTOMATIC1111's `masking.py`.
    private static let blurs: [(radius: Double, count: Int)] = [
        (256, 1), (64, 1), (16, 2), (4, 4), (2, 2),
    ]

    /// How far from a pixel the widest blur looks.
    static let blurReach = 3 * 257

    /// Lays blurs of what is known over each other, the widest first: far from the rim only the wide
    /// ones reach, near it the fine ones cover them.
    ///
    /// What is known is premultiplied before it is blurred, so nothing else bleeds in. Beyond the
    /// reach of all blurs is the mean of what is known.
    ///
    /// - Parameter mean: of all that is known of the picture that this is a part of.
    mutating func fillWithBlurs(beyondReach mean: SIMD4<Float>) {
        let known = zip(pixels, isKnown).map { color, isKnown in
            isKnown ? SIMD4(color.x, color.y, color.z, 1) : .zero
        }
        // Colour times alpha, and alpha.
        var layers = Array(repeating: SIMD4(mean.x, mean.y, mean.z, 1) * 1e-3, count: known.count)
        for (radius, count) in Self.blurs {
            let blurred = gaussianBlur(known, radius: radius)
            for _ in 0..<count {
                for i in layers.indices { layers[i] = blurred[i] + layers[i] * (1 - blurred[i].w) }
            }
        }
        for i in layers.indices where !isKnown[i] {
            pixels[i] = layers[i] / max(layers[i].w, 1e-6)
            pixels[i].w = 0
        }
    }

    /// A Gaussian as three box blurs of a length that need not be whole, as in Pillow. (P. Gwosdek
    /// et al.: Theoretical foundations of Gaussian convolution by extended box filtering, 2011.)
    private func gaussianBlur(_ field: [SIMD4<Float>], radius: Double) -> [SIMD4<Float>] {
        let variance = radius * radius / 3
        let whole = (((12 * variance + 1).squareRoot() - 1) / 2).rounded(.down)
        let part =
            (2 * whole + 1) * (whole * (whole + 1) - 3 * variance)
            / (6 * (variance - (whole + 1) * (whole + 1)))
        var field = field
        for isRow in [true, false] {
            forEachLine(ofRows: isRow) { first, stride, count in
                var line = (0..<count).map { SIMD4<Double>(field[first + $0 * stride]) }
                for _ in 0..<3 { line = boxBlur(line, reach: Int(whole), part: part) }
                for i in 0..<count { field[first + i * stride] = SIMD4<Float>(line[i]) }
            }
        }
        return field
    }
}

/// The mean of each value, `reach` more to either side and `part` of the ones behind these; the first
/// and the last value go on beyond the ends.
private func boxBlur(_ line: [SIMD4<Double>], reach: Int, part: Double) -> [SIMD4<Double>] {
    let last = line.count - 1
    func value(_ index: Int) -> SIMD4<Double> { line[min(max(index, 0), last)] }
    let scale = 1 / (Double(2 * reach + 1) + 2 * part)
    var sum = (-reach...reach).reduce(SIMD4<Double>.zero) { $0 + value($1) }
    return line.indices.map { index in
        defer { sum += value(index + reach + 1) - value(index - reach) }
        let ends = value(index - reach - 1) + value(index + reach + 1)
        let mean = (sum + ends * part) * scale
        return pointwiseMax(mean, .zero)
    }
}
