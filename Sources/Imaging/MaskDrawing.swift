extension Mask {
    /// White where a picture is transparent: the reverse of its alpha. Black without alpha.
    public init(transparencyOf image: Image) {
        let last = image.channels - 1
        let values = (0..<image.width * image.height).map { pixel -> UInt8 in
            guard image.hasAlpha else { return 0 }
            let alpha = image.samples[pixel * image.channels + last]
            return 255 - UInt8(converting(alpha, from: image.depth, to: 8))
        }
        self.init(width: image.width, height: image.height, values: values)
    }

    /// White where a picture has a colour of sRGB: where none of red, green and blue is farther from it
    /// than `tolerance`, all of them in 0...255. What is wholly transparent has no colour.
    public init(
        of image: Image, near color: (red: UInt8, green: UInt8, blue: UInt8), tolerance: Int
    ) {
        let samples = image.inSRGB.rgb8.samples
        let key = [Int(color.red), Int(color.green), Int(color.blue)]
        let values = (0..<image.width * image.height).map { pixel -> UInt8 in
            let isSeen =
                !image.hasAlpha || image.samples[(pixel + 1) * image.channels - 1] > 0
            let isNear = (0..<3).allSatisfy {
                abs(Int(samples[3 * pixel + $0]) - key[$0]) <= tolerance
            }
            return isSeen && isNear ? 255 : 0
        }
        self.init(width: image.width, height: image.height, values: values)
    }

    /// White inside a polygon whose corners are in pixels from the top left; what is outside of
    /// the mask is cut off. A pixel is inside if its middle is; where a polygon crosses itself, the
    /// parts wound around twice are outside (even-odd rule).
    public init(width: Int, height: Int, polygon corners: [(x: Double, y: Double)]) {
        self.init(width: width, height: height, filledWith: 0)
        for row in 0..<height {
            let middle = Double(row) + 0.5
            var crossings: [Double] = []
            for (index, end) in corners.enumerated() {
                let start = corners[index == 0 ? corners.count - 1 : index - 1]
                guard (start.y <= middle) != (end.y <= middle) else { continue }
                let part = (middle - start.y) / (end.y - start.y)
                crossings.append(start.x + part * (end.x - start.x))
            }
            crossings.sort()
            for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                let first = Mask.column(at: crossings[pair], of: width)
                let last = Mask.column(at: crossings[pair + 1], of: width)
                for x in first..<max(first, last) { values[row * width + x] = 255 }
            }
        }
    }

    /// The first column whose middle is at `x` or behind, within 0...width.
    private static func column(at x: Double, of width: Int) -> Int {
        Int(min(max((x - 0.5).rounded(.up), 0), Double(width)))
    }

    /// White wherever either is; both of one size.
    public func united(with other: Mask) -> Mask { combined(with: other) { max($0, $1) } }

    /// Black wherever `other` is white; both of one size.
    public func subtracting(_ other: Mask) -> Mask { combined(with: other) { min($0, 255 - $1) } }
}

extension Image {
    /// The picture as 8-bit sRGB, tinted red as far as the mask is white, so that it can be seen. What is
    /// hidden under transparency stays hidden.
    public func tinted(by mask: Mask) -> Image {
        precondition(width == mask.width && height == mask.height)
        var tinted = Image(
            width: width, height: height, channels: 3,
            samples: withoutHiddenColors.inSRGB.rgb8.samples)
        for (pixel, share) in mask.values.enumerated() where share > 0 {
            for (c, tint) in [UInt32(255), 20, 40].enumerated() {
                let (old, weight) = (UInt32(tinted.samples[pixel * 3 + c]), UInt32(share))
                let sum = old * (510 - weight) + tint * weight
                tinted.samples[pixel * 3 + c] = UInt16((sum + 255) / 510)
            }
        }
        return tinted
    }

    /// The picture with its alpha raised to opaque wherever the mask is white.
    public func revealed(by mask: Mask) -> Image {
        guard hasAlpha else { return self }
        var revealed = self
        for (pixel, share) in mask.values.enumerated() where share > 0 {
            revealed.samples[(pixel + 1) * channels - 1] = maximum
        }
        return revealed
    }
}
