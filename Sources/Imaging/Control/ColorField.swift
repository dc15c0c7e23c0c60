import Foundation

/// A picture of 32-bit numbers, three for each pixel, for sums that bytes are too coarse for.
struct ColorField {
    let width: Int
    let height: Int
    private(set) var values: [Float]

    /// An 8-bit RGB picture.
    init(_ image: Image) {
        (width, height) = (image.width, image.height)
        values = image.samples.map { Float($0) }
    }

    /// Blurred by a Gaussian of four deviations to each side, mirrored at the border without repeating it:
    /// OpenCV's `GaussianBlur` of 32-bit numbers.
    func blurred(sigma: Double) -> ColorField {
        guard sigma > 0 else { return self }
        let radius = (Int((sigma * 8 + 1).rounded()) | 1) / 2
        let bells = (-radius...radius).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
        let sum = bells.reduce(0, +)
        let weights = bells.map { Float($0 / sum) }
        return convolved(weights, count: width, step: 3) { $0 * width * 3 }
            .convolved(weights, count: height, step: width * 3) { $0 * 3 }
    }

    /// Lines of `count` pixels `step` apart; the other axis says where each begins.
    private func convolved(
        _ weights: [Float], count: Int, step: Int, start: (Int) -> Int
    ) -> ColorField {
        var result = self
        let radius = weights.count / 2
        let lines = values.count / 3 / count
        let places = (-radius..<count + radius).map { Self.mirrored($0, count) * step }
        values.withUnsafeBufferPointer { source in
            result.values.withUnsafeMutableBufferPointer { target in
                for line in 0..<lines {
                    let first = start(line)
                    for pixel in 0..<count {
                        for channel in 0..<3 {
                            var sum: Float = 0
                            for (offset, weight) in weights.enumerated() {
                                sum += weight * source[first + places[pixel + offset] + channel]
                            }
                            target[first + pixel * step + channel] = sum
                        }
                    }
                }
            }
        }
        return result
    }

    /// ... 2 1 | 0 1 2 ... n-1 | n-2 ...
    private static func mirrored(_ place: Int, _ count: Int) -> Int {
        guard count > 1 else { return 0 }
        let period = 2 * (count - 1)
        let rest = ((place % period) + period) % period
        return rest < count ? rest : period - rest
    }

    /// Rounded to bytes, halves to even.
    var bytes: [UInt16] {
        values.map { value -> UInt16 in
            let clamped: Float = min(max(value, 0), 255)
            return UInt16(clamped.rounded(.toNearestOrEven))
        }
    }

    /// The smallest over the channels of what this exceeds another by, for each pixel.
    func leastExcess(over other: ColorField) -> [Float] {
        (0..<width * height).map { pixel -> Float in
            var least = Float.infinity
            for place in 3 * pixel..<3 * pixel + 3 {
                least = min(least, values[place] - other.values[place])
            }
            return least
        }
    }
}
