import Glibc

extension Mask {
    /// The mask with its white part (128 and more) grown by a disc of `radius` pixels; below zero
    /// the black part is grown, so the white one shrinks. Softer values stay where growth does not
    /// reach them.
    public func grown(by radius: Int) -> Mask {
        if radius == 0 { return self }
        if radius < 0 { return inverted.grown(by: -radius).inverted }
        let reach = Float(radius * radius)
        let distances = squaredDistances { $0 >= 128 }
        let values = zip(values, distances).map { $1 <= reach ? 255 : $0 }
        return Mask(width: width, height: height, values: values)
    }

    /// The mask with a soft edge of `radius` pixels that lies wholly inside: what is 0 stays 0, and
    /// the ramp rises from there. The edges of the picture are no edges of the mask.
    ///
    /// Where the mask is thinner than twice the radius the ramp is as short as it must be for the
    /// middle of the stroke to stay as it is.
    public func feathered(radius: Int) -> Mask {
        precondition(radius >= 0)
        if radius == 0 { return self }
        let length = Float(radius + 1)
        let distances = squaredDistances { $0 == 0 }.map { min($0.squareRoot(), length) }
        let ramps = slidingMaximum(distances, radius: radius)
        let values = values.indices.map { index in
            let part = min(distances[index] / max(ramps[index], 1), 1)
            let smooth = part * part * (3 - 2 * part)
            return UInt8((Float(self.values[index]) * smooth).rounded())
        }
        return Mask(width: width, height: height, values: values)
    }

    /// The squared distance of every pixel to the nearest one that `isSource`, very large without
    /// any. P. Felzenszwalb, D. Huttenlocher: Distance transforms of sampled functions (2012): the
    /// lower envelope of parabolas, first down the columns, then along the rows.
    func squaredDistances(_ isSource: (UInt8) -> Bool) -> [Float] {
        var field = values.map { isSource($0) ? Float(0) : Float(1e12) }
        forEachLine(&field) { line in
            let heights = line
            var peaks = [0]
            var borders: [Double] = [-.infinity]
            // Squares of places beyond 4096 are not exact in 32 bits.
            func crossing(_ a: Int, _ b: Int) -> Double {
                let rise = Double(heights[b]) - Double(heights[a]) + Double(b * b - a * a)
                return rise / Double(2 * (b - a))
            }
            for position in heights.indices.dropFirst() {
                var border = crossing(peaks[peaks.count - 1], position)
                while border <= borders[borders.count - 1] {
                    peaks.removeLast()
                    borders.removeLast()
                    border = crossing(peaks[peaks.count - 1], position)
                }
                peaks.append(position)
                borders.append(border)
            }
            var current = 0
            for position in heights.indices {
                while current + 1 < peaks.count, borders[current + 1] < Double(position) {
                    current += 1
                }
                let offset = position - peaks[current]
                line[position] = Float(offset * offset) + heights[peaks[current]]
            }
        }
        return field
    }

    /// The largest value within a square of `radius` around each pixel.
    private func slidingMaximum(_ field: [Float], radius: Int) -> [Float] {
        var field = field
        forEachLine(&field) { line in
            let values = line
            // Positions that can still become the largest, in falling order of value.
            var candidates: [Int] = []
            var first = 0
            for end in 0..<values.count + radius {
                if end < values.count {
                    while candidates.count > first,
                        values[candidates[candidates.count - 1]] <= values[end]
                    {
                        candidates.removeLast()
                    }
                    candidates.append(end)
                }
                let position = end - radius
                guard position >= 0 else { continue }
                while candidates[first] < position - radius { first += 1 }
                line[position] = values[candidates[first]]
            }
        }
        return field
    }

    /// Lets `change` work on each column, then on each row.
    private func forEachLine(_ field: inout [Float], _ change: (inout [Float]) -> Void) {
        for x in 0..<width {
            var column = (0..<height).map { field[$0 * width + x] }
            change(&column)
            for y in 0..<height { field[y * width + x] = column[y] }
        }
        for y in 0..<height {
            var row = Array(field[y * width..<(y + 1) * width])
            change(&row)
            field.replaceSubrange(y * width..<(y + 1) * width, with: row)
        }
    }
}
