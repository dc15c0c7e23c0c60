import Foundation
import Imaging
import Recipes
import Tensors

extension SoftComposite {
    /// What of a painted picture is shown, 0...255, at the size of the latents: little where they
    /// stayed what they were, all where they moved far (A1111's soft inpainting).
    ///
    /// - Parameters:
    ///   - old: the picture's latents, [1,H,W,C].
    ///   - new: those that were painted, same shape.
    ///   - mask: what was to be painted, [1,H,W,1] in 0...1.
    func mask(from old: Tensor, to new: Tensor, mask: Tensor, preservation: Double) -> Mask {
        let (height, width) = (old.shape[1], old.shape[2])
        var distances = WeightedQuantiles.distances(old, new)
        for (low, high) in [(0.9, 1.0), (0.25, 0.75)] {
            distances = WeightedQuantiles(from: low, to: high)(distances, width, height)
        }
        let values = zip(distances, mask.values).map { distance, painted -> UInt8 in
            let hidden = 1 - pow(min(max(Double(painted), 0), 1), preservation / 2)
            let scalar = 0.5 * (1 - influence) + hidden * influence
            let half = threshold * scalar / (1.00001 - scalar)
            // A threshold of 0 shows all that moved.
            let ratio = half > 0 ? Double(distance) / half : distance > 0 ? .infinity : 0
            let kept = 1 / (1 + pow(ratio, contrast))
            let smooth = kept * kept * kept * (kept * (6 * kept - 15) + 10)
            return UInt8(min(max(255 * (1 - smooth), 0), 255))
        }
        return Mask(width: width, height: height, values: values)
    }
}

/// A filter of A1111's: of the values around each place, weighted by a Gaussian and put in order,
/// the mean of those between two shares of their weight.
struct WeightedQuantiles {
    /// exp(−r²/1.5²), lowered so that it ends at 3 pixels; 0 beyond two pixels each way.
    private static let kernel: [Float] = {
        let end = exp(-9 / 2.25)
        return (0..<25).map { place in
            let (x, y) = (Double(place % 5 - 2), Double(place / 5 - 2))
            return Float(max(0, (exp(-(x * x + y * y) / 2.25) - end) / (1 - end)))
        }
    }()

    private let low: Float
    private let high: Float

    /// The least weight that a mean is taken over.
    private static let leastWeight: Float = 1

    init(from low: Double, to high: Double) {
        (self.low, self.high) = (Float(low), Float(high))
    }

    /// The distance of each two vectors of [1,H,W,C].
    static func distances(_ a: Tensor, _ b: Tensor) -> [Float] {
        let channels = a.shape[3]
        let squares = (a - b).map { $0 * $0 }
        return squares.withUnsafeBufferPointer { squares in
            (0..<squares.count / channels).map { place in
                var sum: Float = 0
                for c in place * channels..<(place + 1) * channels { sum += squares[c] }
                return sum.squareRoot()
            }
        }
    }

    func callAsFunction(_ field: [Float], _ width: Int, _ height: Int) -> [Float] {
        var window: [(value: Float, weight: Float)] = []
        window.reserveCapacity(25)
        return field.indices.map { place in
            let (x, y) = (place % width, place / width)
            window.removeAll(keepingCapacity: true)
            for row in max(y - 2, 0)...min(y + 2, height - 1) {
                for column in max(x - 2, 0)...min(x + 2, width - 1) {
                    let weight = Self.kernel[(row - y + 2) * 5 + column - x + 2]
                    let entry = (value: field[row * width + column], weight: weight)
                    var slot = window.count
                    while slot > 0, window[slot - 1].value > entry.value { slot -= 1 }
                    window.insert(entry, at: slot)
                }
            }
            return mean(of: window)
        }
    }

    /// The mean of sorted values over the window of their weights.
    private func mean(of values: [(value: Float, weight: Float)]) -> Float {
        let total = values.reduce(Float(0)) { $0 + $1.weight }
        var (start, end) = (total * low, total * high)
        if end - start < Self.leastWeight {
            let middle = (start + end) / 2
            (start, end) = (middle - Self.leastWeight / 2, middle + Self.leastWeight / 2)
            if end > total { (start, end) = (total - Self.leastWeight, total) }
            if start < 0 { (start, end) = (0, Self.leastWeight) }
        }
        var (below, sum, weight) = (Float(0), Float(0), Float(0))
        for (value, height) in values {
            let part = min(end, below + height) - max(start, below)
            if part > 0 {
                sum += value * part
                weight += part
            }
            below += height
        }
        return weight > 0 ? sum / weight : 0
    }
}
