/// A part of a hole that is filled by itself, from what is around it.
struct PatchWindow {
    /// What is looked at.
    let box: Box
    /// What of the box is filled: all that is not black.
    let hole: Mask
    /// How many pixels that is.
    let count: Int

    /// Parts of a hole nearer than this to each other, in pixels, are filled together.
    private static let gap = 48
    /// Beyond so many parts all are filled together.
    private static let mostParts = 64

    /// The parts of a hole, from the top.
    ///
    /// - Parameters:
    ///   - avoided: of the size of the hole; nothing is taken from where it is not black.
    static func all(of hole: Mask, avoiding avoided: Mask?) -> [PatchWindow] {
        var groups: [(bounds: Box, parts: [Mask.Component])] = []
        for part in hole.components {
            var joined = (bounds: part.bounds, parts: [part])
            for index in groups.indices.reversed()
            where groups[index].bounds.gap(to: part.bounds) < gap {
                // The shorter list goes behind the longer one.
                var other = groups.remove(at: index)
                if other.parts.count > joined.parts.count { swap(&other, &joined) }
                joined.parts += other.parts
                joined.bounds = joined.bounds.union(other.bounds)
            }
            groups.append(joined)
            guard groups.count <= mostParts else {
                guard let bounds = hole.bounds else { return [] }
                return [PatchWindow(of: hole, bounds, all: hole, avoided)]
            }
        }
        return groups.map { bounds, parts in
            var values = [UInt8](repeating: 0, count: bounds.width * bounds.height)
            for part in parts {
                let width = part.bounds.width
                for y in 0..<part.bounds.height {
                    let start = (part.bounds.y - bounds.y + y) * bounds.width
                    for x in 0..<width where part.mask.values[y * width + x] > 0 {
                        values[start + part.bounds.x - bounds.x + x] = 255
                    }
                }
            }
            let own = Mask(width: bounds.width, height: bounds.height, values: values)
            return PatchWindow(of: own, bounds, all: hole, avoided)
        }
    }

    /// As much around a part as gives pieces enough to choose from, the whole picture at most.
    ///
    /// - Parameters:
    ///   - part: the mask within `bounds`, or of the whole picture.
    private init(of part: Mask, _ bounds: Box, all hole: Mask, _ avoided: Mask?) {
        count = part.values.count { $0 > 0 }
        var margin = max(96, max(bounds.width, bounds.height) * 3 / 2)
        var box = bounds.widened(by: margin, inWidth: hole.width, height: hole.height)
        func open(_ box: Box) -> Int {
            var open = 0
            for y in box.y..<box.end.y {
                for pixel in y * hole.width + box.x..<y * hole.width + box.end.x
                where hole.values[pixel] == 0 && (avoided.map { $0.values[pixel] == 0 } ?? true) {
                    open += 1
                }
            }
            return open
        }
        while box.width < hole.width || box.height < hole.height, open(box) < 2 * count + 4096 {
            margin *= 2
            box = bounds.widened(by: margin, inWidth: hole.width, height: hole.height)
        }
        self.box = box
        if part.width == bounds.width, part.height == bounds.height {
            var own = Mask(width: box.width, height: box.height, filledWith: 0)
            for y in 0..<bounds.height {
                let start = (bounds.y - box.y + y) * box.width + bounds.x - box.x
                own.values.replaceSubrange(
                    start..<start + bounds.width,
                    with: part.values[y * bounds.width..<(y + 1) * bounds.width])
            }
            self.hole = own
        } else {
            self.hole = part.cropped(to: box)
        }
    }
}

extension Box {
    /// Pixels between this and another in the direction in which they are farther apart; below zero
    /// where they overlap.
    fileprivate func gap(to other: Box) -> Int {
        max(
            max(x, other.x) - min(end.x, other.end.x), max(y, other.y) - min(end.y, other.end.y))
    }

    /// What holds both.
    fileprivate func union(_ other: Box) -> Box {
        let (left, top) = (min(x, other.x), min(y, other.y))
        return Box(
            x: left, y: top, width: max(end.x, other.end.x) - left,
            height: max(end.y, other.end.y) - top)
    }
}
