import Glibc

/// The search for a selection's border at one size.
struct SelectionLevel {
    let width: Int
    let height: Int
    private(set) var isInside: [Bool]

    private let picture: Image
    private var known: [SelectionPlaces.Known]
    private let leaning: (Int) -> Float
    private let smallest: (width: Int, height: Int)
    private var front: Colors
    private var back: Colors
    /// How much more likely a place is in the thing than its colour and its place in the box say.
    private var bias: Float
    /// What speaks for each place of the smallest copy beside its colour, as a logarithm: how it is parted from
    /// what is around the box, and what the box alone found where no stroke is near.
    private var parting: [Float] = []
    private var holding: [Float] = []

    /// Pixels of the smallest copy, at most.
    static let coarsest = 65536
    /// What a border costs at most, beside what colours cost. Rother et al. (2004) take 50, which loses thin
    /// parts; at 25 specks remain.
    private static let gamma: Float = 35
    /// What a colour counts at most, as a logarithm: mixtures are overly certain of rare colours.
    private static let certainty: Float = 12
    /// How far a stroke's colours reach, as a share of the side of a square of the region's area.
    private static let reach: Float = 0.15
    /// The share of a box that is background at first: with half of it, a box drawn tightly around a thing
    /// lost all but its rarest colours.
    private static let doubtful: Float = 0.35
    /// The background is of more colours than the thing.
    private static let backgrounds = 8
    /// The share of the width and the height of a box that the thing in it takes at least.
    private static let extent: Float = 0.8
    /// How much more likely all places in the box may become, as a logarithm, and by what steps, until the
    /// selection has that extent.
    private static let mostBias: Float = 4.5
    private static let biasStep: Float = 0.75
    /// How much a place is less likely in the thing, as a logarithm, whose colour changes on the way from the
    /// surroundings by nothing; by half of the box's pixels or more, it is as likely as its colour says.
    private static let surroundings: Float = 2
    /// How much more likely a place far from strokes stays as the box alone found it, as a logarithm.
    private static let hold: Float = 1
    /// The most turns of colours and border.
    private static let turns = 8
    /// The border moves so many pixels at the most from one size to the next.
    private static let band = 4

    /// The colours of one side: those of its pixels, and those under its strokes. The latter count as much
    /// near a stroke, and the less the farther away: a stroke on one shoe says nothing of the sky.
    private struct Colors {
        var all = GaussianMixture([])
        var marked: GaussianMixture?
        /// What distance from the strokes takes from what their colours say, as a logarithm, for each
        /// pixel of the smallest copy.
        var distances: [Float] = []

        func cost(_ color: SIMD3<Float>, at place: Int) -> Float {
            guard let marked else { return all.cost(color) }
            return min(all.cost(color), marked.cost(color) + distances[place])
        }

        /// Takes the colours under strokes, which are some pixels of the smallest copy.
        mutating func mark(_ strokes: [Int], _ colors: [SIMD3<Float>], width: Int) {
            guard !strokes.isEmpty else { return }
            marked = GaussianMixture(strokes.map { colors[$0] }, count: 3)
            var mask = Mask(width: width, height: colors.count / width, filledWith: 0)
            for pixel in strokes { mask.values[pixel] = 255 }
            let unit = SelectionLevel.reach * Float(colors.count).squareRoot()
            distances = mask.squaredDistances { $0 > 0 }.map { $0.squareRoot() / unit }
        }
    }

    /// The border of a copy of the region.
    ///
    /// - Parameters:
    ///   - picture: the copy, 8-bit RGB.
    ///   - coarse: what was found at half the size; nil at the smallest.
    init(_ picture: Image, _ places: SelectionPlaces, after coarse: SelectionLevel?) {
        self.picture = picture
        (width, height) = (picture.width, picture.height)
        known = places.known(width, height)
        leaning = places.leaning(width, height)
        isInside = known.map { $0 == .keep || $0 == .open }
        smallest = coarse?.smallest ?? (width, height)
        (front, back) = (coarse?.front ?? Colors(), coarse?.back ?? Colors())
        bias = coarse?.bias ?? 0
        (parting, holding) = (coarse?.parting ?? [], coarse?.holding ?? [])
        if let coarse {
            refine(coarse)
        } else {
            search(places)
        }
    }

    /// The pixel of the smallest copy at a pixel's place.
    private func place(_ pixel: Int) -> Int {
        let (x, y) = (pixel % width, pixel / width)
        return y * smallest.height / height * smallest.width + x * smallest.width / width
    }

    private func color(_ pixel: Int) -> SIMD3<Float> {
        let lab = picture.lab(pixel)
        return SIMD3(lab.x, lab.y, lab.z)
    }

    /// Finds what is in a box, and mends it by strokes; without a box, what strokes mark.
    private mutating func search(_ places: SelectionPlaces) {
        let colors = known.indices.map(color)
        let marked = known
        let isMended = known.contains(.outside) && known.contains { $0 == .keep || $0 == .drop }
        if isMended {
            known = places.known(width, height, hasStrokes: false)
            isInside = known.map { $0 == .open }
        }
        find(colors)
        guard isMended else { return }
        known = marked
        mend(colors)
    }

    private mutating func find(_ colors: [SIMD3<Float>]) {
        func those(_ isWanted: (Int) -> Bool) -> [SIMD3<Float>] {
            colors.indices.filter(isWanted).map { colors[$0] }
        }
        takeStrokes(colors)
        let outside = those { known[$0] == .outside }
        back.all = GaussianMixture(
            outside.isEmpty ? rim(colors) : outside, count: Self.backgrounds)
        start(colors)
        front.all = GaussianMixture(those { isInside[$0] })
        back.all = GaussianMixture(those { !isInside[$0] }, count: Self.backgrounds)
        takeTurns(colors)
        let open = known.indices.filter { known[$0] == .open }
        while !hasExtent, bias < Self.mostBias {
            bias += Self.biasStep
            cut(open)
            refit(colors)
        }
    }

    /// Colours and border in turns, until the border stays.
    private mutating func takeTurns(_ colors: [SIMD3<Float>]) {
        let open = known.indices.filter { known[$0] == .open }
        for _ in 0..<Self.turns {
            let before = isInside
            cut(open)
            if before == isInside { return }
            refit(colors)
        }
    }

    /// Takes the colours of strokes, and how the rest is parted from the surroundings.
    private mutating func takeStrokes(_ colors: [SIMD3<Float>]) {
        let kept = known.indices.filter { known[$0] == .keep }
        let dropped = known.indices.filter { known[$0] == .drop }
        front.mark(kept, colors, width: width)
        back.mark(dropped, colors, width: width)
        guard known.contains(.outside) else { return }
        let ways = barrierDistances(colors, width: width) {
            known[$0] == .outside || known[$0] == .drop
        }
        let open = known.indices.filter { known[$0] == .open }.map { ways[$0] }.sorted()
        let middle = max(open.isEmpty ? 1 : open[open.count / 2], 0.001)
        parting = ways.map { Self.surroundings * (min($0 / middle, 1) - 1) }
    }

    /// Mends by strokes what the box alone found. A stroke says what is wrong near it, so what is far from all of
    /// them rather stays.
    private mutating func mend(_ colors: [SIMD3<Float>]) {
        let found = isInside
        var strokes = Mask(width: width, height: height, filledWith: 0)
        for pixel in known.indices where known[pixel] == .keep || known[pixel] == .drop {
            isInside[pixel] = known[pixel] == .keep
            strokes.values[pixel] = 255
        }
        let unit = Self.reach * Float(known.count).squareRoot()
        let distances = strokes.squaredDistances { $0 > 0 }
        holding = distances.indices.map { pixel in
            Self.hold * min(distances[pixel].squareRoot() / unit, 1) * (found[pixel] ? 1 : -1)
        }
        takeStrokes(colors)
        takeTurns(colors)
    }

    /// Fits the colours of both sides to what is on them now.
    private mutating func refit(_ colors: [SIMD3<Float>]) {
        let inner = colors.indices.filter { isInside[$0] }.map { colors[$0] }
        let outer = colors.indices.filter { !isInside[$0] }.map { colors[$0] }
        front.all = front.all.refitted(to: inner)
        back.all = back.all.refitted(to: outer)
    }

    /// Whether what is selected reaches near the sides of its box, as a thing does around which a box was
    /// drawn (Lempitsky, Kohli, Rother & Sharp 2009); true without a box.
    private var hasExtent: Bool {
        guard known.contains(.outside) else { return true }
        func extent(_ isWanted: (Int) -> Bool) -> (width: Int, height: Int) {
            let pixels = known.indices.filter(isWanted)
            let columns = pixels.map { $0 % width }
            guard let left = columns.min(), let right = columns.max(), let top = pixels.first,
                let bottom = pixels.last
            else { return (0, 0) }
            return (right - left + 1, bottom / width - top / width + 1)
        }
        let box = extent { known[$0] != .outside }
        let thing = extent { isInside[$0] }
        return Float(thing.width) >= Self.extent * Float(box.width)
            && Float(thing.height) >= Self.extent * Float(box.height)
    }

    /// The first guess: the open pixels that the background's colours explain worst, or the
    /// foreground's best where strokes alone mark it.
    private mutating func start(_ colors: [SIMD3<Float>]) {
        let open = known.indices.filter { known[$0] == .open }
        guard !open.isEmpty else { return }
        let hasBox = known.contains(.outside)
        let scores = open.map { pixel in
            let color = colors[pixel]
            let likeness = hasBox ? 0 : min(front.marked?.cost(color) ?? 0, 30)
            let distance = hasBox ? back.all.cost(color) : back.cost(color, at: pixel)
            return min(distance, 30) + leaning(pixel) + evidence(pixel) - likeness
        }
        let limit = hasBox ? scores.sorted()[Int(Self.doubtful * Float(open.count - 1))] : 0
        for (pixel, score) in zip(open, scores) { isInside[pixel] = score >= limit }
    }

    /// What speaks for a place of the smallest copy beside its colour.
    private func evidence(_ place: Int) -> Float {
        (parting.isEmpty ? 0 : parting[place]) + (holding.isEmpty ? 0 : holding[place])
    }

    /// The picture's own rim, which mostly is background.
    private func rim(_ colors: [SIMD3<Float>]) -> [SIMD3<Float>] {
        colors.indices.filter { pixel in
            let (x, y) = (pixel % width, pixel / width)
            return x == 0 || y == 0 || x == width - 1 || y == height - 1
        }.map { colors[$0] }
    }

    /// The border of a smaller level, cut anew within a band around it.
    private mutating func refine(_ coarse: SelectionLevel) {
        for y in 0..<height {
            let row = min(y / 2, coarse.height - 1) * coarse.width
            for x in 0..<width where known[y * width + x] == .open {
                isInside[y * width + x] = coarse.isInside[row + min(x / 2, coarse.width - 1)]
            }
        }
        cut(band.filter { known[$0] == .open })
    }

    /// Pixels within some steps of the border, in order.
    private var band: [Int] {
        var isNear = [Bool](repeating: false, count: width * height)
        for y in 0..<height {
            for x in 0..<width {
                let pixel = y * width + x
                let isEdge =
                    (x + 1 < width && isInside[pixel] != isInside[pixel + 1])
                    || (y + 1 < height && isInside[pixel] != isInside[pixel + width])
                guard isEdge else { continue }
                for row in max(0, y - Self.band)...min(height - 1, y + Self.band) {
                    let first = row * width
                    for near in max(0, x - Self.band)...min(width - 1, x + Self.band) {
                        isNear[first + near] = true
                    }
                }
            }
        }
        return isNear.indices.filter { isNear[$0] }
    }

    /// A pair of neighbours, the first of them free.
    private struct Edge {
        let node: Int32
        let other: Int32
        let share: Float
        let contrast: Float
    }

    /// Finds the cheapest border among some pixels; the others stay as they are.
    private mutating func cut(_ free: [Int]) {
        guard !free.isEmpty else { return }
        var nodes = [Int32](repeating: -1, count: width * height)
        for (node, pixel) in free.enumerated() { nodes[pixel] = Int32(node) }
        let colors = free.map(color)
        let edges = edges(free, nodes, colors)
        let contrast = edges.reduce(0.0) { $0 + Double($1.contrast) }
        let beta = contrast > 0 ? Float(Double(edges.count) / (2 * contrast)) : 0
        var flow = MaxFlow(nodes: free.count, edges: edges.count)
        for (node, color) in colors.enumerated() {
            let place = place(free[node])
            let likeness = back.cost(color, at: place) - front.cost(color, at: place)
            let limited = min(max(likeness, -Self.certainty), Self.certainty)
            let rest = leaning(free[node]) + evidence(place) + bias
            flow.connect(node, source: limited + rest, sink: 0)
        }
        for edge in edges {
            let weight = edge.share * Self.gamma * expf(-beta * edge.contrast)
            let other = nodes[Int(edge.other)]
            if other >= 0 {
                flow.join(Int(edge.node), Int(other), weight)
            } else if isInside[Int(edge.other)] {
                flow.connect(Int(edge.node), source: weight, sink: 0)
            } else {
                flow.connect(Int(edge.node), source: 0, sink: weight)
            }
        }
        flow.run()
        for (node, pixel) in free.enumerated() { isInside[pixel] = flow.isSource(node) }
    }

    /// The neighbours of free pixels, each pair once.
    private func edges(_ free: [Int], _ nodes: [Int32], _ colors: [SIMD3<Float>]) -> [Edge] {
        let steps = [(1, 0, Float(1)), (0, 1, 1), (1, 1, 0.7071), (-1, 1, 0.7071)]
        var edges: [Edge] = []
        edges.reserveCapacity(4 * free.count)
        for (node, pixel) in free.enumerated() {
            let (x, y) = (pixel % width, pixel / width)
            for (dx, dy, share) in steps {
                for sign in [1, -1] {
                    let (nx, ny) = (x + sign * dx, y + sign * dy)
                    guard nx >= 0, nx < width, ny >= 0, ny < height else { continue }
                    let other = ny * width + nx
                    let neighbor = nodes[other]
                    if neighbor >= 0, sign < 0 { continue }
                    let d = colors[node] - (neighbor >= 0 ? colors[Int(neighbor)] : color(other))
                    edges.append(
                        Edge(
                            node: Int32(node), other: Int32(other), share: share,
                            contrast: (d * d).sum()))
                }
            }
        }
        return edges
    }
}
