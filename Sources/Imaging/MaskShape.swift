import Glibc

extension Mask {
    /// The mask with its white part (128 and more) grown by a disc of `radius` pixels; below zero
    /// the black part is grown, so the white one shrinks. Softer values stay where growth does not
    /// reach them.
    public func grown(by radius: Int) -> Mask {
        if radius == 0 { return self }
        if radius < 0 { return inverted.grown(by: -radius).inverted }
        guard let box = thresholded.bounds else { return self }
        return replacing(box.widened(by: radius, inWidth: width, height: height)) { part in
            let reach = Float(radius * radius)
            let distances = part.squaredDistances { $0 >= 128 }
            return zip(part.values, distances).map { $1 <= reach ? 255 : $0 }
        }
    }

    /// The mask with other values in a box.
    private func replacing(_ box: Box, _ values: (_ part: Mask) -> [UInt8]) -> Mask {
        let new = values(cropped(to: box))
        var replaced = self
        for y in 0..<box.height {
            let start = (box.y + y) * width + box.x
            replaced.values.replaceSubrange(
                start..<start + box.width, with: new[y * box.width..<(y + 1) * box.width])
        }
        return replaced
    }

    /// The mask with a soft edge of `radius` pixels that is wholly inside: what is 0 stays 0, and
    /// the ramp rises from there. The edges of the picture are no edges of the mask.
    ///
    /// Where the mask is thinner than twice the radius the ramp is as short as it must be for the
    /// middle of the stroke to stay as it is.
    public func feathered(radius: Int) -> Mask {
        precondition(radius >= 0)
        if radius == 0 { return self }
        guard let box = bounds else { return self }
        // One pixel around what is not black holds the nearest black one of each.
        return replacing(box.widened(by: 1, inWidth: width, height: height)) { part in
            let length = Float(radius + 1)
            let distances = part.squaredDistances { $0 == 0 }.map { min($0.squareRoot(), length) }
            let ramps = part.slidingMaximum(distances, radius: radius)
            return part.values.indices.map { index in
                let share = min(distances[index] / max(ramps[index], 1), 1)
                let smooth = share * share * (3 - 2 * share)
                return UInt8((Float(part.values[index]) * smooth).rounded())
            }
        }
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

    /// The largest value within a square of `radius` around each pixel, in a time that does not depend on the
    /// radius.
    public func dilated(by radius: Int) -> Mask {
        precondition(radius >= 0)
        guard radius > 0, let box = bounds else { return self }
        return replacing(box.widened(by: radius, inWidth: width, height: height)) { part in
            part.slidingMaximum(part.values.map { Float($0) }, radius: radius).map { UInt8($0) }
        }
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

    /// Lets `change` work on each column, then on each row, on all threads.
    private func forEachLine(_ field: inout [Float], _ change: (inout [Float]) -> Void) {
        let (width, height) = (width, height)
        field.withUnsafeMutableBufferPointer { field in
            nonisolated(unsafe) let field = field
            func lines(_ count: Int, of length: Int, start: Int, stride: Int) {
                Bands.forEach(of: count, height: 16) { lines in
                    var values = [Float](repeating: 0, count: length)
                    for line in lines {
                        let first = line * start
                        for i in 0..<length { values[i] = field[first + i * stride] }
                        change(&values)
                        for i in 0..<length { field[first + i * stride] = values[i] }
                    }
                }
            }
            lines(width, of: height, start: 1, stride: width)
            lines(height, of: width, start: width, stride: 1)
        }
    }
}
