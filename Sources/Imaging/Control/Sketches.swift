extension Image {
    /// How steep the brightness is, the steepest 255.
    var softEdges: Mask {
        let smooth = ColorField(self).blurred(sigma: 1).values
        let luma = (0..<width * height).map { pixel -> Float in
            let red = 0.299 * smooth[3 * pixel]
            let green = 0.587 * smooth[3 * pixel + 1]
            return red + green + 0.114 * smooth[3 * pixel + 2]
        }
        func at(_ x: Int, _ y: Int) -> Float {
            luma[min(max(y, 0), height - 1) * width + min(max(x, 0), width - 1)]
        }
        var lengths = [Float](repeating: 0, count: width * height)
        for y in 0..<height {
            for x in 0..<width {
                let right = at(x + 1, y - 1) + 2 * at(x + 1, y) + at(x + 1, y + 1)
                let left = at(x - 1, y - 1) + 2 * at(x - 1, y) + at(x - 1, y + 1)
                let below = at(x - 1, y + 1) + 2 * at(x, y + 1) + at(x + 1, y + 1)
                let above = at(x - 1, y - 1) + 2 * at(x, y - 1) + at(x + 1, y - 1)
                let (dx, dy) = (right - left, below - above)
                lengths[y * width + x] = (dx * dx + dy * dy).squareRoot()
            }
        }
        // Of a picture of one colour rounding alone is left, which is not an edge.
        let steepest = max(lengths.max() ?? 0, 1)
        return mask(lengths.map { $0 / steepest * 255 })
    }

    /// How far pixels are below their surroundings.
    var lineArt: Mask {
        let field = ColorField(self)
        let excess = field.blurred(sigma: 6).leastExcess(over: field)
        let depths = excess.map { value -> Float in min(max(value, 0), 255) }
        let lines = depths.filter { $0 > 8 }.sorted()
        let median =
            lines.isEmpty
            ? 0 : (lines[(lines.count - 1) / 2] + lines[lines.count / 2]) / 2
        return mask(depths.map { $0 / max(16, median) * 127 })
    }

    /// Strokes along what is darker than its surroundings.
    func scribble(threshold: Double) -> Mask {
        let field = ColorField(self)
        let excess = field.blurred(sigma: 5).leastExcess(over: field.blurred(sigma: 0.5))
        return mask(
            excess.map { excess -> Float in
                // In bytes, as the original keeps the difference.
                let kept: Float = min(max(255 - excess, 0), 255)
                let depth = 255 - kept.rounded(.down)
                return 2 * Double(depth) > threshold ? 255 : 0
            })
    }

    /// Numbers as bytes, cut off below the point.
    private func mask(_ values: [Float]) -> Mask {
        Mask(
            width: width, height: height,
            values: values.map { value -> UInt8 in
                let clamped: Float = min(max(value, 0), 255)
                return UInt8(clamped)
            })
    }
}
