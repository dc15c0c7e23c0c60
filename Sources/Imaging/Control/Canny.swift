extension Image {
    /// Edges of an 8-bit RGB picture as OpenCV's `Canny` finds them with Sobel's 3x3 gradient and the sum
    /// of its absolute parts: at each pixel that of the channel where it is largest.
    func cannyEdges(low: Double, high: Double) -> Mask {
        let gradient = Gradient(self)
        let (low, high) = (Int(min(low, high).rounded(.down)), Int(max(low, high).rounded(.down)))
        var marks = [Mark](repeating: .none, count: width * height)
        var strong: [Int] = []
        for y in 0..<height {
            for x in 0..<width {
                let place = y * width + x
                let steepness = gradient.steepness(x, y)
                guard steepness > low, gradient.isRidge(x, y, steepness) else { continue }
                marks[place] = steepness > high ? .edge : .candidate
                if steepness > high { strong.append(place) }
            }
        }
        follow(strong, &marks)
        let values = marks.map { mark -> UInt8 in mark == .edge ? 255 : 0 }
        return Mask(width: width, height: height, values: values)
    }

    private enum Mark { case none, candidate, edge }

    /// Candidates beside an edge become edges.
    private func follow(_ strong: [Int], _ marks: inout [Mark]) {
        var open = strong
        while let place = open.popLast() {
            let (x, y) = (place % width, place / width)
            for row in max(y - 1, 0)...min(y + 1, height - 1) {
                for column in max(x - 1, 0)...min(x + 1, width - 1)
                where marks[row * width + column] == .candidate {
                    marks[row * width + column] = .edge
                    open.append(row * width + column)
                }
            }
        }
    }
}

/// Sobel's gradient of each pixel, of the channel where it is steepest; pixels beyond the border are those
/// at the border.
private struct Gradient {
    private let width: Int
    private let height: Int
    private var across: [Int32]
    private var down: [Int32]

    init(_ image: Image) {
        (width, height) = (image.width, image.height)
        let (width, height) = (image.width, image.height)
        across = Array(repeating: 0, count: width * height)
        down = across
        image.samples.withUnsafeBufferPointer { samples in
            for y in 0..<height {
                let rows = (max(y - 1, 0) * width, y * width, min(y + 1, height - 1) * width)
                for x in 0..<width {
                    let columns = (max(x - 1, 0), x, min(x + 1, width - 1))
                    var steepest: Int32 = -1
                    for channel in 0..<3 {
                        func at(_ row: Int, _ column: Int) -> Int32 {
                            Int32(samples[(row + column) * 3 + channel])
                        }
                        let right =
                            at(rows.0, columns.2) + 2 * at(rows.1, columns.2)
                            + at(rows.2, columns.2)
                        let left =
                            at(rows.0, columns.0) + 2 * at(rows.1, columns.0)
                            + at(rows.2, columns.0)
                        let below =
                            at(rows.2, columns.0) + 2 * at(rows.2, columns.1)
                            + at(rows.2, columns.2)
                        let above =
                            at(rows.0, columns.0) + 2 * at(rows.0, columns.1)
                            + at(rows.0, columns.2)
                        let (dx, dy) = (right - left, below - above)
                        guard abs(dx) + abs(dy) > steepest else { continue }
                        steepest = abs(dx) + abs(dy)
                        across[y * width + x] = dx
                        down[y * width + x] = dy
                    }
                }
            }
        }
    }

    /// 0 beyond the border.
    func steepness(_ x: Int, _ y: Int) -> Int {
        guard x >= 0, y >= 0, x < width, y < height else { return 0 }
        return Int(abs(across[y * width + x]) + abs(down[y * width + x]))
    }

    /// Whether no neighbour across the edge is steeper. Directions are distinguished at 22.5 and 67.5 degrees,
    /// in fixed point of 15 bits; of two equal neighbours the first is the ridge.
    func isRidge(_ x: Int, _ y: Int, _ steepness: Int) -> Bool {
        let (dx, dy) = (Int(across[y * width + x]), Int(down[y * width + x]))
        let rise = abs(dy) << 15
        let flat = abs(dx) * 13573
        if rise < flat {
            return steepness > self.steepness(x - 1, y) && steepness >= self.steepness(x + 1, y)
        }
        if rise > flat + abs(dx) << 16 {
            return steepness > self.steepness(x, y - 1) && steepness >= self.steepness(x, y + 1)
        }
        let side = (dx < 0) != (dy < 0) ? -1 : 1
        return steepness > self.steepness(x - side, y - 1)
            && steepness > self.steepness(x + side, y + 1)
    }
}
