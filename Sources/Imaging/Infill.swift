/// How fast the drawn-out edge gets soft.
private enum Softening {
    /// Half the length of the piece of edge that is averaged, as a share of the distance.
    static let slope = 0.3
    /// One more line is averaged every so many pixels of distance, up to the limit.
    static let pixelsPerLine = 4
    static let lineLimit = 16
}

extension Image {
    /// The picture with its edges drawn out over the new area, the softer the farther: each new
    /// pixel is the mean of a piece of the edge that gets longer and deeper with the distance.
    /// Repeating the edge alone would give streaks, which a network then paints on. Left and right
    /// are filled first, then above and below, corners included. The new area is opaque.
    func extendedByEdges(_ insets: Insets) -> Image {
        var wide = framed(
            x: -insets.left, y: 0, width: insets.left + width + insets.right, height: height)
        let columns = insets.left..<insets.left + width
        wide.fill(insets.left, before: columns, across: true)
        wide.fill(insets.right, behind: columns, across: true)
        var tall = wide.framed(
            x: 0, y: -insets.top, width: wide.width, height: insets.top + height + insets.bottom)
        let rows = insets.top..<insets.top + height
        tall.fill(insets.top, before: rows, across: false)
        tall.fill(insets.bottom, behind: rows, across: false)
        return tall
    }

    private mutating func fill(_ count: Int, before known: Range<Int>, across: Bool) {
        fill(count, from: known.lowerBound, step: -1, known: known.count, across: across)
    }

    private mutating func fill(_ count: Int, behind known: Range<Int>, across: Bool) {
        fill(count, from: known.upperBound - 1, step: 1, known: known.count, across: across)
    }

    /// Fills `count` lines next to the line `edge`, in the direction of `step`; against it lie
    /// `known` lines, the edge among them. Lines are columns when going `across`, otherwise rows.
    private mutating func fill(_ count: Int, from edge: Int, step: Int, known: Int, across: Bool) {
        let length = across ? height : width
        let (lineStride, pixelStride) =
            across ? (channels, width * channels) : (width * channels, channels)
        let start = edge * lineStride
        for c in 0..<channels {
            var sums = [Double](repeating: 0, count: length)
            var lines = 0
            for distance in 1..<count + 1 {
                let wanted = min(1 + distance / Softening.pixelsPerLine, Softening.lineLimit, known)
                while lines < wanted {
                    let line = start - step * lines * lineStride + c
                    for i in 0..<length { sums[i] += Double(samples[line + i * pixelStride]) }
                    lines += 1
                }
                let reach = Softening.slope * Double(distance)
                let means = softened(softened(sums, reach: reach), reach: reach)
                let isAlpha = hasAlpha && c == channels - 1
                let line = start + step * distance * lineStride + c
                for i in 0..<length {
                    samples[line + i * pixelStride] =
                        isAlpha ? maximum : UInt16((means[i] / Double(lines)).rounded())
                }
            }
        }
    }
}

/// The means of the values within `reach` of each position; near the ends of what there is.
private func softened(_ values: [Double], reach: Double) -> [Double] {
    var running = [0.0]
    for value in values { running.append(running[running.count - 1] + value) }
    /// The integral of the values, each one a step of length 1.
    func sum(upTo end: Double) -> Double {
        let whole = min(Int(end), values.count - 1)
        return running[whole] + (end - Double(whole)) * values[whole]
    }
    return values.indices.map { position in
        let start = max(Double(position) - reach, 0)
        let end = min(Double(position) + 1 + reach, Double(values.count))
        return (sum(upTo: end) - sum(upTo: start)) / (end - start)
    }
}
