import Foundation
public import Tensors

/// How latents are brought to another size: the modes of `torch.nn.functional.interpolate` with corners
/// not aligned.
public enum LatentScaling: String, CaseIterable, Sendable {
    /// The value below each place.
    case nearest
    /// The value whose middle is nearest to each place.
    case nearestExact = "nearest-exact"
    /// Linearly between two values each way.
    case bilinear
    /// By cubic convolution of four values each way (Keys 1981, a = −0.75).
    case bicubic
    /// Linearly, and by all values below the kernel where the size shrinks.
    case bilinearAntialiased = "bilinear-antialiased"
    /// Cubic convolution with a = −0.5, and by all values below the kernel where the size shrinks.
    case bicubicAntialiased = "bicubic-antialiased"

    /// The part of each source value in each place of a side, as (first source, weights).
    ///
    /// Which value is nearest is decided in single precision, as in torch, so that places round alike.
    fileprivate func taps(from length: Int, to count: Int) -> [(first: Int, weights: [Float])] {
        let scale = Double(length) / Double(count)
        let single = Float(length) / Float(count)
        return (0..<count).map { place in
            let center = (Double(place) + 0.5) * scale
            switch self {
            case .nearest: return (min(Int(Float(place) * single), length - 1), [1])
            case .nearestExact:
                return (min(Int((Float(place) + 0.5) * single), length - 1), [1])
            case .bilinear:
                let source = max(center - 0.5, 0)
                let share = source - source.rounded(.down)
                return Self.held([1 - share, share], at: Int(source), within: length)
            case .bicubic:
                let source = center - 0.5
                let share = source - source.rounded(.down)
                let weights = [1 + share, share, 1 - share, 2 - share].map {
                    Self.cubic($0, a: -0.75)
                }
                return Self.held(weights, at: Int(source.rounded(.down)) - 1, within: length)
            case .bilinearAntialiased:
                return Self.smoothed(center, scale, length, reach: 1) { max(1 - abs($0), 0) }
            case .bicubicAntialiased:
                return Self.smoothed(center, scale, length, reach: 2) { Self.cubic($0, a: -0.5) }
            }
        }
    }

    /// Weights whose sources outside of the side are its ends.
    private static func held(
        _ weights: [Double], at first: Int, within length: Int
    ) -> (first: Int, weights: [Float]) {
        let start = min(max(first, 0), length - 1)
        let end = min(max(first + weights.count - 1, 0), length - 1)
        var kept = [Double](repeating: 0, count: end - start + 1)
        for (offset, weight) in weights.enumerated() {
            kept[min(max(first + offset, start), end) - start] += weight
        }
        return (start, kept.map { Float($0) })
    }

    /// A kernel, widened where the size shrinks, over the sources that there are.
    private static func smoothed(
        _ center: Double, _ scale: Double, _ length: Int, reach: Double,
        kernel: (Double) -> Double
    ) -> (first: Int, weights: [Float]) {
        let width = max(scale, 1)
        let first = max(Int(center - reach * width + 0.5), 0)
        let end = min(Int(center + reach * width + 0.5), length)
        let weights = (first..<end).map { kernel((Double($0) - center + 0.5) / width) }
        let sum = weights.reduce(0, +)
        return (first, weights.map { Float($0 / sum) })
    }

    /// Keys's kernel of two pieces.
    private static func cubic(_ x: Double, a: Double) -> Double {
        let x = abs(x)
        if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
    }
}

extension Tensor {
    /// Latents [1,H,W,C] at another size.
    public func scaled(height: Int, width: Int, by scaling: LatentScaling) -> Tensor {
        let (oldHeight, oldWidth, channels) = (shape[1], shape[2], shape[3])
        let columns = scaling.taps(from: oldWidth, to: width)
        let rows = scaling.taps(from: oldHeight, to: height)
        return withUnsafeBufferPointer { values in
            var across = [Float](repeating: 0, count: oldHeight * width * channels)
            for y in 0..<oldHeight {
                for (x, tap) in columns.enumerated() {
                    for (offset, weight) in tap.weights.enumerated() {
                        let source = (y * oldWidth + tap.first + offset) * channels
                        let target = (y * width + x) * channels
                        for c in 0..<channels { across[target + c] += weight * values[source + c] }
                    }
                }
            }
            return Tensor(shape: [1, height, width, channels]) { result in
                let row = width * channels
                for (y, tap) in rows.enumerated() {
                    for i in 0..<row {
                        var sum: Float = 0
                        for (offset, weight) in tap.weights.enumerated() {
                            sum += weight * across[(tap.first + offset) * row + i]
                        }
                        result[y * row + i] = sum
                    }
                }
            }
        }
    }
}
