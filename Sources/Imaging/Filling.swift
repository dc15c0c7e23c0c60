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
    ///
    /// - Parameter avoided: of the picture's size; patches are taken from nothing that is not black in it.
    public func filled(
        where hole: Mask, with filling: Filling, avoiding avoided: Mask? = nil
    ) -> Image {
        filled(where: hole, with: filling, avoiding: avoided) { _ in }
    }

    /// The same, with word of how far it is.
    ///
    /// - Parameters:
    ///   - progress: called with the share that is done, in 0...1, between any two pieces of the work on
    ///     patches; what it throws ends it.
    public func filled(
        where hole: Mask, with filling: Filling, avoiding avoided: Mask?,
        progress: (_ share: Double) throws -> Void
    ) rethrows -> Image {
        precondition(hole.width == width && hole.height == height)
        precondition(avoided.map { $0.width == width && $0.height == height } ?? true)
        if hole.isEmpty { return self }
        switch filling {
        case .color(let red, let green, let blue):
            return replacingColors(by: [red, green, blue], where: hole)
        case .patch:
            return try filledWithPatches(where: hole, avoiding: avoided, progress)
        case .blur:
            return filled(where: hole, lookingAt: HoledPicture.blurReach) { picture, mean in
                picture.fillWithBlurs(beyondReach: mean)
            }
        case .edge:
            return filled(where: hole, lookingAt: 1) { picture, _ in picture.fillWithEdges() }
        }
    }

    /// Bytes of memory, about, that ``filled(where:with:avoiding:)`` takes beside the picture.
    ///
    /// They go with the pixels that are looked at, and of patches with those of the hole, too; the factors were
    /// measured on pictures of 12 and 24 megapixels and rounded up.
    public func bytesToFill(
        where hole: Mask, with filling: Filling, avoiding avoided: Mask? = nil
    ) -> Int {
        func around(_ reach: Int) -> Int {
            let bounds = unknown(beside: hole).bounds
            let box = bounds?.widened(by: reach, inWidth: width, height: height)
            return box.map { $0.width * $0.height } ?? 0
        }
        switch filling {
        case .color: return 0
        case .edge: return 40 * around(1)
        case .blur: return 72 * around(HoledPicture.blurReach)
        case .patch:
            // A hole takes the more the larger it is, up to a quarter of what is looked at.
            let windows = PatchWindow.all(of: hole, avoiding: avoided).map { window in
                let pixels = window.box.width * window.box.height
                return 75 * pixels + min(120 * window.count, 30 * pixels)
            }
            return windows.max() ?? 0
        }
    }

    /// Fills what a box holds that is as much larger than the unknown as counts.
    ///
    /// - Parameter fill: is given the mean of all that is known.
    private func filled(
        where hole: Mask, lookingAt reach: Int,
        _ fill: (inout HoledPicture, _ mean: SIMD4<Float>) -> Void
    ) -> Image {
        let unknown = unknown(beside: hole)
        guard let bounds = unknown.bounds else { return self }
        let box = bounds.widened(by: reach, inWidth: width, height: height)
        let part = hole.cropped(to: box)
        var picture = HoledPicture(cropped(to: box), part)
        guard let mean = meanColor(outside: unknown) else { return self }
        fill(&picture, mean)
        var result = self
        result.replaceColors(by: picture, in: box, where: part)
        return result
    }

    /// A hole with what is hidden under full transparency.
    private func unknown(beside hole: Mask) -> Mask {
        isTransparent ? hole.united(with: hiddenPixels) : hole
    }

    /// White where the picture is wholly transparent.
    private var hiddenPixels: Mask {
        let values = [UInt8].rows(height, of: width) { rows, values in
            for pixel in rows.lowerBound * width..<rows.upperBound * width {
                values[pixel] = samples[(pixel + 1) * channels - 1] == 0 ? 255 : 0
            }
        }
        return Mask(width: width, height: height, values: values)
    }

    /// The mean of the colours where a mask is black, in 0...1; nil where it is nowhere.
    private func meanColor(outside mask: Mask) -> SIMD4<Float>? {
        let sums = Bands.map(of: height) { rows in
            var (sum, count) = (SIMD4<UInt64>.zero, UInt64(0))
            for pixel in rows.lowerBound * width..<rows.upperBound * width
            where mask.values[pixel] == 0 {
                count += 1
                for c in 0..<3 {
                    sum[c] += UInt64(samples[pixel * channels + (isGrey ? 0 : c)])
                }
            }
            return (sum: sum, count: count)
        }
        let (sum, count) = sums.reduce((SIMD4<UInt64>.zero, UInt64(0))) {
            ($0.0 &+ $1.sum, $0.1 + $1.count)
        }
        guard count > 0 else { return nil }
        return SIMD4<Float>(SIMD4<Double>(sum) / (Double(count) * Double(maximum)))
    }

    private func filledWithPatches(
        where hole: Mask, avoiding avoided: Mask?, _ progress: (Double) throws -> Void
    ) rethrows -> Image {
        let windows = PatchWindow.all(of: hole, avoiding: avoided)
        let whole = windows.reduce(0) { $0 + $1.count }
        var (result, done) = (self, 0)
        for window in windows {
            let box = window.box
            var picture = HoledPicture(cropped(to: box), hole.cropped(to: box))
            picture.isAvoided = avoided?.cropped(to: box).values.map { $0 > 0 }
            if picture.isKnown.contains(true) {
                try picture.fillWithPatches { share in
                    try progress((Double(done) + share * Double(window.count)) / Double(whole))
                }
                result.replaceColors(by: picture, in: box, where: window.hole)
            }
            done += window.count
        }
        return result
    }

    /// The picture with other colours where it is wholly transparent: those of the visible edges,
    /// drawn out, or grey where nothing is visible. What is seen stays as it is, and pictures that
    /// look alike become alike.
    public var withoutHiddenColors: Image {
        guard hasAlpha else { return self }
        let alphas = stride(from: channels - 1, to: samples.count, by: channels)
        guard alphas.contains(where: { samples[$0] == 0 }) else { return self }
        let hidden = hiddenPixels
        let isVisible = hidden.values.contains(0)
        return filled(
            where: hidden, with: isVisible ? .edge : .color(red: 128, green: 128, blue: 128))
    }

    /// The picture with black where it is wholly transparent, as a map of lines that lies on nothing.
    public var onBlack: Image { onGround { _ in 0 } }

    /// The picture with black or white where it is wholly transparent, whichever is farther from what is seen.
    var onContrastingGround: Image {
        onGround { hidden in
            let mean = meanColor(outside: hidden) ?? .zero
            return mean.x + mean.y + mean.z > 1.5 ? 0 : 255
        }
    }

    /// The picture with a grey where it is wholly transparent.
    private func onGround(_ grey: (_ hidden: Mask) -> UInt8) -> Image {
        guard hasAlpha else { return self }
        let hidden = hiddenPixels
        guard !hidden.isEmpty else { return self }
        let level = grey(hidden)
        return filled(where: hidden, with: .color(red: level, green: level, blue: level))
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

    /// Puts in the colours of a picture of what a box holds, where `hole`, of its size, is not black.
    private mutating func replaceColors(
        by picture: HoledPicture, in box: Box, where hole: Mask
    ) {
        let (most, isGrey, channels, width) = (Float(maximum), isGrey, channels, width)
        samples.withUnsafeMutableBufferPointer { samples in
            for y in 0..<box.height {
                for x in 0..<box.width where hole.values[y * box.width + x] > 0 {
                    let color =
                        (picture.pixels[y * box.width + x]
                        .clamped(lowerBound: .zero, upperBound: .one) * most)
                        .rounded(.toNearestOrAwayFromZero)
                    let start = ((box.y + y) * width + box.x + x) * channels
                    let (red, green, blue) = (
                        UInt16(color.x), UInt16(color.y), UInt16(color.z)
                    )
                    if isGrey {
                        samples[start] = luma(red: red, green: green, blue: blue)
                    } else {
                        (samples[start], samples[start + 1], samples[start + 2]) = (
                            red, green, blue
                        )
                    }
                }
            }
        }
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
    /// Known pixels that nothing is taken from; nil without any.
    var isAvoided: [Bool]?

    init(width: Int, height: Int, pixels: [SIMD4<Float>], isKnown: [Bool]) {
        self.width = width
        self.height = height
        self.pixels = pixels
        self.isKnown = isKnown
    }

    /// The colours of a picture; unknown in the hole and where it is wholly transparent.
    init(_ image: Image, _ hole: Mask) {
        let (channels, most) = (image.channels, Float(image.maximum))
        let offsets = image.isGrey ? (0, 0, 0) : (0, 1, 2)
        let (samples, values) = (image.samples, hole.values)
        let pixels = [SIMD4<Float>].rows(image.height, of: image.width) { rows, pixels in
            for pixel in rows.lowerBound * image.width..<rows.upperBound * image.width {
                let start = pixel * channels
                pixels[pixel] =
                    SIMD4(
                        Float(samples[start + offsets.0]), Float(samples[start + offsets.1]),
                        Float(samples[start + offsets.2]), 0) / most
            }
        }
        let isKnown = [Bool].rows(image.height, of: image.width) { rows, isKnown in
            for pixel in rows.lowerBound * image.width..<rows.upperBound * image.width {
                isKnown[pixel] =
                    values[pixel] == 0
                    && (!image.hasAlpha || samples[(pixel + 1) * channels - 1] > 0)
            }
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
