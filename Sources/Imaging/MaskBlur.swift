import Glibc

extension Mask {
    /// The mask under a Gaussian of that deviation, across and then down, cut off where
    /// AUTOMATIC1111 cuts its "mask blur" off: 2 · ⌊2.5 σ + 0.5⌋ + 1 values. Unlike a feather it
    /// reaches out of the mask as far as into it. Beyond the ends the values are mirrored.
    public func blurred(sigma: Int) -> Mask {
        precondition(sigma >= 0)
        if sigma == 0 { return self }
        let reach = Int(2.5 * Double(sigma) + 0.5)
        let weights = (-reach...reach).map {
            Float(exp(-Double($0 * $0) / Double(2 * sigma * sigma)))
        }
        let sum = weights.reduce(0, +)
        let kernel = weights.map { $0 / sum }
        var mask = self
        for x in 0..<width {
            mask.blurLine(from: x, stride: width, count: height, kernel)
        }
        for y in 0..<height {
            mask.blurLine(from: y * width, stride: 1, count: width, kernel)
        }
        return mask
    }

    private mutating func blurLine(from first: Int, stride: Int, count: Int, _ kernel: [Float]) {
        let line = (0..<count).map { Float(values[first + $0 * stride]) }
        guard let least = line.min(), let most = line.max(), least < most else { return }
        let reach = kernel.count / 2
        for place in 0..<count {
            var sum: Float = 0
            for offset in -reach...reach {
                sum += kernel[offset + reach] * line[mirrored(place + offset, count)]
            }
            values[first + place * stride] = UInt8(min(sum.rounded(), 255))
        }
    }
}

/// A place beyond the ends of a line, mirrored at them; the ends themselves are not repeated.
private func mirrored(_ place: Int, _ count: Int) -> Int {
    guard count > 1 else { return 0 }
    let period = 2 * (count - 1)
    let wrapped = ((place % period) + period) % period
    return wrapped < count ? wrapped : period - wrapped
}
