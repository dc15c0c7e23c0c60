extension HoledPicture {
    /// How far around a pixel its surroundings count, in pixels.
    private static let reach = 4

    /// The picture with how rough it is around each pixel as the fourth number of its colour: the root
    /// of the mean step to the next pixel to the right and below. So pieces of one colour and another
    /// texture, as sand and wall, are distinguished on coarse levels, too, where their grain is gone.
    /// (After A. Newson et al.: Non-local patch-based image inpainting, 2017.)
    func withRoughness() -> HoledPicture {
        let (width, height, reach) = (width, height, Self.reach)
        // The sums of the steps in the piece of a row around each pixel.
        let across = [SIMD2<Float>].rows(height, of: width) { rows, across in
            var running = [SIMD2<Float>](repeating: .zero, count: width + 1)
            for y in rows {
                for x in 0..<width { running[x + 1] = running[x] + step(from: y * width + x, x) }
                for x in 0..<width {
                    across[y * width + x] =
                        running[min(x + reach + 1, width)] - running[max(x - reach, 0)]
                }
            }
        }
        var picture = self
        picture.pixels = [SIMD4<Float>].rows(height, of: width) { rows, pixels in
            for y in rows {
                for x in 0..<width {
                    var sum = SIMD2<Float>.zero
                    for row in max(y - reach, 0)...min(y + reach, height - 1) {
                        sum += across[row * width + x]
                    }
                    var color = self.pixels[y * width + x]
                    if sum.y > 0 { color.w = (max(sum.x, 0) / sum.y).squareRoot() }
                    pixels[y * width + x] = color
                }
            }
        }
        return picture
    }

    /// The steps from a pixel to known neighbours and how many these are; nothing where it is unknown.
    private func step(from pixel: Int, _ x: Int) -> SIMD2<Float> {
        guard isKnown[pixel] else { return .zero }
        var sum = SIMD2<Float>.zero
        func add(_ next: Int) {
            guard isKnown[next] else { return }
            let difference = pixels[next] - pixels[pixel]
            sum += SIMD2((difference * difference).sum().squareRoot(), 1)
        }
        if x + 1 < width { add(pixel + 1) }
        if pixel + width < pixels.count { add(pixel + width) }
        return sum
    }
}
