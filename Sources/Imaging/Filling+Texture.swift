extension HoledPicture {
    /// How far around a pixel its surroundings count, in pixels.
    private static let reach = 4

    /// The picture with how rough it is around each pixel as the fourth number of its colour: the root
    /// of the mean step to the next pixel to the right and below. So pieces of one colour and another
    /// texture, as sand and wall, are told apart on coarse levels, too, where their grain is gone.
    /// (After A. Newson et al.: Non-local patch-based image inpainting, 2017.)
    func withRoughness() -> HoledPicture {
        var sums = pixels.indices.map(step)
        for isRow in [true, false] {
            forEachLine(ofRows: isRow) { first, stride, count in
                var running = [SIMD2<Float>.zero]
                running.reserveCapacity(count + 1)
                for i in 0..<count { running.append(running[i] + sums[first + i * stride]) }
                for i in 0..<count {
                    sums[first + i * stride] =
                        running[min(i + Self.reach + 1, count)] - running[max(i - Self.reach, 0)]
                }
            }
        }
        var picture = self
        for pixel in pixels.indices where sums[pixel].y > 0 {
            picture.pixels[pixel].w = (max(sums[pixel].x, 0) / sums[pixel].y).squareRoot()
        }
        return picture
    }

    /// The steps from a pixel to known neighbours and how many these are; nothing where it is unknown.
    private func step(from pixel: Int) -> SIMD2<Float> {
        guard isKnown[pixel] else { return .zero }
        var sum = SIMD2<Float>.zero
        func add(_ next: Int) {
            guard isKnown[next] else { return }
            let difference = pixels[next] - pixels[pixel]
            sum += SIMD2((difference * difference).sum().squareRoot(), 1)
        }
        if pixel % width + 1 < width { add(pixel + 1) }
        if pixel + width < pixels.count { add(pixel + width) }
        return sum
    }
}
