/// What a selection says of each place: certainly in, certainly out, or open with a leaning.
struct SelectionPlaces {
    /// What is known of a pixel.
    enum Known: UInt8 {
        case outside, open, keep, drop
    }

    /// The part of the picture that is looked at: the box with a ring around it.
    let region: Box
    private let selection: Selection
    /// The box cut to the picture; nil without one.
    private let box: Box?
    /// Half the width of a stroke, in pixels of the picture.
    private let radius: Double
    /// Whether the box ends at the picture's left, top, right and bottom edge.
    private let isAtEdge: (left: Bool, top: Bool, right: Bool, bottom: Bool)

    /// - Returns: nil if the box has nothing of the picture, or without one the strokes to keep.
    init?(_ selection: Selection, in image: Image) {
        self.selection = selection
        radius = Double(max(image.width, image.height)) / 256
        var part = Box(x: 0, y: 0, width: image.width, height: image.height)
        guard let wanted = selection.box else {
            (box, region, isAtEdge) = (nil, part, (true, true, true, true))
            guard known(image.width, image.height).contains(.keep) else { return nil }
            return
        }
        let (left, top) = (max(wanted.x, 0), max(wanted.y, 0))
        let (right, bottom) = (min(wanted.end.x, image.width), min(wanted.end.y, image.height))
        guard left < right, top < bottom else { return nil }
        box = Box(x: left, y: top, width: right - left, height: bottom - top)
        isAtEdge = (left == 0, top == 0, right == image.width, bottom == image.height)
        let area = Double((right - left) * (bottom - top))
        let ring = Int((2.0.squareRoot() - 1) / 2 * area.squareRoot()) + 4
        part.x = max(left - ring, 0)
        part.y = max(top - ring, 0)
        part.width = min(right + ring, image.width) - part.x
        part.height = min(bottom + ring, image.height) - part.y
        region = part
    }

    /// What is known of each pixel of a copy of the region at that size, by the box alone or by strokes, too.
    func known(_ width: Int, _ height: Int, hasStrokes: Bool = true) -> [Known] {
        let sx = Double(width) / Double(region.width)
        let sy = Double(height) / Double(region.height)
        var known = [Known](repeating: box == nil ? .open : .outside, count: width * height)
        if let box {
            let columns =
                Int(
                    Double(box.x - region.x) * sx)..<min(
                    width, Int((Double(box.end.x - region.x) * sx).rounded(.up)))
            for y in Int(
                Double(box.y - region.y) * sy)..<min(
                    height, Int((Double(box.end.y - region.y) * sy).rounded(.up)))
            {
                for x in columns { known[y * width + x] = .open }
            }
        }
        guard hasStrokes else { return known }
        for (strokes, value) in [(selection.drop, Known.drop), (selection.keep, Known.keep)] {
            for stroke in strokes {
                let points = stroke.map {
                    Selection.Point(
                        x: ($0.x - Double(region.x)) * sx, y: ($0.y - Double(region.y)) * sy)
                }
                for (from, to) in zip(points, points.dropFirst() + points.suffix(1)) {
                    Self.draw(from, to, max(radius * sx, 0.5), value, &known, width, height)
                }
            }
        }
        return known
    }

    /// Marks the pixels whose middles are within a radius of a line, and those that it passes through.
    private static func draw(
        _ from: Selection.Point, _ to: Selection.Point, _ radius: Double, _ value: Known,
        _ known: inout [Known], _ width: Int, _ height: Int
    ) {
        let (dx, dy) = (to.x - from.x, to.y - from.y)
        let length = dx * dx + dy * dy
        // Bounds are cut before they become whole numbers: a point may be anywhere.
        func range(_ a: Double, _ b: Double, _ count: Int) -> ClosedRange<Int>? {
            let low = max(min(a, b) - radius, 0)
            let high = min(max(a, b) + radius, Double(count - 1))
            return low <= high ? Int(low)...Int(high) : nil
        }
        guard let rows = range(from.y, to.y, height), let columns = range(from.x, to.x, width)
        else { return }
        let reach = max(radius, 0.71)
        for y in rows {
            for x in columns {
                let (px, py) = (Double(x) + 0.5 - from.x, Double(y) + 0.5 - from.y)
                let t = length > 0 ? min(max((px * dx + py * dy) / length, 0), 1) : 0
                let (ex, ey) = (px - t * dx, py - t * dy)
                if ex * ex + ey * ey <= reach * reach { known[y * width + x] = value }
            }
        }
    }

    /// How much more likely a place is in than out before its colour is seen, as a logarithm, for pixels of
    /// a copy of the region at that size: things fill the middle of their box and leave its corners.
    /// A side at the picture's edge cuts the thing off, so it does not count as a border.
    func leaning(_ width: Int, _ height: Int) -> (Int) -> Float {
        guard let box else { return { _ in 0 } }
        let sx = Double(region.width) / Double(width)
        let sy = Double(region.height) / Double(height)
        let edges = isAtEdge
        let (left, top) = (Double(box.x - region.x), Double(box.y - region.y))
        return { pixel in
            var u = ((Double(pixel % width) + 0.5) * sx - left) / Double(box.width) * 2 - 1
            var v = ((Double(pixel / width) + 0.5) * sy - top) / Double(box.height) * 2 - 1
            if u < 0 ? edges.left : edges.right { u /= 2 }
            if v < 0 ? edges.top : edges.bottom { v /= 2 }
            return 1.5 * (0.8 - Float((u * u + v * v).squareRoot()))
        }
    }
}
