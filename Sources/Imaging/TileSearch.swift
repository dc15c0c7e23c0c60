/// The search for matches in one tile.
struct TileSearch {
    /// What a match costs for each pixel that it is away.
    var distanceCost: Float = 0

    private let level: PatchLevel
    private let trust: [Float]
    private let matches: UnsafeMutableBufferPointer<Int32>
    private let costs: UnsafeMutableBufferPointer<Float>
    private var random: SplitMix

    init(
        _ level: PatchLevel, _ trust: [Float], _ matches: UnsafeMutableBufferPointer<Int32>,
        _ costs: UnsafeMutableBufferPointer<Float>, random: SplitMix
    ) {
        (self.level, self.trust, self.matches, self.costs) = (level, trust, matches, costs)
        self.random = random
    }

    /// Goes over the targets once.
    ///
    /// - Parameters:
    ///   - span: how far from a match others are tried at first, in pixels; 0 tries none.
    ///   - isForward: whether it goes down and takes matches from above and from the left, or the other way.
    ///   - knowsCosts: whether costs are those of the matches.
    mutating func run(_ targets: [Int32], _ span: Int, _ isForward: Bool, _ knowsCosts: Bool) {
        let (width, height, step) = (level.width, level.height, isForward ? 1 : -1)
        var piece = TargetPiece()
        level.pixels.withUnsafeBufferPointer { pixels in
            for index in targets.indices {
                let target = Int(targets[isForward ? index : targets.count - 1 - index])
                let (x, y) = (target % width, target / width)
                piece.load(x, y, pixels, width: width, height: height) { trust[$0] }
                var best = Int(matches[target])
                var lowest =
                    knowsCosts
                    ? costs[target]
                    : piece.cost(pixels, best, width, .infinity) + distance(best, x, y)
                func consider(_ source: Int) {
                    guard level.isSource.indices.contains(source), level.isSource[source],
                        source != best
                    else { return }
                    let far = distance(source, x, y)
                    let cost = piece.cost(pixels, source, width, lowest - far) + far
                    if cost < lowest { (best, lowest) = (source, cost) }
                }
                if (0..<width).contains(x - step), matches[target - step] >= 0 {
                    consider(Int(matches[target - step]) + step)
                }
                if (0..<height).contains(y - step), matches[target - step * width] >= 0 {
                    consider(Int(matches[target - step * width]) + step * width)
                }
                var span = span
                while span >= 1 {
                    let (column, row) = (best % width, best / width)
                    let (left, top) = (max(column - span, 0), max(row - span, 0))
                    let newColumn = left + random.below(min(column + span, width - 1) - left + 1)
                    let newRow = top + random.below(min(row + span, height - 1) - top + 1)
                    consider(newRow * width + newColumn)
                    span /= 2
                }
                (matches[target], costs[target]) = (Int32(best), lowest)
            }
        }
    }

    private func distance(_ source: Int, _ x: Int, _ y: Int) -> Float {
        let (dx, dy) = (Float(source % level.width - x), Float(source / level.width - y))
        return distanceCost * (dx * dx + dy * dy).squareRoot()
    }
}

/// The colours of a piece, with how much each counts.
struct TargetPiece {
    private var colors = [SIMD4<Float>](repeating: .zero, count: PatchLevel.side * PatchLevel.side)
    private var weights = [Float](repeating: 0, count: PatchLevel.side * PatchLevel.side)
    private var total: Float = 0

    /// Takes the piece around a pixel. What leaves the picture does not count.
    ///
    /// - Parameter trust: how much a pixel counts.
    @inline(__always)
    mutating func load(
        _ x: Int, _ y: Int, _ pixels: UnsafeBufferPointer<SIMD4<Float>>, width: Int, height: Int,
        trust: (_ pixel: Int) -> Float
    ) {
        let reach = PatchLevel.reach
        total = 0
        var place = 0
        for row in y - reach...y + reach {
            for column in x - reach...x + reach {
                if (0..<height).contains(row), (0..<width).contains(column) {
                    let pixel = row * width + column
                    (colors[place], weights[place]) = (pixels[pixel], trust(pixel))
                    total += weights[place]
                } else {
                    (colors[place], weights[place]) = (.zero, 0)
                }
                place += 1
            }
        }
    }

    /// How unlike the piece around a source is: the weighted mean of the squared differences. Once it is over
    /// `limit`, any number beyond that.
    @inline(__always)
    func cost(
        _ pixels: UnsafeBufferPointer<SIMD4<Float>>, _ source: Int, _ width: Int, _ limit: Float
    ) -> Float {
        let (reach, side) = (PatchLevel.reach, PatchLevel.side)
        let most = limit * total
        return colors.withUnsafeBufferPointer { colors in
            weights.withUnsafeBufferPointer { weights in
                var sum: Float = 0
                for row in 0..<side {
                    let start = source + (row - reach) * width - reach
                    var line = SIMD4<Float>.zero
                    for column in 0..<side {
                        let difference = pixels[start + column] - colors[row * side + column]
                        line += difference * difference * weights[row * side + column]
                    }
                    sum += line.sum()
                    if sum > most { break }
                }
                return sum / total
            }
        }
    }
}
