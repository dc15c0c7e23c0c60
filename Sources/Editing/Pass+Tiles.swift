import Imaging

extension Edit {
    /// Tiles of a side over the whole picture, as even as can be, that fade into each other linearly.
    /// Each is painted from the same picture, so none knows of the others.
    func tiles(side: Int, overlap: Int) -> [Pass] {
        let overlap = min(overlap, side / 2)
        let columns = Self.stretches(of: width, side: side, overlap: overlap)
        let rows = Self.stretches(of: height, side: side, overlap: overlap)
        guard columns.count * rows.count > 1 else { return [Pass(wholeOf: self)] }
        let across = columns.map { Self.weights(of: $0, among: columns) }
        let down = rows.map { Self.weights(of: $0, among: rows) }
        // Laid over one another, each tile has its share of the weights so far: in the end each
        // pixel is the weighted mean of its tiles.
        var sums = [Float](repeating: 0, count: width * height)
        var passes: [Pass] = []
        for (row, rowWeights) in zip(rows, down) {
            for (column, columnWeights) in zip(columns, across) {
                let box = Box(
                    x: column.lowerBound, y: row.lowerBound, width: column.count, height: row.count)
                var mask = Mask(width: box.width, height: box.height, filledWith: 0)
                for y in 0..<box.height {
                    for x in 0..<box.width {
                        let place = (box.y + y) * width + box.x + x
                        let weight = rowWeights[y] * columnWeights[x]
                        sums[place] += weight
                        let share = (255 * weight / sums[place]).rounded()
                        mask.values[y * box.width + x] = UInt8(share)
                    }
                }
                var pass = Pass(
                    box: box, width: box.width, height: box.height, mask: mask, region: nil)
                pass.seesEarlier = false
                passes.append(pass)
            }
        }
        return passes
    }

    /// Stretches of a side that cover a length, overlapping by at least so much, evenly.
    static func stretches(of length: Int, side: Int, overlap: Int) -> [Range<Int>] {
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
