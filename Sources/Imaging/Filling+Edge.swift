extension HoledPicture {
    /// Gives every unknown pixel the colour of the nearest known one, then softens it over a square
    /// that grows with the distance from it, as outpainting's edges are.
    mutating func fillWithEdges() {
        let nearest = nearestKnown()
        for i in pixels.indices { pixels[i] = pixels[nearest[i]] }
        let reaches = distances(to: nearest).map { $0 * 0.3 }
        for isRow in [true, false, true, false] {
            forEachLine(ofRows: isRow) { first, stride, count in
                var sums = [SIMD4<Double>.zero]
                sums.reserveCapacity(count + 1)
                for i in 0..<count {
                    sums.append(sums[i] + SIMD4<Double>(pixels[first + i * stride]))
                }
                for i in 0..<count where reaches[first + i * stride] >= 1 {
                    let reach = Int(reaches[first + i * stride])
                    let (start, end) = (max(i - reach, 0), min(i + reach + 1, count))
                    let mean = (sums[end] - sums[start]) / Double(end - start)
                    pixels[first + i * stride] = SIMD4<Float>(mean)
                }
            }
        }
    }

    /// How far each pixel is from the one that `nearest` names for it.
    func distances(to nearest: [Int]) -> [Float] {
        nearest.enumerated().map { pixel, source in
            if pixel == source { return 0 }
            let (x, y) = (pixel % width - source % width, pixel / width - source / width)
            return Float(x * x + y * y).squareRoot()
        }
    }

    /// For each pixel the place of the nearest known one, of which there must be some. As in
    /// P. Felzenszwalb, D. Huttenlocher: Distance transforms of sampled functions (2012), columns
    /// first, then the lower envelope of parabolas along each row.
    func nearestKnown() -> [Int] {
        let none = Int.max
        var rows = [Int](repeating: none, count: width * height)
        for x in 0..<width {
            var last = none
            for y in 0..<height {
                if isKnown[y * width + x] { last = y }
                rows[y * width + x] = last
            }
            last = none
            for y in (0..<height).reversed() {
                if isKnown[y * width + x] { last = y }
                let before = rows[y * width + x]
                if last != none, before == none || last - y < y - before {
                    rows[y * width + x] = last
                }
            }
        }
        var nearest = rows
        for y in 0..<height {
            let row = y * width
            let columns = (0..<width).filter { rows[row + $0] != none }
            func depth(_ x: Int) -> Int { (rows[row + x] - y) * (rows[row + x] - y) }
            var peaks: [Int] = []
            var borders: [Double] = []
            for x in columns {
                while let peak = peaks.last {
                    let rise = depth(x) - depth(peak) + x * x - peak * peak
                    let border = Double(rise) / Double(2 * (x - peak))
                    if peaks.count > 1, border <= borders[peaks.count - 1] {
                        peaks.removeLast()
                        borders.removeLast()
                        continue
                    }
                    borders.append(border)
                    break
                }
                if borders.isEmpty { borders.append(-.infinity) }
                peaks.append(x)
            }
            var current = 0
            for x in 0..<width {
                while current + 1 < peaks.count, borders[current + 1] < Double(x) { current += 1 }
                nearest[row + x] = rows[row + peaks[current]] * width + peaks[current]
            }
        }
        return nearest
    }
}
