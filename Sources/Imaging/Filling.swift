/// What a hole in a picture can be filled with, from the picture alone.
public enum Filling: Sendable, Equatable {
    /// Ever finer blurs of what surrounds it, as AUTOMATIC1111's masked content "fill".
    case blur
    /// The nearest pixels around it, drawn out, the softer the farther.
    case edge
    /// Pieces of the rest of the picture that fit together.
    case patch
    /// One colour of sRGB.
    case color(red: UInt8, green: UInt8, blue: UInt8)
}

extension Image {
    /// The picture with other colours where `hole` is not black; all other pixels, alpha and
    /// metadata stay. The same picture and hole always give the same result.
    ///
    /// Wholly transparent pixels have no colour to fill with. A picture of which nothing is known is
    /// left as it is, unless it gets a colour.
    public func filled(where hole: Mask, with filling: Filling) -> Image {
        precondition(hole.width == width && hole.height == height)
        if hole.isEmpty { return self }
        if case .color(let red, let green, let blue) = filling {
            return replacingColors(by: [red, green, blue], where: hole)
        }
        var picture = HoledPicture(self, hole)
        guard picture.isKnown.contains(true) else { return self }
        switch filling {
        case .blur: picture.fillWithBlurs()
        case .edge: picture.fillWithEdges()
        case .patch: picture.fillWithPatches()
        case .color: break
        }
        return replacingColors(by: picture, where: hole)
    }

    /// The picture with other colours where it is wholly transparent: those of the visible edges,
    /// drawn out, or grey where nothing is visible. What is seen stays as it is, and pictures that
    /// look alike become alike.
    public var withoutHiddenColors: Image {
        guard hasAlpha else { return self }
        let alphas = stride(from: channels - 1, to: samples.count, by: channels)
        guard alphas.contains(where: { samples[$0] == 0 }) else { return self }
        let hidden = Mask(
            width: width, height: height, values: alphas.map { samples[$0] == 0 ? 255 : 0 })
        let isVisible = hidden.values.contains(0)
        return filled(
            where: hidden, with: isVisible ? .edge : .color(red: 128, green: 128, blue: 128))
    }

    /// - Parameter color: three bytes of sRGB; what stands for them in the picture's own profile is put in.
    private func replacingColors(by color: [UInt8], where hole: Mask) -> Image {
        let swatch = Image(width: 1, height: 1, channels: 3, samples: color.map { UInt16($0) })
        let samples = swatch.inColors(of: self).samples
        var result = self
        for (pixel, value) in hole.values.enumerated() where value > 0 {
            for (c, sample) in samples.enumerated() {
                result.samples[pixel * channels + c] = sample
            }
        }
        return result
    }

    private func replacingColors(by picture: HoledPicture, where hole: Mask) -> Image {
        var result = self
        let most = Float(maximum)
        for (pixel, value) in hole.values.enumerated() where value > 0 {
            let color = (picture.pixels[pixel].clamped(lowerBound: .zero, upperBound: .one) * most)
                .rounded(.toNearestOrAwayFromZero)
            let samples = (0..<3).map { UInt16(color[$0]) }
            if isGrey {
                result.samples[pixel * channels] = luma(
                    red: samples[0], green: samples[1], blue: samples[2])
            } else {
                for c in 0..<3 { result.samples[pixel * channels + c] = samples[c] }
            }
        }
        return result
    }
}

/// Colours of which some are not known yet. The fourth number of a pixel is 0, but where patches look
/// at the texture (`withRoughness`).
struct HoledPicture {
    let width: Int
    let height: Int
    /// Red, green, blue in 0...1, rows from the top.
    var pixels: [SIMD4<Float>]
    let isKnown: [Bool]

    init(width: Int, height: Int, pixels: [SIMD4<Float>], isKnown: [Bool]) {
        self.width = width
        self.height = height
        self.pixels = pixels
        self.isKnown = isKnown
    }

    /// The colours of a picture; unknown in the hole and where it is wholly transparent.
    init(_ image: Image, _ hole: Mask) {
        let (channels, most) = (image.channels, Float(image.maximum))
        let offsets = image.isGrey ? [0, 0, 0] : [0, 1, 2]
        var pixels: [SIMD4<Float>] = []
        var isKnown: [Bool] = []
        pixels.reserveCapacity(hole.values.count)
        isKnown.reserveCapacity(hole.values.count)
        for (pixel, value) in hole.values.enumerated() {
            let start = pixel * channels
            let color = SIMD4(
                Float(image.samples[start + offsets[0]]),
                Float(image.samples[start + offsets[1]]),
                Float(image.samples[start + offsets[2]]), 0)
            let isVisible = !image.hasAlpha || image.samples[start + channels - 1] > 0
            pixels.append(color / most)
            isKnown.append(value == 0 && isVisible)
        }
        self.init(width: image.width, height: image.height, pixels: pixels, isKnown: isKnown)
    }

    /// Lets `change` work on each row or on each column, given where its pixels lie.
    func forEachLine(
        ofRows isRow: Bool, _ change: (_ first: Int, _ stride: Int, _ count: Int) -> Void
    ) {
        for line in 0..<(isRow ? height : width) {
            change(isRow ? line * width : line, isRow ? 1 : width, isRow ? width : height)
        }
    }
}
