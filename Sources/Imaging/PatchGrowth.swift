extension PatchMatch {
    /// Fills the unknown anew from its border inwards, piece by piece: first the pieces that continue a strong
    /// edge and are mostly known. What is there already counts, too, but less than what is known.
    ///
    /// A. Criminisi, P. Pérez, K. Toyama: Region filling and object removal by exemplar-based image inpainting
    /// (2004).
    mutating func grow() {
        var growth = PatchGrowth(level)
        growth.run()
        level.pixels = growth.pixels
        for (pixel, origin) in growth.origins.enumerated()
        where origin >= 0 && level.isSource[origin] {
            matches[pixel] = Int32(origin)
        }
    }
}

/// A picture whose unknown part shrinks.
private struct PatchGrowth {
    /// How far a piece may be taken from, in pixels along either side.
    private static let window = 64
    /// How much a pixel counts that is not filled yet.
    private static let guess: Float = 0.15
    /// What a piece costs more at the edge of the window, in squared differences.
    private static let distanceCost: Float = 0.002
    /// The strength of an edge where there is none, so that confidence alone decides.
    private static let leastStrength: Float = 0.003

    private let width: Int
    private let height: Int
    /// The colours, filled more and more.
    private(set) var pixels: [SIMD4<Float>]
    /// The place that a pixel was taken from; -1 where it was known.
    private(set) var origins: [Int]
    private let isSource: [Bool]
    private var isDone: [Bool]
    /// How sure a pixel is: 1 where it was known.
    private var confidence: [Float]
    /// The priorities of the pixels at the border.
    private var border: [Int: Float] = [:]

    init(_ level: PatchLevel) {
        (width, height, pixels) = (level.width, level.height, level.pixels)
        (isDone, isSource) = (level.isKnown, level.isSource)
        confidence = isDone.map { $0 ? 1 : 0 }
        origins = Array(repeating: -1, count: pixels.count)
    }

    mutating func run() {
        for pixel in isDone.indices where !isDone[pixel] { weigh(pixel) }
        // Of equals the first one in reading order.
        while let next = border.max(by: { ($0.value, -$0.key) < ($1.value, -$1.key) })?.key {
            fill(next)
        }
    }

    /// The pixels of the piece around a pixel that are in the picture.
    private func forEach(in pixel: Int, _ body: (_ pixel: Int, _ offset: Int) -> Void) {
        let reach = PatchLevel.reach
        let (x, y) = (pixel % width, pixel / width)
        for row in max(-reach, -y)...min(reach, height - 1 - y) {
            for column in max(-reach, -x)...min(reach, width - 1 - x) {
                let offset = row * width + column
                body(pixel + offset, offset)
            }
        }
    }

    private mutating func fill(_ pixel: Int) {
        guard let source = best(for: pixel) else {
            border[pixel] = nil
            return
        }
        let sure = meanConfidence(pixel)
        var filled: [(pixel: Int, origin: Int)] = []
        forEach(in: pixel) { place, offset in
            if !isDone[place] { filled.append((place, source + offset)) }
        }
        for (place, origin) in filled {
            (origins[place], pixels[place]) = (origin, pixels[origin])
            (isDone[place], confidence[place]) = (true, sure)
            border[place] = nil
        }
        let (x, y, reach) = (pixel % width, pixel / width, PatchLevel.side)
        for row in max(y - reach, 0)...min(y + reach, height - 1) {
            for column in max(x - reach, 0)...min(x + reach, width - 1)
            where !isDone[row * width + column] { weigh(row * width + column) }
        }
    }

    private func meanConfidence(_ pixel: Int) -> Float {
        var sum: Float = 0
        forEach(in: pixel) { place, _ in sum += confidence[place] }
        return sum / Float(PatchLevel.side * PatchLevel.side)
    }

    /// Gives a pixel at the border its priority (equation 1): confidence times how strong an edge runs into
    /// the border.
    private mutating func weigh(_ pixel: Int) {
        let (x, y) = (pixel % width, pixel / width)
        let (left, right) = (x > 0 && isDone[pixel - 1], x + 1 < width && isDone[pixel + 1])
        let above = y > 0 && isDone[pixel - width]
        let below = y + 1 < height && isDone[pixel + width]
        guard left || right || above || below else { return }
        var normal = SIMD2<Float>(
            (right ? 1 : 0) - (left ? 1 : 0), (below ? 1 : 0) - (above ? 1 : 0))
        let length = (normal * normal).sum().squareRoot()
        if length > 0 { normal /= length }
        var strongest = SIMD2<Float>.zero
        forEach(in: pixel) { place, _ in
            guard let gradient = gradient(place) else { return }
            if (gradient * gradient).sum() > (strongest * strongest).sum() { strongest = gradient }
        }
        let along = SIMD2(-strongest.y, strongest.x)
        border[pixel] = meanConfidence(pixel) * (abs((along * normal).sum()) + Self.leastStrength)
    }

    /// The gradient of luma; nil where a neighbour is not filled yet.
    private func gradient(_ pixel: Int) -> SIMD2<Float>? {
        let (x, y) = (pixel % width, pixel / width)
        guard x > 0, y > 0, x + 1 < width, y + 1 < height, isDone[pixel],
            isDone[pixel - 1], isDone[pixel + 1], isDone[pixel - width], isDone[pixel + width]
        else { return nil }
        func luma(_ place: Int) -> Float {
            (pixels[place] * SIMD4(0.299, 0.587, 0.114, 0)).sum()
        }
        return SIMD2(
            luma(pixel + 1) - luma(pixel - 1), luma(pixel + width) - luma(pixel - width)) / 2
    }

    /// The piece in the window that is most like the one around a pixel; nil without any.
    private func best(for pixel: Int) -> Int? {
        let (reach, window) = (PatchLevel.reach, Self.window)
        let (x, y) = (pixel % width, pixel / width)
        let rows = max(y - window, reach)..<max(min(y + window, height - 1 - reach) + 1, reach)
        let columns = max(x - window, reach)..<max(min(x + window, width - 1 - reach) + 1, reach)
        guard !rows.isEmpty, !columns.isEmpty else { return nil }
        var piece = TargetPiece()
        pixels.withUnsafeBufferPointer { pixels in
            piece.load(x, y, pixels, width: width, height: height) { isDone[$0] ? 1 : Self.guess }
        }
        let target = piece
        let found = Bands.map(of: rows.count, height: 16) { band in
            var (best, lowest) = (-1, Float.infinity)
            pixels.withUnsafeBufferPointer { pixels in
                for row in band.lowerBound + rows.lowerBound..<band.upperBound + rows.lowerBound {
                    for column in columns where isSource[row * width + column] {
                        let (dx, dy) = (Float(column - x), Float(row - y))
                        let far =
                            Self.distanceCost / Float(window) * (dx * dx + dy * dy).squareRoot()
                        let source = row * width + column
                        let cost = target.cost(pixels, source, width, lowest - far) + far
                        if cost < lowest { (best, lowest) = (source, cost) }
                    }
                }
            }
            return (best: best, lowest: lowest)
        }
        let best = found.min { $0.lowest < $1.lowest }
        return best.flatMap { $0.best >= 0 ? $0.best : nil }
    }
}
