import Glibc
import Tensors

/// For each piece with unknown pixels in it the known piece most like it, found as in C. Barnes et
/// al.: PatchMatch, a randomized correspondence algorithm for structural image editing (2009).
///
/// Pieces are searched in square tiles, those of one colour of a chessboard at a time. A tile reads only
/// itself and tiles of the other colour, and has random numbers of its own, so the result does not depend on
/// the number of threads.
struct PatchMatch {
    private static let tileSide = 32
    /// A pixel counts so much less in a piece with each step into the hole: what stands there is a guess.
    private static let trust: (fall: Float, least: Float) = (1.5, 0.02)
    /// What a match costs more at the other end of the picture than in the same place, in squared
    /// differences.
    private static let distanceCost: Float = 0.003

    var level: PatchLevel
    /// The pixels whose pieces reach into the unknown, by tiles of either colour, each in reading order.
    let tiles: [[[Int32]]]
    /// How many these are.
    let targetCount: Int
    /// For each target the middle of its match; -1 for other pixels.
    var matches: [Int32]
    /// For each target how unlike its match is: the mean of squared differences, weighted by trust, and what
    /// the distance costs.
    private var costs: [Float]
    /// How much each pixel counts in a target.
    private let trust: [Float]
    private let seed: UInt64
    private var pass: UInt64 = 0

    /// Matches at random; nil without a source.
    init?(_ level: PatchLevel, seed: UInt64) {
        guard level.hasSources else { return nil }
        (self.level, self.seed) = (level, seed)
        let (width, height) = (level.width, level.height)
        let columns = (width + Self.tileSide - 1) / Self.tileSide
        let rows = (height + Self.tileSide - 1) / Self.tileSide
        var lists = [[Int32]](repeating: [], count: columns * rows)
        for y in 0..<height {
            for x in 0..<width where level.unknownCounts[y * width + x] > 0 {
                lists[y / Self.tileSide * columns + x / Self.tileSide].append(Int32(y * width + x))
            }
        }
        tiles = [0, 1].map { color in
            lists.indices.filter { ($0 % columns + $0 / columns) % 2 == color }.map { lists[$0] }
                .filter { !$0.isEmpty }
        }
        targetCount = lists.reduce(0) { $0 + $1.count }
        let fall = (0...PatchLevel.mostDepth).map {
            max(powf(Self.trust.fall, -Float($0)), Self.trust.least)
        }
        trust = level.depths.map { fall[Int($0)] }
        matches = Array(repeating: -1, count: width * height)
        costs = Array(repeating: 0, count: width * height)
        var random = SplitMix(state: seed)
        var sources: [Int32] = []
        sources.reserveCapacity(level.isSource.count { $0 })
        for place in level.isSource.indices where level.isSource[place] {
            sources.append(Int32(place))
        }
        for target in tiles.joined().joined() {
            matches[Int(target)] = sources[random.below(sources.count)]
        }
    }

    /// The matches of a level half the size, at twice the place; colours are voted from them. Nil without a
    /// source.
    init?(_ level: PatchLevel, continuing coarse: PatchMatch, seed: UInt64) {
        self.init(level, seed: seed)
        let (width, coarseWidth) = (level.width, coarse.level.width)
        for target in tiles.joined().joined() {
            let (x, y) = (Int(target) % width, Int(target) / width)
            let match = Int(coarse.matches[y / 2 * coarseWidth + x / 2])
            guard match >= 0 else { continue }
            let column = match % coarseWidth * 2 + x % 2
            let row = match / coarseWidth * 2 + y % 2
            guard column < width, row < level.height, level.isSource[row * width + column] else {
                continue
            }
            matches[Int(target)] = Int32(row * width + column)
        }
        vote(trust)
    }

    /// Takes turns: better matches, then colours from them.
    ///
    /// - Parameters:
    ///   - span: how far from a match others are tried at first, in pixels.
    mutating func improve(rounds: Int, span: Int) {
        for _ in 0..<rounds {
            search(span: span, isForward: true, knowsCosts: false)
            search(span: span, isForward: false, knowsCosts: true)
            vote(weights)
        }
    }

    /// Better matches: those of the neighbours, one further, and random ones ever nearer.
    private mutating func search(span: Int, isForward: Bool, knowsCosts: Bool) {
        pass += 1
        let (level, trust, tiles, number) = (level, trust, tiles, (seed << 40) ^ (pass << 32))
        let span = min(span, max(level.width, level.height))
        matches.withUnsafeMutableBufferPointer { matches in
            costs.withUnsafeMutableBufferPointer { costs in
                nonisolated(unsafe) let (matches, costs) = (matches, costs)
                for color in tiles {
                    ThreadPool.forEach(color.count) { index in
                        var search = TileSearch(
                            level, trust, matches, costs,
                            random: SplitMix(state: number ^ UInt64(color[index][0])))
                        search.distanceCost =
                            Self.distanceCost / Float(max(level.width, level.height))
                        search.run(color[index], span, isForward, knowsCosts)
                    }
                }
            }
        }
    }

    /// How unlike known pieces the targets are on average, as of the last search.
    var meanCost: Double {
        let sum = tiles.joined().joined().reduce(0) { $0 + Double(costs[Int($1)]) }
        return sum / Double(max(targetCount, 1))
    }

    /// How much the match of each target counts: more the more alike it is (Wexler et al., equation 4), and
    /// the nearer it is to what is known (equation 5).
    private var weights: [Float] {
        let step = max(targetCount / 4096, 1)
        var sample: [Float] = []
        for (index, target) in tiles.joined().joined().enumerated() where index % step == 0 {
            sample.append(costs[Int(target)])
        }
        sample.sort()
        let spread = max(2 * sample[sample.count * 3 / 4], 1e-8)
        var weights = trust
        for target in tiles.joined().joined() {
            weights[Int(target)] *= expf(-min(costs[Int(target)] / spread, 40))
        }
        return weights
    }

    /// Each unknown pixel becomes the weighted mean of what the matches of all pieces that hold it have in
    /// its place.
    private mutating func vote(_ weights: [Float]) {
        decide { pixel, pieces, pixels in
            var sum = SIMD4<Float>.zero
            var total: Float = 0
            for piece in pieces {
                let weight = weights[piece.target]
                sum += pixels[piece.origin] * weight
                total += weight
            }
            return total > 0 ? sum / total : pixels[pixel]
        }
    }

    /// The place that each unknown pixel is taken from in the end, -1 for others: the one that the pieces that
    /// hold it favour together. Means would be dull.
    mutating func settled() -> [Int32] {
        search(span: 0, isForward: true, knowsCosts: false)
        let weights = weights
        var origins = [Int32](repeating: -1, count: matches.count)
        origins.withUnsafeMutableBufferPointer { origins in
            nonisolated(unsafe) let origins = origins
            decide { pixel, pieces, pixels in
                withUnsafeTemporaryAllocation(of: Ballot.self, capacity: pieces.count) { ballots in
                    var count = 0
                    for piece in pieces {
                        let weight = weights[piece.target]
                        if let index = (0..<count).first(where: {
                            ballots[$0].origin == piece.origin
                        }) {
                            ballots[index].weight += weight
                        } else {
                            ballots[count] = Ballot(origin: piece.origin, weight: weight)
                            count += 1
                        }
                    }
                    var best = ballots[0]
                    for index in 0..<count where ballots[index].weight > best.weight {
                        best = ballots[index]
                    }
                    origins[pixel] = Int32(best.origin)
                    return pixels[best.origin]
                }
            }
        }
        return origins
    }

    /// A place that a pixel may be taken from.
    private struct Ballot {
        let origin: Int
        var weight: Float
    }

    /// A piece that holds a pixel: its middle, and the place of its match's that the pixel is in.
    private struct Holder {
        let target: Int
        let origin: Int
    }

    /// Decides the colour of each unknown pixel by the pieces that hold it.
    private mutating func decide(
        _ color: (
            _ pixel: Int, _ pieces: UnsafeMutableBufferPointer<Holder>,
            _ pixels: UnsafeMutableBufferPointer<SIMD4<Float>>
        ) -> SIMD4<Float>
    ) {
        let (width, height, reach) = (level.width, level.height, PatchLevel.reach)
        let (tiles, isKnown, matches) = (tiles[0] + tiles[1], level.isKnown, matches)
        level.pixels.withUnsafeMutableBufferPointer { pixels in
            nonisolated(unsafe) let pixels = pixels
            ThreadPool.forEach(tiles.count) { index in
                withUnsafeTemporaryAllocation(
                    of: Holder.self, capacity: PatchLevel.side * PatchLevel.side
                ) { holders in
                    for pixel in tiles[index].lazy.map(Int.init) where !isKnown[pixel] {
                        let (x, y) = (pixel % width, pixel / width)
                        var count = 0
                        for row in max(-reach, -y)...min(reach, height - 1 - y) {
                            for column in max(-reach, -x)...min(reach, width - 1 - x) {
                                let offset = row * width + column
                                holders[count] = Holder(
                                    target: pixel + offset,
                                    origin: Int(matches[pixel + offset]) - offset)
                                count += 1
                            }
                        }
                        pixels[pixel] = color(
                            pixel, UnsafeMutableBufferPointer(rebasing: holders[..<count]), pixels)
                    }
                }
            }
        }
    }
}

/// Sebastiano Vigna's SplitMix64 (2015): the same numbers everywhere.
struct SplitMix {
    private var state: UInt64

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
