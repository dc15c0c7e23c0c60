package import Imaging

/// A mask in groups of parts that lie near each other, so that what is painted is not as large as what is
/// between.
package struct MaskGroups {
    /// What holds each group, in the order of reading.
    package private(set) var all: [Box]
    /// The group of each block of pixels; -1 where there is none.
    private var groups: [Int]
    private let columns: Int
    private let block: Int

    /// Parts that are less than a block of pixels apart are one group from the start.
    ///
    /// - Parameters:
    ///   - mask: all that is not black counts.
    ///   - block: pixels a side.
    ///   - most: where there are more groups, all are one.
    package init(_ mask: Mask, block: Int, most: Int) {
        let small = mask.latentMax(factor: block)
        let parts = small.components
        (self.block, columns) = (block, small.width)
        groups = small.values.map { $0 > 0 ? 0 : -1 }
        guard parts.count <= most, parts.count > 1 else {
            all = mask.bounds.map { [$0] } ?? []
            return
        }
        all = []
        for (index, part) in parts.enumerated() {
            for y in 0..<part.bounds.height {
                for x in 0..<part.bounds.width where part.mask.values[y * part.bounds.width + x] > 0
                {
                    groups[(part.bounds.y + y) * columns + part.bounds.x + x] = index
                }
            }
            let blocks = Box(
                x: part.bounds.x * block, y: part.bounds.y * block,
                width: min(part.bounds.width * block, mask.width - part.bounds.x * block),
                height: min(part.bounds.height * block, mask.height - part.bounds.y * block))
            let own = limit(mask.cropped(to: blocks), of: blocks, to: index).bounds
            all.append(
                own.map {
                    Box(
                        x: blocks.x + $0.x, y: blocks.y + $0.y, width: $0.width,
                        height: $0.height)
                } ?? blocks)
        }
    }

    /// Unites groups as long as two fit together at the larger of their scales.
    package mutating func unite(by scale: (Box) -> Double) {
        var first = 0
        while first < all.count {
            let partner = (first + 1..<all.count).first { second in
                scale(all[first].united(with: all[second]))
                    <= max(scale(all[first]), scale(all[second]))
            }
            guard let second = partner else {
                first += 1
                continue
            }
            all[first] = all[first].united(with: all[second])
            all.remove(at: second)
            groups = groups.map { $0 == second ? first : $0 > second ? $0 - 1 : $0 }
            first = 0
        }
    }

    /// What of a mask of a box belongs to a group.
    package func limit(_ mask: Mask, of box: Box, to group: Int) -> Mask {
        guard all.count != 1 else { return mask }
        var limited = mask
        for y in 0..<box.height {
            let row = (box.y + y) / block * columns
            for x in 0..<box.width where groups[row + (box.x + x) / block] != group {
                limited.values[y * box.width + x] = 0
            }
        }
        return limited
    }
}

extension Box {
    /// What holds both.
    fileprivate func united(with other: Box) -> Box {
        let (left, top) = (min(x, other.x), min(y, other.y))
        return Box(
            x: left, y: top, width: max(x + width, other.x + other.width) - left,
            height: max(y + height, other.y + other.height) - top)
    }
}
