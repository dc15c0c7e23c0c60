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
        let mirrored = (-reach..<count + reach).map { line[placeMirrored($0, count)] }
        for place in 0..<count {
            var sum: Float = 0
            for (index, weight) in kernel.enumerated() { sum += weight * mirrored[place + index] }
            values[first + place * stride] = UInt8(min(sum.rounded(), 255))
        }
    }
}

extension Mask {
    /// The mask under Pillow's `GaussianBlur`, byte for byte: three box blurs across and three down, of
    /// a length that need not be whole, in fixed point with 24 fraction bits and bytes between them
    /// (P. Gwosdek et al.: Theoretical foundations of Gaussian convolution by extended box filtering,
    /// 2011). Beyond the ends the last values go on.
    public func boxBlurred(radius: Float) -> Mask {
        let box = BoxBlur(gaussian: radius)
        var mask = self
        for y in 0..<height {
            box.blur(&mask.values, from: y * width, stride: 1, count: width)
        }
        for x in 0..<width { box.blur(&mask.values, from: x, stride: width, count: height) }
        return mask
    }
}

/// A box of which three in a row are nearly a Gaussian.
private struct BoxBlur {
    private let reach: Int
    /// Weights of the values within reach, and of the two behind these.
    private let whole: UInt32
    private let far: UInt32

    init(gaussian radius: Float) {
        let variance = radius * radius / 3
        let below = (((12 * variance + 1).squareRoot() - 1) / 2).rounded(.down)
        let part =
            (2 * below + 1) * (below * (below + 1) - 3 * variance)
            / (6 * (variance - (below + 1) * (below + 1)))
        let length = below + part
        reach = Int(length)
        whole = UInt32(Float(1 << 24) / (length * 2 + 1))
        far = (1 << 24 - UInt32(2 * reach + 1) * whole) / 2
    }

    func blur(_ values: inout [UInt8], from first: Int, stride: Int, count: Int) {
        var line = (0..<count).map { UInt32(values[first + $0 * stride]) }
        for _ in 0..<3 { line = blurred(line) }
        for place in 0..<count { values[first + place * stride] = UInt8(min(line[place], 255)) }
    }

    private func blurred(_ line: [UInt32]) -> [UInt32] {
        let last = line.count - 1
        func value(_ place: Int) -> UInt32 { line[min(max(place, 0), last)] }
        var sum = (-reach...reach).reduce(UInt32(0)) { $0 + value($1) }
        return line.indices.map { place in
            defer { sum = sum + value(place + reach + 1) - value(place - reach) }
            let ends = value(place - reach - 1) + value(place + reach + 1)
            return (sum * whole + ends * far + 1 << 23) >> 24
        }
    }
}

/// A place beyond the ends of a line, mirrored at them; the ends themselves are not repeated.
private func placeMirrored(_ place: Int, _ count: Int) -> Int {
    guard count > 1 else { return 0 }
    let period = 2 * (count - 1)
    let wrapped = ((place % period) + period) % period
    return wrapped < count ? wrapped : period - wrapped
}
