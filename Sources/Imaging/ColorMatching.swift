import Glibc

/// How the colours of a painted area are brought in line with the picture around it.
public enum ColorMatching: Sendable {
    /// What the painting did to the known pixels next to the area is undone in it: the drift of an
    /// autoencoder or a network, which is the same on both sides of the border.
    case drift
    /// The area's rim gets the mean and spread of the colours around it (Reinhard et al. 2001), and the
    /// rest of it goes with it: for backgrounds that go on.
    case surroundings
}

/// How far on both sides of an area's border pixels count.
private let ringWidth: Float = 24
/// What spreads are stretched by at most: more makes areas before several backgrounds glow.
private let stretch: Float = 1.25

extension Image {
    /// This painted picture, 8-bit RGB, with its colours matched to `original`: mean and deviation of
    /// each of L*, a* and b* are carried from one set of pixels to the other. Without known pixels
    /// near the area nothing changes.
    ///
    /// - Parameters:
    ///   - area: what is painted: all that is not black. Pixels beside it are known.
    public func matchingColors(
        of original: Image, around area: Mask, by method: ColorMatching
    ) -> Image {
        precondition(original.width == width && original.height == height)
        precondition(channels == 3 && depth == 8)
        let distances = area.squaredDistances { $0 > 0 }
        let ring = distances.indices.filter {
            distances[$0] > 0 && distances[$0] <= ringWidth * ringWidth
        }
        let painted = area.values.indices.filter { area.values[$0] > 0 }
        guard ring.count >= 16, !painted.isEmpty else { return self }
        let target = Statistics(of: ring.map(original.rgb8.lab))
        let source =
            switch method {
            case .drift: Statistics(of: ring.map(lab))
            case .surroundings: Statistics(of: rim(of: area, painted).map(lab))
            }
        let gain = (target.deviation / pointwiseMax(source.deviation, LabColor(repeating: 0.5)))
            .clamped(
                lowerBound: LabColor(repeating: 1 / stretch),
                upperBound: LabColor(repeating: stretch))
        var matched = self
        for pixel in painted {
            let color = sRGB(of: (lab(pixel) - source.mean) * gain + target.mean)
            matched.samples[3 * pixel] = UInt16(color.red)
            matched.samples[3 * pixel + 1] = UInt16(color.green)
            matched.samples[3 * pixel + 2] = UInt16(color.blue)
        }
        return matched
    }
}

/// The pixels of an area near what is around it.
private func rim(of area: Mask, _ pixels: [Int]) -> [Int] {
    let depths = area.squaredDistances { $0 == 0 }
    return pixels.filter { depths[$0] <= ringWidth * ringWidth }
}

/// Mean and deviation of colours, channel by channel.
private struct Statistics {
    let mean: LabColor
    let deviation: LabColor

    init(of colors: [LabColor]) {
        let count = Double(colors.count)
        let sum = colors.reduce(SIMD4<Double>.zero) { $0 + SIMD4<Double>($1) }
        let mean = sum / count
        let squares = colors.reduce(SIMD4<Double>.zero) { sum, color in
            let difference = SIMD4<Double>(color) - mean
            return sum + difference * difference
        }
        self.mean = LabColor(mean)
        deviation = LabColor((squares / count).squareRoot())
    }
}
