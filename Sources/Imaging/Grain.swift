import Glibc

/// The grain of a photo: how its pixels differ from their neighbours where nothing else is to be seen. What is painted at
/// a smaller size and made larger has none, and would be told from the photo by that alone.
struct Grain {
    /// Pixels along a side of a piece.
    static let side = 32
    /// How the pixels of a flat piece differ from their means under a Gaussian of two pixels, in levels of 255: for each
    /// row and column the colours.
    private let values: [SIMD3<Float>]
    /// The roughness of the piece.
    private let roughness: Float

    /// Most pieces that are looked at.
    private static let mostPieces = 2048
    /// Roughness that no longer is grain, and below which there is none.
    private static let range: ClosedRange<Float> = 0.4...8
    private static let reach = 4
    /// A median of fewer differences of pixels says little.
    private static let leastSteps = 48

    /// The grain of a piece that is as rough as most of those that are flattest; nil where a picture has no such
    /// pieces, or no grain.
    ///
    /// - Parameter mask: black where the picture is a photo.
    init?(of image: Image, outside mask: Mask) {
        let (side, margin) = (Self.side, Self.side + 2 * Self.reach)
        let columns = (image.width - 2 * Self.reach) / side
        let rows = (image.height - 2 * Self.reach) / side
        guard columns > 0, rows > 0 else { return nil }
        let step = max((columns * rows + Self.mostPieces - 1) / Self.mostPieces, 1)
        let places = stride(from: 0, to: columns * rows, by: step).map {
            (x: Self.reach + $0 % columns * side, y: Self.reach + $0 / columns * side)
        }
        struct Piece {
            let place: Int
            let contrast: Float
            let roughness: Float
        }
        let pieces = Bands.map(of: places.count, height: 64) { range in
            range.compactMap { place -> Piece? in
                let (x, y) = places[place]
                let isPhoto = (y - Self.reach..<y - Self.reach + margin).allSatisfy { row in
                    let start = row * mask.width + x - Self.reach
                    return (start..<start + margin).allSatisfy {
                        mask.values[$0] == 0 && image.isOpaque(at: $0)
                    }
                }
                guard isPhoto else { return nil }
                let measured = Self.measured(image, x, y)
                // Clipped light and shade have no grain.
                guard (10...245).contains(measured.mean) else { return nil }
                return Piece(
                    place: place, contrast: measured.contrast, roughness: measured.roughness)
            }
        }.flatMap(\.self)
        let flattest = pieces.sorted { ($0.contrast, $0.place) < ($1.contrast, $1.place) }
            .prefix(max(pieces.count / 8, 8))
            .sorted { ($0.roughness, $0.place) < ($1.roughness, $1.place) }
        guard flattest.count >= 8 else { return nil }
        let piece = flattest[flattest.count / 2]
        guard Self.range.contains(piece.roughness) else { return nil }
        roughness = piece.roughness
        values = Self.details(image, places[piece.place].x, places[piece.place].y)
    }

    /// The picture with grain where it was painted, as much as it has not itself.
    ///
    /// - Parameters:
    ///   - mask: how much of each pixel was painted.
    ///   - seed: of the places in the grain that pieces are taken from.
    func laid(over image: Image, within mask: Mask, seed: UInt64) -> Image {
        guard let box = mask.bounds else { return image }
        let shares = shares(over: image, within: mask, in: box)
        let (colors, channels) = (image.isGrey ? 1 : 3, image.channels)
        let scale = Float(image.maximum) / 255
        var result = image
        result.samples.withUnsafeMutableBufferPointer { samples in
            nonisolated(unsafe) let samples = samples
            Bands.forEach(of: box.height, height: Self.hop) { band in
                let sums = sums(of: band, width: box.width, shares, seed)
                for (place, sum) in sums.enumerated() {
                    let (x, y) = (place % box.width, band.lowerBound + place / box.width)
                    let pixel = (box.y + y) * image.width + box.x + x
                    guard mask.values[pixel] > 0 else { continue }
                    let change = sum * (Float(mask.values[pixel]) / 255 * scale)
                    for c in 0..<colors {
                        let value = Float(samples[pixel * channels + c]) + change[c]
                        samples[pixel * channels + c] = UInt16(
                            min(max(value.rounded(), 0), Float(image.maximum)))
                    }
                }
            }
        }
        return result
    }

    /// Pieces overlap by half.
    private static let hop = side / 2

    /// How much grain each piece over a box gets, row by row: what the picture has not itself where it was
    /// painted. The first begins half a piece before the box.
    private func shares(over image: Image, within mask: Mask, in box: Box) -> [Float] {
        let hop = Self.hop
        let (columns, rows) = (box.width / hop + 2, box.height / hop + 2)
        return [Float].rows(rows, of: columns) { range, shares in
            for row in range {
                for column in 0..<columns {
                    let (x, y) = (box.x + (column - 1) * hop, box.y + (row - 1) * hop)
                    let own = Self.measured(image, x, y, within: mask).roughness / roughness
                    shares[row * columns + column] = max(1 - own * own, 0).squareRoot()
                }
            }
        }
    }

    /// What the pieces over some rows of a box add up to, at most one `hop` of them.
    private func sums(
        of band: Range<Int>, width: Int, _ shares: [Float], _ seed: UInt64
    ) -> [SIMD3<Float>] {
        let (side, hop) = (Self.side, Self.hop)
        let columns = width / hop + 2
        let window = (0..<side).map { sinf(.pi * (Float($0) + 0.5) / Float(side)) }
        var sums = [SIMD3<Float>](repeating: .zero, count: band.count * width)
        let first = band.lowerBound / hop * columns
        for index in first..<first + 2 * columns where shares[index] > 0 {
            let (row, column) = (index / columns, index % columns)
            let turn = Turn(seed: seed, piece: index)
            let (top, left) = ((row - 1) * hop, (column - 1) * hop)
            for y in band {
                let weight = shares[index] * window[y - top]
                for x in max(left, 0)..<max(min(left + side, width), max(left, 0)) {
                    sums[(y - band.lowerBound) * width + x] +=
                        values[turn.place(x - left, y - top)] * weight * window[x - left]
                }
            }
        }
        return sums
    }

    /// How a piece is turned and shifted before it is laid.
    private struct Turn {
        private let shift: (x: Int, y: Int)
        private let kind: Int

        init(seed: UInt64, piece: Int) {
            var random = SplitMix(state: seed ^ UInt64(piece) << 20)
            shift = (random.below(Grain.side), random.below(Grain.side))
            kind = random.below(8)
        }

        func place(_ x: Int, _ y: Int) -> Int {
            let side = Grain.side
            var (x, y) = ((x + shift.x) % side, (y + shift.y) % side)
            if kind & 1 != 0 { x = side - 1 - x }
            if kind & 2 != 0 { y = side - 1 - y }
            return kind & 4 != 0 ? x * side + y : y * side + x
        }
    }

    /// The mean of a piece's luma in levels of 255, how it varies over more than some pixels, and its roughness: the
    /// standard deviation of what a pixel differs by from its four neighbours, if that is a normal distribution.
    /// Beyond the edges these go on.
    ///
    /// - Parameter mask: of the picture's size; the roughness is that of pixels where it is half white or more,
    ///   as long as these are not too few. Nil is all pixels.
    private static func measured(
        _ image: Image, _ left: Int, _ top: Int, within mask: Mask? = nil
    ) -> (mean: Float, contrast: Float, roughness: Float) {
        let margin = side + 2
        var lumas = [Float](repeating: 0, count: margin * margin)
        for y in 0..<margin {
            for x in 0..<margin {
                let color = color(of: image, left + x - 1, top + y - 1)
                lumas[y * margin + x] = (color * SIMD3(0.299, 0.587, 0.114)).sum()
            }
        }
        var means: [Float] = []
        for y in stride(from: 1, to: side, by: 8) {
            for x in stride(from: 1, to: side, by: 8) {
                var sum: Float = 0
                for row in y..<y + 8 {
                    for column in x..<x + 8 { sum += lumas[row * margin + column] }
                }
                means.append(sum / 64)
            }
        }
        func isPainted(_ x: Int, _ y: Int) -> Bool {
            guard let mask else { return true }
            return (0..<mask.width).contains(x) && (0..<mask.height).contains(y)
                && mask.values[y * mask.width + x] >= 128
        }
        // Of each second pixel: enough of them.
        var (steps, others): ([Float], [Float]) = ([], [])
        steps.reserveCapacity(side * side / 2)
        for y in 1...side {
            for x in stride(from: 1 + y % 2, through: side, by: 2) {
                let place = y * margin + x
                let around =
                    lumas[place - 1] + lumas[place + 1] + lumas[place - margin]
                    + lumas[place + margin]
                let step = abs(lumas[place] - around / 4)
                if isPainted(left + x - 1, top + y - 1) {
                    steps.append(step)
                } else {
                    others.append(step)
                }
            }
        }
        if steps.count < leastSteps { steps += others }
        steps.sort()
        let mean = means.reduce(0, +) / Float(means.count)
        let contrast = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        // A median is 0.6745 standard deviations of a normal distribution.
        return (mean, contrast, steps[steps.count / 2] / 0.6745)
    }

    /// A piece less its means under a Gaussian of two pixels.
    private static func details(_ image: Image, _ left: Int, _ top: Int) -> [SIMD3<Float>] {
        let margin = side + 2 * reach
        let weights = (-reach...reach).map { expf(-Float($0 * $0) / 8) }
        let total = weights.reduce(0, +)
        var colors = [SIMD3<Float>](repeating: .zero, count: margin * margin)
        for y in 0..<margin {
            for x in 0..<margin {
                colors[y * margin + x] = color(of: image, left + x - reach, top + y - reach)
            }
        }
        var across = colors
        for y in 0..<margin {
            for x in reach..<margin - reach {
                var sum = SIMD3<Float>.zero
                for k in -reach...reach { sum += colors[y * margin + x + k] * weights[k + reach] }
                across[y * margin + x] = sum / total
            }
        }
        var details: [SIMD3<Float>] = []
        for y in reach..<margin - reach {
            for x in reach..<margin - reach {
                var sum = SIMD3<Float>.zero
                for k in -reach...reach { sum += across[(y + k) * margin + x] * weights[k + reach] }
                details.append(colors[y * margin + x] - sum / total)
            }
        }
        return details
    }

    /// In levels of 255; of a grey picture three times the same.
    private static func color(of image: Image, _ x: Int, _ y: Int) -> SIMD3<Float> {
        let (x, y) = (min(max(x, 0), image.width - 1), min(max(y, 0), image.height - 1))
        let place = (y * image.width + x) * image.channels
        let scale = 255 / Float(image.maximum)
        if image.isGrey { return SIMD3(repeating: Float(image.samples[place]) * scale) }
        return SIMD3(
            Float(image.samples[place]), Float(image.samples[place + 1]),
            Float(image.samples[place + 2])) * scale
    }
}

extension Image {
    /// Whether nothing shines through a pixel.
    fileprivate func isOpaque(at pixel: Int) -> Bool {
        !hasAlpha || samples[(pixel + 1) * channels - 1] == maximum
    }

    /// This picture with the grain of a photo where it was painted and has less. The same seed gives the same
    /// picture.
    ///
    /// - Parameters:
    ///   - photo: of the same size; its grain is looked for where the mask is black.
    ///   - mask: of the same size: how much of each pixel was painted. Where it is black nothing changes.
    public func withGrain(of photo: Image, within mask: Mask, seed: UInt64) -> Image {
        precondition(photo.width == width && photo.height == height)
        precondition(mask.width == width && mask.height == height)
        guard let grain = Grain(of: photo, outside: mask) else { return self }
        return grain.laid(over: self, within: mask, seed: seed)
    }
}
