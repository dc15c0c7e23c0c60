import Glibc

extension HoledPicture {
    /// Fills what is unknown so that each square piece of it looks like some known piece.
    ///
    /// Y. Wexler, E. Shechtman, M. Irani: Space-time completion of video (2007), on a pyramid: the
    /// coarsest level begins with drawn-out edges, each finer one with the coarser one's matches;
    /// finding matches and voting on colours take turns. Texture counts beside colour. The matches are
    /// found by `PatchMatch`; in the end each pixel is that of one piece, for means are dull.
    /// Without any wholly known piece the edges are all there is.
    mutating func fillWithPatches() {
        var levels = [withRoughness()]
        while let next = levels[levels.count - 1].halved { levels.append(next) }
        levels[levels.count - 1].fillWithEdges()
        guard var matches = PatchMatch(levels[levels.count - 1], seed: 1) else {
            return fillWithEdges()
        }
        matches.improve(rounds: 12, passes: 4)
        for level in levels.dropLast().reversed() {
            guard let finer = PatchMatch(level, continuing: matches) else { break }
            matches = finer
            let isLarge = finer.targets.count > 400_000
            matches.improve(rounds: isLarge ? 2 : 5, passes: isLarge ? 2 : 3)
        }
        guard matches.picture.pixels.count == pixels.count else { return fillWithEdges() }
        matches.settle()
        pixels = matches.picture.pixels
    }

    /// The picture at half the size, its pixels the means of what is known of the four below each.
    /// Nil once the hole is as thin as a piece, or the picture too small to find pieces in.
    private var halved: HoledPicture? {
        let (columns, rows) = ((width + 1) / 2, (height + 1) / 2)
        guard min(columns, rows) >= 4 * PatchMatch.side,
            distances(to: nearestKnown()).contains(where: { $0 > Float(PatchMatch.reach) })
        else { return nil }
        var half = Array(repeating: SIMD4<Float>.zero, count: columns * rows)
        var isKnown = Array(repeating: false, count: columns * rows)
        for y in 0..<rows {
            for x in 0..<columns {
                var (sum, count, all) = (SIMD4<Float>.zero, 0, 0)
                for row in 2 * y..<min(2 * y + 2, height) {
                    for column in 2 * x..<min(2 * x + 2, width) {
                        all += 1
                        guard self.isKnown[row * width + column] else { continue }
                        sum += pixels[row * width + column]
                        count += 1
                    }
                }
                if 2 * count >= all {
                    half[y * columns + x] = sum / Float(count)
                    isKnown[y * columns + x] = true
                }
            }
        }
        let halved = HoledPicture(width: columns, height: rows, pixels: half, isKnown: isKnown)
        return halved.hasPieces ? halved : nil
    }

    /// Whether some piece is wholly known.
    private var hasPieces: Bool { unknownCounts().contains(0) }

    /// How many pixels of the piece around each pixel are unknown; what leaves the picture is
    /// not counted.
    fileprivate func unknownCounts() -> [Int32] {
        let reach = PatchMatch.reach
        var across = [Int32](repeating: 0, count: width * height)
        for y in 0..<height {
            var count: Int32 = 0
            for x in 0..<width + reach {
                if x < width, !isKnown[y * width + x] { count += 1 }
                let old = x - 2 * reach - 1
                if old >= 0, !isKnown[y * width + old] { count -= 1 }
                if x >= reach { across[y * width + x - reach] = count }
            }
        }
        var counts = across
        for x in 0..<width {
            var count: Int32 = 0
            for y in 0..<height + reach {
                if y < height { count += across[y * width + x] }
                let old = y - 2 * reach - 1
                if old >= 0 { count -= across[old * width + x] }
                if y >= reach { counts[(y - reach) * width + x] = count }
            }
        }
        return counts
    }
}

/// For each piece with unknown pixels in it the known piece most like it, found as in C. Barnes et
/// al.: PatchMatch, a randomized correspondence algorithm for structural image editing (2009).
private struct PatchMatch {
    /// Pixels from the middle of a piece to its edge.
    static let reach = 3
    /// Pixels along a side of a piece.
    static let side = 2 * reach + 1

    private(set) var picture: HoledPicture
    /// The pixels whose pieces reach into the unknown, in reading order.
    let targets: [Int]
    /// Whether the piece around a pixel is wholly known.
    private let isSource: [Bool]
    /// For each target the middle of its match; -1 for other pixels.
    private var matches: [Int]
    /// For each target how unlike its match is: squared differences, summed up.
    private var costs: [Float]
    private let distances: [Float]
    private var random: SplitMix

    /// Matches at random; nil without a source.
    init?(_ picture: HoledPicture, seed: UInt64) {
        self.picture = picture
        random = SplitMix(state: seed)
        let (width, height, reach) = (picture.width, picture.height, PatchMatch.reach)
        let counts = picture.unknownCounts()
        targets = counts.indices.filter { counts[$0] > 0 }
        let isSource = counts.indices.map { pixel in
            counts[pixel] == 0
                && (reach..<max(width - reach, reach)).contains(pixel % width)
                && (reach..<max(height - reach, reach)).contains(pixel / width)
        }
        let sources = isSource.indices.filter { isSource[$0] }
        guard !sources.isEmpty else { return nil }
        self.isSource = isSource
        distances = picture.distances(to: picture.nearestKnown())
        matches = Array(repeating: -1, count: width * height)
        costs = Array(repeating: 0, count: width * height)
        for target in targets { matches[target] = sources[random.below(sources.count)] }
    }

    /// The matches of a level half the size, at twice the place; colours are voted from them.
    init?(_ picture: HoledPicture, continuing coarse: PatchMatch) {
        self.init(picture, seed: coarse.random.state)
        let width = picture.width
        for target in targets {
            let (x, y) = (target % width, target / width)
            let match = coarse.matches[y / 2 * coarse.picture.width + x / 2]
            guard match >= 0 else { continue }
            let column = match % coarse.picture.width * 2 + x % 2
            let row = match / coarse.picture.width * 2 + y % 2
            guard column < width, row < picture.height, isSource[row * width + column] else {
                continue
            }
            matches[target] = row * width + column
        }
        vote()
    }

    /// Takes turns: better matches, then colours from them.
    mutating func improve(rounds: Int, passes: Int) {
        for _ in 0..<rounds {
            search(passes: passes)
            vote()
        }
    }

    /// Better matches: those of the pixels before, one further, and random ones ever nearer.
    private mutating func search(passes: Int) {
        let (width, height) = (picture.width, picture.height)
        var (matches, costs, random) = (matches, costs, random)
        picture.pixels.withUnsafeBufferPointer { pixels in
            func cost(_ target: Int, _ source: Int, _ limit: Float) -> Float {
                Self.cost(pixels, width, height, target, source, limit: limit)
            }
            for target in targets { costs[target] = cost(target, matches[target], .infinity) }
            for pass in 0..<passes {
                let step = pass % 2 == 0 ? 1 : -1
                for index in targets.indices {
                    let target = targets[step > 0 ? index : targets.count - 1 - index]
                    let x = target % width
                    var (best, lowest) = (matches[target], costs[target])
                    func consider(_ source: Int) {
                        guard source >= 0, source < isSource.count, isSource[source] else { return }
                        let found = cost(target, source, lowest)
                        if found < lowest { (best, lowest) = (source, found) }
                    }
                    let aside = target - step
                    if (0..<width).contains(x - step), matches[aside] >= 0 {
                        consider(matches[aside] + step)
                    }
                    let above = target - step * width
                    if matches.indices.contains(above), matches[above] >= 0 {
                        consider(matches[above] + step * width)
                    }
                    var span = max(width, height)
                    while span >= 1 {
                        let (column, row) = (best % width, best / width)
                        let left = max(column - span, 0)
                        let top = max(row - span, 0)
                        let newColumn =
                            left + random.below(min(column + span, width - 1) - left + 1)
                        let newRow = top + random.below(min(row + span, height - 1) - top + 1)
                        consider(newRow * width + newColumn)
                        span /= 2
                    }
                    (matches[target], costs[target]) = (best, lowest)
                }
            }
        }
        (self.matches, self.costs, self.random) = (matches, costs, random)
    }

    /// The squared differences of two pieces, summed up; what of the target's lies outside of the
    /// picture does not count. Once `limit` is passed, any number beyond it.
    private static func cost(
        _ pixels: UnsafeBufferPointer<SIMD4<Float>>, _ width: Int, _ height: Int, _ target: Int,
        _ source: Int, limit: Float
    ) -> Float {
        let (x, y) = (target % width, target / width)
        let (left, right) = (max(-reach, -x), min(reach, width - 1 - x))
        var total: Float = 0
        for row in max(-reach, -y)...min(reach, height - 1 - y) {
            var sum = SIMD4<Float>.zero
            for column in left...right {
                let offset = row * width + column
                let difference = pixels[target + offset] - pixels[source + offset]
                sum += difference * difference
            }
            total += sum.sum()
            if total > limit { return total }
        }
        return total
    }

    /// Each unknown pixel becomes that of the match most alike of all pieces that hold it.
    mutating func settle() {
        search(passes: 1)
        picture.pixels = voted { pixel, pieces in
            let best = pieces.min { costs[pixel + $0] < costs[pixel + $1] } ?? 0
            return picture.pixels[matches[pixel + best] - best]
        }
    }

    /// Each unknown pixel becomes the mean of what the matches of all pieces that hold it have in its
    /// place. Pieces count more the more alike their matches are (Wexler et al., equation 4), and
    /// the nearer they are to what is known (equation 5).
    private mutating func vote() {
        let sorted = targets.map { costs[$0] }.sorted()
        guard !sorted.isEmpty else { return }
        let spread = max(2 * sorted[sorted.count * 3 / 4], 1e-6)
        var weights = costs
        for target in targets {
            weights[target] =
                expf(-min(costs[target] / spread, 40)) * powf(1.3, -min(distances[target], 100))
        }
        picture.pixels = voted { pixel, pieces in
            var sum = SIMD4<Float>.zero
            var total: Float = 0
            for offset in pieces {
                let weight = weights[pixel + offset]
                sum += picture.pixels[matches[pixel + offset] - offset] * weight
                total += weight
            }
            return total > 0 ? sum / total : picture.pixels[pixel]
        }
    }

    /// The picture with unknown pixels decided, each by the middles of the pieces that hold it, which
    /// are given as offsets from it.
    private func voted(
        _ decide: (_ pixel: Int, _ pieces: [Int]) -> SIMD4<Float>
    ) -> [SIMD4<Float>] {
        let (width, height, reach) = (picture.width, picture.height, Self.reach)
        var colors = picture.pixels
        var pieces: [Int] = []
        pieces.reserveCapacity(Self.side * Self.side)
        for pixel in targets where !picture.isKnown[pixel] {
            let (x, y) = (pixel % width, pixel / width)
            pieces.removeAll(keepingCapacity: true)
            for row in max(-reach, -y)...min(reach, height - 1 - y) {
                for column in max(-reach, -x)...min(reach, width - 1 - x) {
                    pieces.append(row * width + column)
                }
            }
            colors[pixel] = decide(pixel, pieces)
        }
        return colors
    }
}

/// Sebastiano Vigna's SplitMix64 (2015): the same numbers everywhere.
private struct SplitMix {
    private(set) var state: UInt64

    init(state: UInt64) {
        self.state = state
    }

    /// A number in 0..<bound.
    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        bits ^= bits >> 31
        return Int(truncatingIfNeeded: bits.multipliedFullWidth(by: UInt64(bound)).high)
    }
}
