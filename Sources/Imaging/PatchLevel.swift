/// One size of a picture that is filled with patches: its colours, which pieces may be taken, and how deep in
/// the hole each pixel is.
struct PatchLevel {
    /// Pixels from the middle of a piece to its edge.
    static let reach = 3
    /// Pixels along a side of a piece.
    static let side = 2 * reach + 1
    /// Depths beyond this one are not told apart.
    static let mostDepth = 40

    let width: Int
    let height: Int
    /// Red, green, blue in 0...1 and the roughness, rows from the top.
    var pixels: [SIMD4<Float>]
    let isKnown: [Bool]
    /// Known pixels that nothing is taken from; nil without any.
    private let isAvoided: [Bool]?
    /// How many pixels of the piece around each pixel are unknown; what leaves the picture is not counted.
    let unknownCounts: [UInt8]
    /// Whether the piece around a pixel may be taken: it is wholly known, within the picture, and no pixel of
    /// it is avoided.
    let isSource: [Bool]
    /// Steps from a pixel to the nearest known one, by sides and corners; 0 where it is known.
    let depths: [UInt8]

    /// The picture at its own size.
    init(_ picture: HoledPicture) {
        self.init(
            width: picture.width, height: picture.height, pixels: picture.withRoughness().pixels,
            isKnown: picture.isKnown, isAvoided: picture.isAvoided)
    }

    private init(
        width: Int, height: Int, pixels: [SIMD4<Float>], isKnown: [Bool], isAvoided: [Bool]?
    ) {
        (self.width, self.height, self.pixels) = (width, height, pixels)
        (self.isKnown, self.isAvoided) = (isKnown, isAvoided)
        let unknownCounts = counts(width, height) { !isKnown[$0] }
        let avoidedCounts = isAvoided.map { flags in counts(width, height) { flags[$0] } }
        let reach = Self.reach
        isSource = [Bool].rows(height, of: width) { rows, isSource in
            for y in rows {
                let isInside = y >= reach && y < height - reach
                for x in 0..<width {
                    let pixel = y * width + x
                    isSource[pixel] =
                        isInside && x >= reach && x < width - reach && unknownCounts[pixel] == 0
                        && (avoidedCounts.map { $0[pixel] == 0 } ?? true)
                }
            }
        }
        self.unknownCounts = unknownCounts
        depths = Self.depths(width, height, isKnown)
    }

    /// How many pieces reach into the unknown.
    var targetCount: Int { unknownCounts.count { $0 > 0 } }

    /// Whether some piece may be taken.
    var hasSources: Bool { isSource.contains(true) }

    /// The picture at half the size, its pixels the means of what is known of the four below each.
    /// Nil once the hole is as thin as a piece, or the picture too small to find pieces in.
    var halved: PatchLevel? {
        let (columns, rows) = ((width + 1) / 2, (height + 1) / 2)
        guard min(columns, rows) >= 4 * Self.side, depths.contains(where: { $0 > Self.reach })
        else {
            return nil
        }
        var isKnown = [Bool](repeating: false, count: columns * rows)
        var isAvoided = isKnown
        let colors = isKnown.withUnsafeMutableBufferPointer { isKnown in
            isAvoided.withUnsafeMutableBufferPointer { isAvoided in
                nonisolated(unsafe) let (isKnown, isAvoided) = (isKnown, isAvoided)
                return [SIMD4<Float>].rows(rows, of: columns) { rows, colors in
                    for y in rows {
                        for x in 0..<columns {
                            let four = four(x, y)
                            let place = y * columns + x
                            colors[place] = four.color
                            isKnown[place] = four.isKnown
                            isAvoided[place] = four.isAvoided
                        }
                    }
                }
            }
        }
        let halved = PatchLevel(
            width: columns, height: rows, pixels: colors, isKnown: isKnown,
            isAvoided: self.isAvoided == nil ? nil : isAvoided)
        return halved.hasSources ? halved : nil
    }

    /// What becomes of four pixels: known if half of them are.
    private func four(_ x: Int, _ y: Int) -> (color: SIMD4<Float>, isKnown: Bool, isAvoided: Bool) {
        var (sum, count, all, isShunned) = (SIMD4<Float>.zero, 0, 0, false)
        for row in 2 * y..<min(2 * y + 2, height) {
            for column in 2 * x..<min(2 * x + 2, width) {
                let pixel = row * width + column
                all += 1
                if let isAvoided, isAvoided[pixel] { isShunned = true }
                guard isKnown[pixel] else { continue }
                sum += pixels[pixel]
                count += 1
            }
        }
        return 2 * count >= all ? (sum / Float(count), true, isShunned) : (.zero, false, isShunned)
    }

    private static func depths(_ width: Int, _ height: Int, _ isKnown: [Bool]) -> [UInt8] {
        var depths = isKnown.map { $0 ? 0 : UInt8(mostDepth) }
        depths.withUnsafeMutableBufferPointer { depths in
            func relax(_ x: Int, _ y: Int, _ step: Int) {
                let pixel = y * width + x
                func take(_ dx: Int, _ dy: Int) {
                    guard (0..<width).contains(x + dx), (0..<height).contains(y + dy) else {
                        return
                    }
                    depths[pixel] = min(depths[pixel], depths[pixel + dy * width + dx] + 1)
                }
                take(-step, 0)
                for dx in -1...1 { take(dx, -step) }
            }
            for y in 0..<height {
                for x in 0..<width where depths[y * width + x] > 0 { relax(x, y, 1) }
            }
            for y in (0..<height).reversed() {
                for x in (0..<width).reversed() where depths[y * width + x] > 0 { relax(x, y, -1) }
            }
        }
        return depths
    }
}

/// How many pixels of the piece around each pixel have something; what leaves the picture is not counted.
private func counts(_ width: Int, _ height: Int, _ holds: (_ pixel: Int) -> Bool) -> [UInt8] {
    let reach = PatchLevel.reach
    let across = [UInt8].rows(height, of: width) { rows, across in
        for y in rows {
            var count: UInt8 = 0
            for x in 0..<width + reach {
                if x < width, holds(y * width + x) { count += 1 }
                let old = x - 2 * reach - 1
                if old >= 0, old < width, holds(y * width + old) { count -= 1 }
                if x >= reach { across[y * width + x - reach] = count }
            }
        }
    }
    return [UInt8].rows(height, of: width) { rows, counts in
        for y in rows {
            let near = max(y - reach, 0)...min(y + reach, height - 1)
            for x in 0..<width {
                var count: UInt8 = 0
                for row in near { count += across[row * width + x] }
                counts[y * width + x] = count
            }
        }
    }
}
