public import Tensors

/// A rectangle of places in a picture's latents.
package struct Area: Sendable, Equatable {
    package var rows: Range<Int>
    package var columns: Range<Int>

    package init(rows: Range<Int>, columns: Range<Int>) {
        (self.rows, self.columns) = (rows, columns)
    }

    /// Places in it.
    package var count: Int { rows.count * columns.count }

    /// What both have in common; nil if that is nothing.
    func common(with other: Area) -> Area? {
        let common = Area(
            rows: rows.clamped(to: other.rows), columns: columns.clamped(to: other.columns))
        return common.count > 0 ? common : nil
    }

    /// The smallest rectangle that holds both.
    func joined(with other: Area) -> Area {
        Area(
            rows: min(
                rows.lowerBound, other.rows.lowerBound)..<max(
                    rows.upperBound, other.rows.upperBound),
            columns: min(
                columns.lowerBound, other.columns.lowerBound)..<max(
                    columns.upperBound, other.columns.upperBound))
    }

    /// The same seen from a corner.
    func seen(from corner: Area) -> Area {
        let (top, left) = (corner.rows.lowerBound, corner.columns.lowerBound)
        return Area(
            rows: rows.lowerBound - top..<rows.upperBound - top,
            columns: columns.lowerBound - left..<columns.upperBound - left)
    }
}

/// Rectangles of a picture's latents that are computed by themselves.
public struct Areas: Sendable, Equatable {
    let height: Int
    let width: Int
    package let all: [Area]

    package init(height: Int, width: Int, _ all: [Area]) {
        (self.height, self.width, self.all) = (height, width, all)
    }

    /// Places in all of them.
    var count: Int { all.reduce(0) { $0 + $1.count } }

    /// Share of the latents that are in them, in 0...1.
    public var share: Double { Double(count) / Double(height * width) }

    /// The same at a resolution that is halved some times, rounded outwards.
    func scaled(toHeight height: Int, width: Int) -> Areas {
        var scale = 1
        func reduced(_ size: Int) -> Int { (size + scale - 1) / scale }
        while reduced(self.height) > height || reduced(self.width) > width { scale *= 2 }
        func scaled(_ range: Range<Int>, _ size: Int) -> Range<Int> {
            min(range.lowerBound / scale, size - 1)..<min(reduced(range.upperBound), size)
        }
        return Areas(
            height: height, width: width,
            all.map { Area(rows: scaled($0.rows, height), columns: scaled($0.columns, width)) })
    }

    /// The places of a picture [N,H,W,C] in the order of the areas: [N,1,R,C].
    func gathered(_ picture: Tensor) -> Tensor {
        let (batch, channels) = (picture.shape[0], picture.shape[3])
        let parts = all.map {
            picture.cropped(rows: $0.rows, columns: $0.columns)
                .reshaped([batch, 1, $0.count, channels])
        }
        return parts.count == 1 ? parts[0] : .concatenated(parts, axis: 2)
    }

    /// The areas of gathered places [N,1,R,C], each a picture [N,h,w,C].
    func parts(of gathered: Tensor) -> [Tensor] {
        var start = 0
        return all.map { area in
            defer { start += area.count }
            let run =
                all.count == 1 ? gathered : gathered.sliced(axis: 2, start..<start + area.count)
            return run.reshaped([
                gathered.shape[0], area.rows.count, area.columns.count, gathered.shape[3],
            ])
        }
    }

    /// Writes gathered places [N,1,R,C] over a part of a picture, as far as they are in it.
    ///
    /// - Parameter window: where the part [N,h,w,C] is.
    func write(_ parts: [Tensor], over picture: inout Tensor, at window: Area) {
        for (area, part) in zip(all, parts) {
            guard let common = area.common(with: window) else { continue }
            let (own, place) = (common.seen(from: area), common.seen(from: window))
            picture.overwrite(
                with: part.cropped(rows: own.rows, columns: own.columns),
                row: place.rows.lowerBound, column: place.columns.lowerBound)
        }
    }

    /// Writes gathered places [N,1,R,C] over a whole picture [N,H,W,C].
    func write(_ gathered: Tensor, over picture: inout Tensor) {
        write(
            parts(of: gathered), over: &picture,
            at: Area(rows: 0..<height, columns: 0..<width))
    }
}

extension Areas {
    /// Side of the tiles that the mask is taken apart by: a place of the coarsest level of most networks, so that
    /// areas do not meet in one.
    private static let tile = 8
    /// What an area costs beside its places, in places.
    private static let cost = 32

    /// Rectangles that cover a mask [1,H,W,1]; few, and of little more than its places.
    ///
    /// - Parameter mask: all above 0 counts; nil where nothing does.
    public init?(covering mask: Tensor) {
        let (height, width) = (mask.shape[1], mask.shape[2])
        let mask = Self.rows(of: mask)
        let areas = Self.joined(Self.tight(Self.runs(mask), mask))
        guard !areas.isEmpty else { return nil }
        self.init(height: height, width: width, areas)
    }

    /// The rows of a mask, true where it is above 0.
    private static func rows(of mask: Tensor) -> [[Bool]] {
        let width = mask.shape[2]
        return mask.withUnsafeBufferPointer { mask in
            stride(from: 0, to: mask.count, by: width).map { start in
                (start..<start + width).map { mask[$0] > 0 }
            }
        }
    }

    /// Tiles that hold anything of a mask: in each line of tiles those side by side are one.
    private static func runs(_ mask: [[Bool]]) -> [Area] {
        let (height, width) = (mask.count, mask[0].count)
        return stride(from: 0, to: height, by: tile).flatMap { top in
            let rows = top..<min(top + tile, height)
            var runs: [Area] = []
            for left in stride(from: 0, to: width, by: tile) {
                let columns = left..<min(left + tile, width)
                guard rows.contains(where: { mask[$0][columns].contains(true) }) else { continue }
                let area = Area(rows: rows, columns: columns)
                if let last = runs.last, last.columns.upperBound == left {
                    runs[runs.count - 1] = last.joined(with: area)
                } else {
                    runs.append(area)
                }
            }
            return runs
        }
    }

    /// Each without the rows and columns at its sides that hold nothing of the mask.
    private static func tight(_ areas: [Area], _ mask: [[Bool]]) -> [Area] {
        areas.compactMap { area in
            let rows = area.rows.filter { mask[$0][area.columns].contains(true) }
            let columns = area.columns.filter { column in
                area.rows.contains { mask[$0][column] }
            }
            guard let top = rows.first, let bottom = rows.last, let left = columns.first,
                let right = columns.last
            else { return nil }
            return Area(rows: top..<bottom + 1, columns: left..<right + 1)
        }
    }

    /// Joins areas that have a tile in common, and those that cost no more as one.
    private static func joined(_ areas: [Area]) -> [Area] {
        var joined: [Area] = []
        for area in areas {
            var area = area
            while let index = joined.firstIndex(where: { other in
                let both = area.joined(with: other).count
                return area.inTiles(tile).common(with: other.inTiles(tile)) != nil
                    || both <= (area.count + other.count) * 11 / 10 + cost
            }) {
                area = area.joined(with: joined.remove(at: index))
            }
            joined.append(area)
        }
        return joined
    }
}

extension Area {
    /// The tiles of a side that it is in.
    fileprivate func inTiles(_ side: Int) -> Area {
        func tiles(_ range: Range<Int>) -> Range<Int> {
            range.lowerBound / side..<(range.upperBound + side - 1) / side
        }
        return Area(rows: tiles(rows), columns: tiles(columns))
    }
}
