import Glibc

/// Finds what belongs together from a box around it, or strokes on it and beside it, without a model.
///
/// GrabCut (Rother, Kolmogorov & Blake 2004): two mixtures of colours, of what is kept and what is not,
/// and the cheapest border between both are found in turns in a small copy of the picture. The border
/// is then refined at twice the size and so on, in a narrow band around it, up to the picture's own.
public struct Selection: Sendable {
    /// A point of the picture, in pixels from its top left corner.
    public struct Point: Sendable, Equatable {
        /// Columns from the left.
        public var x: Double
        /// Rows from the top.
        public var y: Double

        /// A point.
        public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
    }

    /// What holds all of it; nil is the whole picture.
    public var box: Box?
    /// Strokes on it, each a line through its points.
    public var keep: [[Point]] = []
    /// Strokes beside it.
    public var drop: [[Point]] = []

    /// A selection by a box, strokes, or both.
    public init(box: Box? = nil, keep: [[Point]] = [], drop: [[Point]] = []) {
        (self.box, self.keep, self.drop) = (box, keep, drop)
    }

    /// Whether it says anything.
    public var isEmpty: Bool { box == nil && keep.isEmpty }
}

/// What is known of a pixel.
private enum Known {
    static let background: UInt8 = 0, foreground: UInt8 = 1
    static let maybeBackground: UInt8 = 2, maybeForeground: UInt8 = 3
}

extension Image {
    /// The mask of a selection: white on what is selected.
    public func mask(of selection: Selection) -> Mask {
        var sizes: [(width: Int, height: Int)] = [(width, height)]
        while let last = sizes.last, last.width * last.height > 90_000,
            min(last.width, last.height) > 8
        {
            sizes.append(((last.width + 1) / 2, (last.height + 1) / 2))
        }
        var level: Level?
        for size in sizes.reversed() {
            let picture = rgb8.resized(width: size.width, height: size.height, filter: .box)
            let known = selection.known(size.width, size.height, of: self)
            var now = Level(picture, known)
            if let coarse = level {
                now.refine(coarse)
            } else {
                now.iterate()
            }
            level = now
        }
        return Mask(
            width: width, height: height, values: (level?.isInside ?? []).map { $0 ? 255 : 0 })
    }
}

extension Selection {
    /// What is known of each pixel of a copy of the picture at that size.
    fileprivate func known(_ width: Int, _ height: Int, of image: Image) -> [UInt8] {
        let (sx, sy) = (
            Double(width) / Double(image.width), Double(height) / Double(image.height)
        )
        var known = [UInt8](
            repeating: box == nil ? Known.maybeBackground : Known.background, count: width * height)
        if let box {
            let columns =
                Int(Double(box.x) * sx)..<min(width, Int((Double(box.end.x) * sx).rounded(.up)))
            let rows =
                Int(Double(box.y) * sy)..<min(height, Int((Double(box.end.y) * sy).rounded(.up)))
            for y in rows { for x in columns { known[y * width + x] = Known.maybeForeground } }
        }
        for (strokes, value) in [(drop, Known.background), (keep, Known.foreground)] {
            for stroke in strokes {
                for (from, to) in zip(stroke, stroke.dropFirst() + stroke.suffix(1)) {
                    let steps = max(abs(to.x - from.x) * sx, abs(to.y - from.y) * sy)
                    for step in 0...max(Int(steps.rounded(.up)), 1) {
                        let t = Double(step) / max(steps.rounded(.up), 1)
                        let x = Int((from.x + (to.x - from.x) * t) * sx)
                        let y = Int((from.y + (to.y - from.y) * t) * sy)
                        if (0..<width).contains(x), (0..<height).contains(y) {
                            known[y * width + x] = value
                        }
                    }
                }
            }
        }
        return known
    }
}

/// The search at one size.
private struct Level {
    let width: Int
    let height: Int
    let colors: [SIMD3<Float>]
    let known: [UInt8]
    var isInside: [Bool]
    var front = GaussianMixture([])
    var back = GaussianMixture([])
    private let beta: Float

    /// What a border costs at most, beside what colours cost.
    private static let gamma: Float = 50

    init(_ picture: Image, _ known: [UInt8]) {
        (width, height, self.known) = (picture.width, picture.height, known)
        let samples = picture.samples
        colors = (0..<picture.width * picture.height).map { pixel in
            SIMD3(
                Float(samples[3 * pixel]), Float(samples[3 * pixel + 1]),
                Float(samples[3 * pixel + 2]))
        }
        isInside = known.map { $0 & 1 == 1 }
        var (sum, count) = (Double(0), 0)
        for y in 0..<height {
            for x in 0..<width where x + 1 < width {
                let d = colors[y * width + x] - colors[y * width + x + 1]
                sum += Double((d * d).sum())
                count += 1
            }
        }
        beta = sum > 0 ? Float(Double(count) / (2 * sum)) : 0
    }

    /// Colours and border in turns.
    mutating func iterate() {
        if !known.contains(Known.maybeForeground) {
            // From strokes alone: what is nearer in colour to those on it than to the others.
            let marked = colorsWhere { known[$0] == Known.foreground }
            let other = colorsWhere { known[$0] == Known.background }
            front = GaussianMixture(marked, count: 3)
            back = GaussianMixture(other.isEmpty ? rim : other)
            cut { _ in true }
        }
        front = GaussianMixture(colorsWhere { isInside[$0] })
        back = GaussianMixture(colorsWhere { !isInside[$0] })
        for _ in 0..<6 {
            let before = isInside
            cut { _ in true }
            front = front.refitted(to: colorsWhere { isInside[$0] })
            back = back.refitted(to: colorsWhere { !isInside[$0] })
            if before == isInside { break }
        }
    }

    /// The border of a smaller level, cut anew within a band around it.
    mutating func refine(_ coarse: Level) {
        (front, back) = (coarse.front, coarse.back)
        for y in 0..<height {
            for x in 0..<width {
                let there =
                    min(y / 2, coarse.height - 1) * coarse.width + min(x / 2, coarse.width - 1)
                let pixel = y * width + x
                isInside[pixel] =
                    known[pixel] > 1 ? coarse.isInside[there] : known[pixel] == Known.foreground
            }
        }
        let band = self.band(4)
        cut { band[$0] }
    }

    /// Pixels within so many steps of the border.
    private func band(_ radius: Int) -> [Bool] {
        var band = [Bool](repeating: false, count: width * height)
        for y in 0..<height {
            for x in 0..<width {
                let pixel = y * width + x
                let isEdge =
                    (x + 1 < width && isInside[pixel] != isInside[pixel + 1])
                    || (y + 1 < height && isInside[pixel] != isInside[pixel + width])
                guard isEdge else { continue }
                for row in max(0, y - radius)...min(height - 1, y + radius) {
                    let from = row * width + max(0, x - radius)
                    for near in from...(row * width + min(width - 1, x + radius)) {
                        band[near] = true
                    }
                }
            }
        }
        return band
    }

    /// The picture's own rim, which mostly is background.
    private var rim: [SIMD3<Float>] {
        colorsWhere { pixel in
            let (x, y) = (pixel % width, pixel / width)
            return x == 0 || y == 0 || x == width - 1 || y == height - 1
        }
    }

    private func colorsWhere(_ isWanted: (Int) -> Bool) -> [SIMD3<Float>] {
        colors.indices.filter(isWanted).map { colors[$0] }
    }

    /// Finds the cheapest border among pixels that are free; the others stay as they are.
    private mutating func cut(_ isFree: (Int) -> Bool) {
        var nodes = [Int32](repeating: -1, count: width * height)
        var pixels: [Int] = []
        for pixel in nodes.indices where isFree(pixel) && known[pixel] > 1 {
            nodes[pixel] = Int32(pixels.count)
            pixels.append(pixel)
        }
        guard !pixels.isEmpty else { return }
        let flow = MaxFlow(nodes: pixels.count, edges: 4 * pixels.count)
        let steps = [(1, 0, Float(1)), (0, 1, 1), (1, 1, 0.7071), (-1, 1, 0.7071)]
        for (node, pixel) in pixels.enumerated() {
            flow.connect(node, source: back.cost(colors[pixel]), sink: front.cost(colors[pixel]))
            let (x, y) = (pixel % width, pixel / width)
            for (dx, dy, share) in steps {
                for sign in [1, -1] {
                    let (nx, ny) = (x + sign * dx, y + sign * dy)
                    guard nx >= 0, nx < width, ny >= 0, ny < height else { continue }
                    let other = ny * width + nx
                    let isNode = nodes[other] >= 0
                    // Each pair of nodes is joined once.
                    if isNode, sign < 0 { continue }
                    let d = colors[pixel] - colors[other]
                    let weight = share * Self.gamma * exp(-beta * (d * d).sum())
                    if isNode {
                        flow.join(node, Int(nodes[other]), weight)
                    } else if isInside[other] {
                        flow.connect(node, source: weight, sink: 0)
                    } else {
                        flow.connect(node, source: 0, sink: weight)
                    }
                }
            }
        }
        flow.run()
        for (node, pixel) in pixels.enumerated() { isInside[pixel] = flow.isSource(node) }
    }
}
