extension Mask {
    /// A part of a mask that touches no other.
    public struct Component: Sendable, Equatable {
        /// What holds it.
        public let bounds: Box
        /// 255 where it is, of the size of its bounds.
        public let mask: Mask

        /// The component as a mask of a box that may begin anywhere; what is outside is cut off.
        public func placed(in box: Box) -> Mask {
            var placed = Mask(width: box.width, height: box.height, filledWith: 0)
            let rows = max(bounds.y, box.y)..<max(min(bounds.end.y, box.end.y), bounds.y, box.y)
            let columns = max(bounds.x, box.x)..<max(min(bounds.end.x, box.end.x), bounds.x, box.x)
            for y in rows {
                for x in columns {
                    placed.values[(y - box.y) * box.width + x - box.x] =
                        mask.values[(y - bounds.y) * bounds.width + x - bounds.x]
                }
            }
            return placed
        }
    }

    /// The parts of what is not black that do not touch each other, not even by a corner; by their
    /// topmost pixels, from the top left in the order of reading.
    public var components: [Component] {
        var labels = [Int32](repeating: 0, count: values.count)
        var found: [Component] = []
        for start in values.indices where values[start] > 0 && labels[start] == 0 {
            found.append(component(from: start, label: Int32(found.count + 1), &labels))
        }
        return found
    }

    /// Fills one part from one of its pixels.
    private func component(from start: Int, label: Int32, _ labels: inout [Int32]) -> Component {
        var (left, right, top, bottom) = (width, 0, height, 0)
        var open = [start]
        labels[start] = label
        while let pixel = open.popLast() {
            let (x, y) = (pixel % width, pixel / width)
            (left, right) = (min(left, x), max(right, x))
            (top, bottom) = (min(top, y), max(bottom, y))
            for row in max(y - 1, 0)...min(y + 1, height - 1) {
                for column in max(x - 1, 0)...min(x + 1, width - 1) {
                    let next = row * width + column
                    guard values[next] > 0, labels[next] == 0 else { continue }
                    labels[next] = label
                    open.append(next)
                }
            }
        }
        let bounds = Box(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
        let values = (top...bottom).flatMap { y in
            (left...right).map { labels[y * width + $0] == label ? UInt8(255) : 0 }
        }
        return Component(
            bounds: bounds, mask: Mask(width: bounds.width, height: bounds.height, values: values))
    }
}
