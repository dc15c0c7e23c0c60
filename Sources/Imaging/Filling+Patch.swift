import Glibc

extension HoledPicture {
    /// How often matches and colours take turns at a level, by the number of its targets, and how far from a
    /// match others are tried.
    private static func effort(_ targets: Int) -> (rounds: Int, span: Int) {
        switch targets {
        case ...20_000: (5, .max)
        case ...60_000: (5, 8)
        case ...300_000: (2, 8)
        default: (1, 4)
        }
    }

    /// A level that is filled from its border inwards has fewer targets than this.
    private static let mostGrown = 20_000
    /// How often the coarse levels are filled, from other random numbers; each second time without growing.
    private static let trials = 4

    /// Fills what is unknown so that each square piece of it looks like some known piece.
    ///
    /// Y. Wexler, E. Shechtman, M. Irani: Space-time completion of video (2007), on a pyramid: the
    /// coarsest level begins with drawn-out edges, each finer one with the coarser one's matches;
    /// finding matches and voting on colours take turns. Texture counts beside colour, and what is near counts
    /// more than what is far. Matches are found by `PatchMatch`; the coarsest levels are filled from
    /// the border inwards first, so that lines go on (`PatchGrowth`). They are filled several times, and the filling
    /// whose pieces are most like known ones goes on to the finer levels. In the end each pixel is that of one
    /// piece, and shades are evened out where pieces meet.
    /// Without any wholly known piece the edges are all there is.
    mutating func fillWithPatches(_ progress: (_ share: Double) throws -> Void) rethrows {
        try progress(0)
        var levels = [PatchLevel(self)]
        while let next = levels[levels.count - 1].halved { levels.append(next) }
        let last = levels.count - 1
        levels[last].fillWithEdges()
        // Fine enough to see lines, coarse enough to see how they go on.
        let growth = (max(last - 2, 0)...last).first { levels[$0].targetCount < Self.mostGrown }
        let chosen = growth ?? last
        var best: PatchMatch?
        for trial in 0..<(growth == nil ? 1 : Self.trials) {
            try progress(
                0.8 * pow(0.25, Double(chosen + 1)) * Double(trial) / Double(Self.trials))
            let found = Self.matches(
                in: levels, downTo: chosen, growingAt: trial % 2 == 0 ? growth : nil,
                seed: UInt64(100 * trial))
            if let found, found.meanCost < best?.meanCost ?? .infinity { best = found }
        }
        guard var found = best else { return fillWithEdges() }
        for depth in (0..<chosen).reversed() {
            // The time goes with the number of pixels: three quarters of it are in the finest level.
            try progress(0.8 * pow(0.25, Double(depth + 1)))
            guard
                var finer = PatchMatch(levels[depth], continuing: found, seed: UInt64(depth + 2))
            else { break }
            levels.removeLast(levels.count - depth - 1)
            let effort = Self.effort(finer.targetCount)
            finer.improve(rounds: effort.rounds, span: effort.span)
            found = finer
        }
        guard found.level.width == width, found.level.height == height else {
            return fillWithEdges()
        }
        try progress(0.8)
        let origins = found.settled()
        try progress(0.9)
        finish(found.level, from: origins)
        try progress(1)
    }

    /// The matches of a level, found from the coarsest one on.
    ///
    /// - Parameter growth: the level that is filled from its border inwards first; nil for none.
    private static func matches(
        in levels: [PatchLevel], downTo depth: Int, growingAt growth: Int?, seed: UInt64
    ) -> PatchMatch? {
        let last = levels.count - 1
        guard var found = PatchMatch(levels[last], seed: seed + 1) else { return nil }
        if growth == last { found.grow() }
        found.improve(rounds: 12, span: .max)
        for level in (depth..<last).reversed() {
            guard
                var finer = PatchMatch(
                    levels[level], continuing: found, seed: seed + UInt64(level + 2))
            else { return nil }
            if level == growth { finer.grow() }
            let effort = effort(finer.targetCount)
            finer.improve(rounds: effort.rounds, span: effort.span)
            found = finer
        }
        return found
    }

    /// Takes the colours over, shades evened out.
    private mutating func finish(_ level: PatchLevel, from origins: [Int32]) {
        guard let box = level.hole else { return }
        let joints = level.joints(from: origins, in: box)
        for y in 0..<box.height {
            for x in 0..<box.width {
                let pixel = (box.y + y) * width + box.x + x
                guard !isKnown[pixel] else { continue }
                pixels[pixel] = level.pixels[pixel] + joints.values[y * box.width + x]
                pixels[pixel].w = 0
            }
        }
    }
}

extension PatchLevel {
    /// Gives every unknown pixel a colour of what is near.
    fileprivate mutating func fillWithEdges() {
        var picture = HoledPicture(width: width, height: height, pixels: pixels, isKnown: isKnown)
        picture.fillWithEdges()
        pixels = picture.pixels
    }

    /// What holds all that is unknown; nil where all is known.
    fileprivate var hole: Box? {
        Mask(width: width, height: height, values: isKnown.map { $0 ? 0 : 255 }).bounds
    }
}
