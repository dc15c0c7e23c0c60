extension Image {
    /// This painted picture, 8-bit RGB, moved so that it meets `original` at the border of an area and
    /// keeps its own gradients inside: Poisson image editing (Pérez, Gangnet & Blake 2003, equation
    /// 8). What is added is the membrane between the differences found along the border.
    ///
    /// - Parameter area: what is painted: all that is not black. Pixels beside it are left alone.
    public func meeting(_ original: Image, around area: Mask) -> Image {
        precondition(original.width == width && original.height == height)
        precondition(area.width == width && area.height == height)
        precondition(channels == 3 && depth == 8)
        let known = original.converted(channels: 3, depth: original.depth)
        let scale = 255 / Float(original.maximum)
        var field = HarmonicField(width: width, height: height)
        for pixel in area.values.indices where area.values[pixel] == 0 {
            var difference = SIMD4<Float>.zero
            for c in 0..<3 {
                difference[c] =
                    Float(known.samples[3 * pixel + c]) * scale - Float(samples[3 * pixel + c])
            }
            field.values[pixel] = difference
            field.isKnown[pixel] = true
        }
        field.fill()
        var moved = self
        for pixel in area.values.indices where area.values[pixel] > 0 {
            for c in 0..<3 {
                let value = Float(samples[3 * pixel + c]) + field.values[pixel][c]
                moved.samples[3 * pixel + c] = UInt16(min(max(value.rounded(), 0), 255))
            }
        }
        return moved
    }
}

/// Values on a grid of which some are known; the others become harmonic: each the mean of its
/// neighbours, as a membrane hangs between the known ones. The edges of the grid are free.
struct HarmonicField {
    let width: Int
    let height: Int
    /// Rows from the top; up to four fields at once.
    var values: [SIMD4<Float>]
    var isKnown: [Bool]
    /// What each value less those of its neighbours adds up to: 0 is harmonic.
    var sources: [SIMD4<Float>]
    /// How strongly values are drawn to 0.
    var screening: Float = 0

    /// Zeros, none of them known.
    init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        values = Array(repeating: .zero, count: width * height)
        sources = values
        isKnown = Array(repeating: false, count: width * height)
    }

    /// Rounds of the finest grid, what each coarser one gets more, and the most.
    private static let rounds = (finest: 24, growth: 2, most: 400)

    /// Fills in what is not known; zeros if nothing is.
    ///
    /// From the coarsest grid down, each starts from the solution of the one above and is improved by
    /// conjugate gradients (the cascadic multigrid of Bornemann & Deuflhard 1996). All sums are taken
    /// in one order.
    mutating func fill() {
        guard isKnown.contains(true) else { return }
        fill(rounds: Self.rounds.finest)
    }

    private mutating func fill(rounds: Int) {
        let unknown = isKnown.indices.filter { !isKnown[$0] }
        guard !unknown.isEmpty else { return }
        if width > 2 || height > 2 {
            var coarse = halved()
            coarse.fill(rounds: min(rounds * Self.rounds.growth, Self.rounds.most))
            for place in unknown { values[place] = coarse.value(under: place, of: self) }
        }
        improve(unknown, rounds: rounds)
    }

    /// The grid at half the size: known where any of the four is, their mean.
    private func halved() -> HarmonicField {
        var half = HarmonicField(width: (width + 1) / 2, height: (height + 1) / 2)
        var counts = [Float](repeating: 0, count: half.values.count)
        half.screening = 4 * screening
        for y in 0..<height {
            for x in 0..<width {
                let place = y / 2 * half.width + x / 2
                half.sources[place] += sources[y * width + x]
                guard isKnown[y * width + x] else { continue }
                half.values[place] += values[y * width + x]
                counts[place] += 1
            }
        }
        for place in counts.indices where counts[place] > 0 {
            half.values[place] /= counts[place]
            half.isKnown[place] = true
        }
        return half
    }

    /// The value of this coarse grid at a place of the fine one, linear between the nearest four.
    private func value(under place: Int, of fine: HarmonicField) -> SIMD4<Float> {
        let (x, y) = (place % fine.width, place / fine.width)
        let (nearX, farX) = Self.neighbours(of: x, count: width)
        let (nearY, farY) = Self.neighbours(of: y, count: height)
        let above = values[nearY * width + nearX] * 0.75 + values[nearY * width + farX] * 0.25
        let below = values[farY * width + nearX] * 0.75 + values[farY * width + farX] * 0.25
        return above * 0.75 + below * 0.25
    }

    /// The coarse place that holds a fine one, and the next nearest.
    private static func neighbours(of place: Int, count: Int) -> (near: Int, far: Int) {
        let near = place / 2
        let far = place % 2 == 0 ? near - 1 : near + 1
        return (near, min(max(far, 0), count - 1))
    }

    /// Conjugate gradients (Hestenes & Stiefel 1952) at the unknown places. Threads share out the places, and
    /// sums are taken piece by piece in one order.
    private mutating func improve(_ unknown: [Int], rounds: Int) {
        let none = [SIMD4<Float>](repeating: .zero, count: values.count)
        var (residual, direction, image) = (none, none, none)
        let (sources, stencil) = (sources, Stencil(width: width, screening: screening))
        /// The sum of what `body` gives for every unknown place.
        func sum(_ body: (_ place: Int) -> SIMD4<Double>) -> SIMD4<Double> {
            Bands.map(of: unknown.count, height: 8192) { places in
                places.reduce(into: SIMD4<Double>.zero) { $0 += body(unknown[$1]) }
            }.reduce(.zero, +)
        }
        values.withUnsafeMutableBufferPointer { values in
            residual.withUnsafeMutableBufferPointer { residual in
                direction.withUnsafeMutableBufferPointer { direction in
                    image.withUnsafeMutableBufferPointer { image in
                        var square = sum { place in
                            residual[place] = sources[place] - stencil(values, at: place)
                            direction[place] = residual[place]
                            return squared(residual[place])
                        }
                        let enough = SIMD4<Double>(repeating: 1e-6 * Double(unknown.count))
                        for _ in 0..<rounds where any(square .> enough) {
                            let steepness = sum { place in
                                image[place] = stencil(direction, at: place)
                                return SIMD4<Double>(direction[place] * image[place])
                            }
                            let step = SIMD4<Float>(quotient(square, steepness))
                            let next = sum { place in
                                values[place] += step * direction[place]
                                residual[place] -= step * image[place]
                                return squared(residual[place])
                            }
                            let turn = SIMD4<Float>(quotient(next, square))
                            _ = sum { place in
                                direction[place] = residual[place] + turn * direction[place]
                                return .zero
                            }
                            square = next
                        }
                    }
                }
            }
        }
    }
}

/// Laplace's operator on a grid with free edges.
private struct Stencil {
    let width: Int
    let screening: Float

    /// Neighbours times the value, less the neighbours, and what draws it to 0.
    @inline(__always)
    func callAsFunction(
        _ field: UnsafeMutableBufferPointer<SIMD4<Float>>, at place: Int
    ) -> SIMD4<Float> {
        let x = place % width
        let value = field[place]
        var sum = value * screening
        if x > 0 { sum += value - field[place - 1] }
        if x + 1 < width { sum += value - field[place + 1] }
        if place >= width { sum += value - field[place - width] }
        if place + width < field.count { sum += value - field[place + width] }
        return sum
    }
}

@inline(__always)
private func squared(_ x: SIMD4<Float>) -> SIMD4<Double> {
    let x = SIMD4<Double>(x)
    return x * x
}

/// a / b, 0 where b is.
private func quotient(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Double> {
    (a / b).replacing(with: 0, where: b .<= 0)
}
