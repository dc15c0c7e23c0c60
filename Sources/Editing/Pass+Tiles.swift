package import Imaging

extension Edit {
    /// Tiles of a side over the whole picture. Each is painted from the same picture, so none knows of
    /// the others.
    func tiles(side: Int, overlap: Int) -> [Pass] {
        let grid = TileGrid(
            Box(x: 0, y: 0, width: width, height: height), side: side, overlap: overlap)
        guard grid.count > 1 else { return [Pass(wholeOf: self)] }
        return grid.boxes.enumerated().map { index, box in
            var pass = Pass(
                box: box, width: box.width, height: box.height, mask: grid.share(of: index),
                region: nil)
            pass.seesEarlier = false
            return pass
        }
    }
}

/// Tiles over an area, as even as can be, that fade into each other linearly.
package struct TileGrid {
    private let area: Box
    private let columns: [Range<Int>]
    private let rows: [Range<Int>]
    /// The weights of each column's places, and of each row's.
    private let across: [[Float]]
    private let down: [[Float]]

    /// - Parameters:
    ///   - side: of a tile; less where the area is smaller.
    ///   - overlap: the least overlap of neighbours, half a side at most.
    package init(_ area: Box, side: Int, overlap: Int) {
        self.area = area
        let overlap = min(overlap, side / 2)
        let columns = Self.stretches(of: area.width, side: side, overlap: overlap)
        let rows = Self.stretches(of: area.height, side: side, overlap: overlap)
        (self.columns, self.rows) = (columns, rows)
        across = columns.map { Self.weights(of: $0, among: columns) }
        down = rows.map { Self.weights(of: $0, among: rows) }
    }

    /// How many there are.
    package var count: Int { columns.count * rows.count }

    /// Where each is, row by row.
    package var boxes: [Box] {
        rows.flatMap { row in
            columns.map { column in
                Box(
                    x: area.x + column.lowerBound, y: area.y + row.lowerBound, width: column.count,
                    height: row.count)
            }
        }
    }

    /// The share that a tile has of the weights so far. Laid over one another by these shares, in the end
    /// each pixel is the weighted mean of its tiles.
    package func share(of index: Int) -> Mask {
        let (row, column) = (index / columns.count, index % columns.count)
        // For each place, the weights of all tiles there, in their order.
        let beside = columns[column].map { Self.covering($0, columns, across, upTo: columns.count) }
        let own = columns[column].map { Self.covering($0, columns, across, upTo: column + 1) }
        var values: [UInt8] = []
        values.reserveCapacity(rows[row].count * columns[column].count)
        for y in rows[row] {
            let above = Self.covering(y, rows, down, upTo: row)
            let weight = down[row][y - rows[row].lowerBound]
            for x in 0..<columns[column].count {
                var sum: Float = 0
                for earlier in above {
                    for other in beside[x] { sum += earlier * other }
                }
                for other in own[x] { sum += weight * other }
                values.append(UInt8((255 * (weight * across[column][x]) / sum).rounded()))
            }
        }
        return Mask(width: columns[column].count, height: rows[row].count, values: values)
    }

    /// The weights at a place of the first stretches that cover it.
    private static func covering(
        _ place: Int, _ stretches: [Range<Int>], _ weights: [[Float]], upTo end: Int
    ) -> [Float] {
        stretches.indices.prefix(end).filter { stretches[$0].contains(place) }.map {
            weights[$0][place - stretches[$0].lowerBound]
        }
    }

    /// Stretches of a side that cover a length, overlapping by at least so much, evenly.
    private static func stretches(of length: Int, side: Int, overlap: Int) -> [Range<Int>] {
        guard length > side else { return [0..<length] }
        let advance = side - overlap
        let count = (length - overlap + advance - 1) / advance
        return (0..<count).map { index in
            let start = (length - side) * index / (count - 1)
            return start..<start + side
        }
    }

    /// A weight for each place of a stretch: 1, with linear ramps where it overlaps its neighbours.
    private static func weights(of stretch: Range<Int>, among all: [Range<Int>]) -> [Float] {
        stretch.map { place in
            var weight: Float = 1
            for other in all where other != stretch && other.contains(place) {
                let shared = other.clamped(to: stretch)
                let distance =
                    other.lowerBound < stretch.lowerBound
                    ? place - shared.lowerBound + 1 : shared.upperBound - place
                weight = min(weight, Float(distance) / Float(shared.count + 1))
            }
            return weight
        }
    }
}
