import Glibc

/// The blue-difference channel U of a picture, in levels of 8 bits.
struct BluePlane {
    let width: Int
    let height: Int
    var values: [Float]
    /// Where the picture has the first value.
    private(set) var origin = (x: 0, y: 0)

    /// - Parameter image: one with colours.
    init(_ image: Image) {
        (width, height) = (image.width, image.height)
        let (channels, unit) = (image.channels, Float(image.depth == 16 ? 257 : 1))
        values = image.samples.withUnsafeBufferPointer { samples in
            (0..<image.width * image.height).map { pixel in
                let (r, g, b) = (
                    Float(samples[pixel * channels]), Float(samples[pixel * channels + 1]),
                    Float(samples[pixel * channels + 2])
                )
                return 0.492 * (0.886 * b - 0.299 * r - 0.587 * g) / unit
            }
        }
    }

    private init(width: Int, height: Int, values: [Float]) {
        (self.width, self.height, self.values) = (width, height, values)
    }

    /// A part of the plane, with all that `whitened` looks at in it where the plane has that.
    func part(_ box: Box, radius: Int) -> BluePlane {
        // The squares whose means are taken are themselves less the means of as many neighbours.
        let margin = 2 * radius
        let (left, top) = (max(box.x - margin, 0), max(box.y - margin, 0))
        let right = min(box.x + box.width + margin, width)
        let bottom = min(box.y + box.height + margin, height)
        var part = BluePlane(width: right - left, height: bottom - top, values: [])
        part.values.reserveCapacity(part.width * part.height)
        for y in top..<bottom { part.values += values[y * width + left..<y * width + right] }
        part.origin = (left, top)
        return part
    }

    /// How far the neighbours go that a chip is compared with.
    static func radius(scale: Double) -> Int { Int(1.5 * Double(PictureMark.chip) * scale) }

    /// The plane of half the size.
    var halved: BluePlane {
        let (columns, rows) = (width / 2, height / 2)
        var half = [Float](repeating: 0, count: columns * rows)
        for y in 0..<rows {
            for x in 0..<columns {
                let place = 2 * y * width + 2 * x
                half[y * columns + x] =
                    (values[place] + values[place + 1] + values[place + width]
                        + values[place + width + 1]) / 4
            }
        }
        return BluePlane(width: columns, height: rows, values: half)
    }

    /// What differs from the mean of the neighbours.
    func minusMeans(radius: Int) -> BluePlane {
        var result = self
        let means = means(radius: radius)
        for index in values.indices { result.values[index] -= means.values[index] }
        return result
    }

    /// The same in units of how much the neighbours differ, so that no edge outweighs the rest.
    func whitened(radius: Int) -> BluePlane {
        var result = minusMeans(radius: radius)
        var squares = result
        for index in values.indices { squares.values[index] *= squares.values[index] }
        squares = squares.means(radius: radius)
        for index in values.indices {
            let deviation = max(squares.values[index], 0).squareRoot()
            result.values[index] = min(max(result.values[index], -12), 12) / (deviation + 2)
        }
        return result
    }

    /// The means of squares of 2 radius + 1 pixels a side; what is beyond an edge is as the edge.
    private func means(radius: Int) -> BluePlane {
        var rows = values
        let factor = 1 / Float(2 * radius + 1)
        values.withUnsafeBufferPointer { source in
            rows.withUnsafeMutableBufferPointer { rows in
                for y in 0..<height {
                    let row = y * width
                    var sum: Double = 0
                    for x in -radius...radius { sum += Double(source[row + clamped(x, width)]) }
                    for x in 0..<width {
                        rows[row + x] = Float(sum) * factor
                        sum += Double(source[row + clamped(x + radius + 1, width)])
                        sum -= Double(source[row + clamped(x - radius, width)])
                    }
                }
            }
        }
        var result = self
        var sums = [Double](repeating: 0, count: width)
        rows.withUnsafeBufferPointer { rows in
            for y in -radius...radius {
                let row = clamped(y, height) * width
                for x in 0..<width { sums[x] += Double(rows[row + x]) }
            }
            for y in 0..<height {
                let (next, last) = (
                    clamped(y + radius + 1, height) * width, clamped(y - radius, height) * width
                )
                for x in 0..<width {
                    result.values[y * width + x] = Float(sums[x]) * factor
                    sums[x] += Double(rows[next + x]) - Double(rows[last + x])
                }
            }
        }
        return result
    }

    private func clamped(_ place: Int, _ count: Int) -> Int { min(max(place, 0), count - 1) }
}

/// Looks for a mark: lays the tiles of parts of a picture upon each other at a scale, and looks where the
/// chips are that all marks share.
struct MarkSearch {
    /// Scales that are tried; an error of half a step moves the outermost chips of a part by less than
    /// half their size.
    private static let scales = stride(from: log(0.48), to: log(2.1), by: 0.005).map { exp($0) }
    /// Cells across a tile: two for each chip.
    private static let side = 2 * PictureMark.tile
    /// Side of the parts that are searched at all scales.
    private static let part = 1024
    /// The best places are read, so many of them.
    private static let most = 24
    /// Pixels beyond which a picture is halved before it is searched at all scales.
    private static let mostPixels = 16_000_000

    private let plane: BluePlane

    init(_ plane: BluePlane) { self.plane = plane }

    /// Tiles upon each other, and where the chips that all marks share stand out.
    private struct Candidate {
        let strength: Float
        let scale: Double
        let part: Box
        /// The cell that tiles begin at.
        let shift: Int
        /// The sum of each chip that would begin in a cell.
        let chips: [Float]
    }

    /// The mark of a picture that may be cropped, but is not scaled.
    func atItsSize() -> FoundMark? {
        var parts = [Box(x: 0, y: 0, width: plane.width, height: plane.height)]
        for side in [1024, 512, 256] where side < max(plane.width, plane.height) {
            parts += self.parts(side, step: side / 2)
        }
        parts.removeAll { !Self.hasRoom($0, 1) }
        guard !parts.isEmpty else { return nil }
        let residue = plane.whitened(radius: BluePlane.radius(scale: 1))
        return read(best(of: parts.count) { [parts] in [candidate(1, parts[$0], residue)] })
    }

    /// Whether a part has most of a tile.
    private static func hasRoom(_ part: Box, _ scale: Double) -> Bool {
        let least = 0.7 * scale * Double(PictureMark.tile * PictureMark.chip)
        return Double(min(part.width, part.height)) >= least
    }

    /// The mark of a picture of any scale.
    func anywhere() -> FoundMark? {
        if let found = atItsSize() { return found }
        guard plane.width * plane.height <= Self.mostPixels else {
            return MarkSearch(plane.halved).anywhere()
                .map { FoundMark(mark: $0.mark, scale: $0.scale * 2) }
        }
        let isLarge = max(plane.width, plane.height) > Self.part * 3 / 2
        let parts =
            isLarge
            ? self.parts(Self.part, step: Self.part)
            : [Box(x: 0, y: 0, width: plane.width, height: plane.height)]
        // Scales that share what they are compared with, for a part at a time.
        let scales = Dictionary(grouping: Self.scales) { BluePlane.radius(scale: $0) }.values
            .sorted { $0[0] < $1[0] }
        let tries = parts.flatMap { part in
            scales.map { (part, $0.filter { Self.hasRoom(part, $0) }) }
        }
        let first = best(of: tries.count) { candidates(tries[$0].0, tries[$0].1) }
        // What is near a good scale may be better.
        return read(
            best(of: first.count) { number in
                let scale = first[number].scale
                let near = (-2...2).map { scale * (1 + 0.001 * Double($0)) }
                return Array(
                    candidates(first[number].part, near, radius: BluePlane.radius(scale: scale))
                        .prefix(1))
            })
    }

    /// Squares that cover the picture, at the edges as far as they go.
    private func parts(_ side: Int, step: Int) -> [Box] {
        func starts(_ count: Int) -> [Int] {
            count <= side
                ? [0] : Array(stride(from: 0, to: count - side, by: step)) + [count - side]
        }
        return starts(plane.height).flatMap { y in
            starts(plane.width).map { x in
                Box(
                    x: x, y: y, width: min(side, plane.width), height: min(side, plane.height))
            }
        }
    }

    private static func best(_ candidates: [Candidate]) -> [Candidate] {
        Array(candidates.sorted { $0.strength > $1.strength }.prefix(most))
    }

    /// The best of what some searches find, the first of equals first.
    private func best(of count: Int, _ search: @Sendable (Int) -> [Candidate]) -> [Candidate] {
        Self.best(Bands.map(of: count, height: 1) { $0.flatMap(search) }.flatMap(\.self))
    }

    /// The best of a part at some scales that share what they are compared with.
    private func candidates(_ part: Box, _ scales: [Double], radius: Int? = nil) -> [Candidate] {
        guard let first = scales.first else { return [] }
        let radius = radius ?? BluePlane.radius(scale: first)
        let residue = plane.part(part, radius: radius).whitened(radius: radius)
        return Self.best(scales.map { candidate($0, part, residue) })
    }

    private func candidate(_ scale: Double, _ part: Box, _ residue: BluePlane) -> Candidate {
        let side = Self.side
        let cells = Self.folded(residue, part, scale)
        let power = cells.reduce(0) { $0 + $1 * $1 } / Float(cells.count)
        // Each chip that begins in a cell, as the sum of its four cells.
        var chips = cells
        for y in 0..<side {
            for x in 0..<side {
                let (right, below) = ((x + 1) % side, (y + 1) % side * side)
                chips[y * side + x] =
                    cells[y * side + x] + cells[y * side + right] + cells[below + x]
                    + cells[below + right]
            }
        }
        let (highest, shift) = Self.beginning(in: chips)
        let unit = 2 * (max(power, .leastNormalMagnitude)).squareRoot()
        let strength = highest / unit / Float(PictureMark.fixedChips.count).squareRoot()
        return Candidate(
            strength: strength, scale: scale, part: part, shift: shift, chips: chips)
    }

    /// How well the chips that all marks share fit where they fit best, and the cell that tiles begin at there.
    private static func beginning(in chips: [Float]) -> (sum: Float, cell: Int) {
        // Twice across and down, so that no place is beyond the end.
        var doubled: [Float] = []
        for y in 0..<2 * side {
            let row = chips[y % side * side..<(y % side + 1) * side]
            doubled += row + row
        }
        let places = PictureMark.fixedChips.map { chip in
            let (row, column) = (chip.place / PictureMark.tile, chip.place % PictureMark.tile)
            return (offset: 4 * row * side + 2 * column, sign: chip.sign)
        }
        var best = (sum: -Float.infinity, cell: 0)
        doubled.withUnsafeBufferPointer { doubled in
            for y in 0..<side {
                for x in 0..<side {
                    let start = y * 2 * side + x
                    var sum: Float = 0
                    for place in places { sum += place.sign * doubled[start + place.offset] }
                    if sum > best.sum { best = (sum, y * side + x) }
                }
            }
        }
        return best
    }

    /// The cell of a chip where tiles begin at a place.
    private static func cell(of chip: PictureMark.Chip, _ y: Int, _ x: Int) -> Int {
        let (row, column) = (chip.place / PictureMark.tile, chip.place % PictureMark.tile)
        return (y + 2 * row) % side * side + (x + 2 * column) % side
    }

    /// The cells of all tiles of a part, added up; of the same spread wherever the part is noise.
    private static func folded(_ plane: BluePlane, _ part: Box, _ scale: Double) -> [Float] {
        let cell = Double(PictureMark.chip) * scale / 2
        func cells(_ range: Range<Int>) -> [Int] {
            range.map { Int((Double($0) + 0.5) / cell) % side }
        }
        let columns = cells(part.x..<part.x + part.width)
        let rows = cells(part.y..<part.y + part.height)
        // The rows upon each other first, which is quick.
        var folded = [Float](repeating: 0, count: side * part.width)
        plane.values.withUnsafeBufferPointer { values in
            folded.withUnsafeMutableBufferPointer { folded in
                for (y, row) in rows.enumerated() {
                    let from = values[
                        ((part.y + y - plane.origin.y) * plane.width + part.x - plane.origin.x)...]
                    let to = UnsafeMutableBufferPointer(
                        rebasing: folded[row * part.width..<(row + 1) * part.width])
                    let source = UnsafeBufferPointer(rebasing: from)
                    for x in 0..<part.width { to[x] += source[x] }
                }
            }
        }
        var sums = [Float](repeating: 0, count: side * side)
        for row in 0..<side {
            for (x, column) in columns.enumerated() {
                sums[row * side + column] += folded[row * part.width + x]
            }
        }
        func counts(_ places: [Int]) -> [Float] {
            places.reduce(into: [Float](repeating: 0, count: side)) { $0[$1] += 1 }
        }
        let (across, down) = (counts(columns), counts(rows))
        for index in sums.indices {
            sums[index] /= max(across[index % side] * down[index / side], 1).squareRoot()
        }
        return sums
    }

    /// The first of the candidates that hold a mark with the right checksum.
    private func read(_ candidates: [Candidate]) -> FoundMark? {
        for candidate in candidates {
            let (y, x) = (candidate.shift / Self.side, candidate.shift % Self.side)
            let sums = PictureMark.chipsOfBits.map { chips in
                chips.reduce(Float(0)) { $0 + $1.sign * candidate.chips[Self.cell(of: $1, y, x)] }
            }
            // The five least certain bits are tried both ways.
            let doubtful = sums.indices.sorted { abs(sums[$0]) < abs(sums[$1]) }.prefix(5)
            for turn in 0..<1 << doubtful.count {
                var bits = sums.map { $0 > 0 }
                for (place, bit) in doubtful.enumerated() where turn >> place & 1 == 1 {
                    bits[bit].toggle()
                }
                if let mark = PictureMark(bits: bits) {
                    return FoundMark(mark: mark, scale: candidate.scale)
                }
            }
        }
        return nil
    }
}
