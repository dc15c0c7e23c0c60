extension PatchLevel {
    /// What to add to each colour so that pieces from different places meet without steps: of all colours those
    /// whose differences from pixel to pixel are nearest to the ones in the places they come from (Pérez,
    /// Gangnet & Blake 2003, equation 7). Only what stands for light and shade is moved: large differences are
    /// of different things, and stay.
    ///
    /// - Parameters:
    ///   - origins: the place that each unknown pixel comes from.
    ///   - box: what holds all that is unknown.
    func joints(from origins: [Int32], in box: Box) -> HarmonicField {
        var field = HarmonicField(width: box.width, height: box.height)
        field.screening = 0.05
        let (isInside, steps) = (isKnown, SeamSteps(level: self, origins: origins))
        for y in 0..<box.height {
            for x in 0..<box.width {
                let pixel = (box.y + y) * width + box.x + x
                field.isKnown[y * box.width + x] = isInside[pixel]
                if !isInside[pixel] { field.sources[y * box.width + x] = steps.sum(at: pixel) }
            }
        }
        field.fill()
        return field
    }
}

/// The steps between pieces.
private struct SeamSteps {
    /// Steps that are larger are kept, as distances of RGB in 0...1.
    private static let most: Float = 0.2

    let level: PatchLevel
    /// The place that each unknown pixel comes from.
    let origins: [Int32]

    /// How much more an unknown pixel should differ from its neighbours than it does, summed up.
    func sum(at pixel: Int) -> SIMD4<Float> {
        let (x, y) = (pixel % level.width, pixel / level.width)
        var sum = SIMD4<Float>.zero
        if x > 0 { sum += step(pixel, -1, 0) }
        if x + 1 < level.width { sum += step(pixel, 1, 0) }
        if y > 0 { sum += step(pixel, 0, -1) }
        if y + 1 < level.height { sum += step(pixel, 0, 1) }
        return sum
    }

    private func step(_ pixel: Int, _ dx: Int, _ dy: Int) -> SIMD4<Float> {
        let offset = dy * level.width + dx
        let next = pixel + offset
        let isKnown = level.isKnown[next]
        let (from, to) = (Int(origins[pixel]), isKnown ? next : Int(origins[next]))
        if from + offset == to { return .zero }
        var (sum, count) = (SIMD4<Float>.zero, Float(0))
        if let beside = known(beside: from, dx, dy) {
            sum += level.pixels[next] - level.pixels[beside]
            count += 1
        }
        if !isKnown, let beside = known(beside: to, -dx, -dy) {
            sum += level.pixels[beside] - level.pixels[pixel]
            count += 1
        }
        guard count > 0 else { return .zero }
        let mean = sum / count
        let color = SIMD3(mean.x, mean.y, mean.z)
        return (color * color).sum() < Self.most * Self.most ? mean : .zero
    }

    private func known(beside pixel: Int, _ dx: Int, _ dy: Int) -> Int? {
        let (x, y) = (pixel % level.width + dx, pixel / level.width + dy)
        guard (0..<level.width).contains(x), (0..<level.height).contains(y),
            level.isKnown[y * level.width + x]
        else { return nil }
        return y * level.width + x
    }
}
