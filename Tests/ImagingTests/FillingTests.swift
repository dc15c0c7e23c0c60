import Imaging
import Testing

private let fillings: [Filling] = [.blur, .edge, .patch, .color(red: 9, green: 200, blue: 77)]

private func disc(_ width: Int, _ height: Int, x: Int, y: Int, radius: Int) -> Mask {
    let values = (0..<width * height).map { pixel -> UInt8 in
        let (dx, dy) = (pixel % width - x, pixel / width - y)
        return dx * dx + dy * dy <= radius * radius ? 255 : 0
    }
    return Mask(width: width, height: height, values: values)
}

/// Bricks: a period of 12 by 8 pixels.
private func bricks(width: Int, height: Int) -> Image {
    let samples = (0..<width * height).flatMap { pixel -> [UInt16] in
        let (x, y) = (pixel % width, pixel / width)
        let isJoint = y % 4 == 0 || (x + y / 4 % 2 * 6) % 12 == 0
        return isJoint ? [200, 195, 190] : [170, 70, 50]
    }
    return Image(width: width, height: height, channels: 3, samples: samples)
}

private func worst(_ a: Image, _ b: Image) -> Int {
    zip(a.samples, b.samples).map { abs(Int($0) - Int($1)) }.max() ?? 0
}

@Suite struct FillingTests {
    @Test(arguments: fillings)
    func onlyTheHoleChanges(filling: Filling) {
        for channels in 1...4 {
            for depth in [8, 16] {
                var image = noise(width: 41, height: 33, channels: channels, depth: depth)
                image.metadata.parameters = "kept"
                let hole = disc(41, 33, x: 12, y: 15, radius: 7)
                let filled = image.filled(where: hole, with: filling)
                #expect(filled.metadata == image.metadata)
                #expect(filled.depth == depth && filled.channels == channels)
                var changed = 0
                for (pixel, value) in hole.values.enumerated() {
                    let range = pixel * channels..<(pixel + 1) * channels
                    if image.hasAlpha {
                        let alpha = range.upperBound - 1
                        #expect(filled.samples[alpha] == image.samples[alpha])
                    }
                    if filled.samples[range] == image.samples[range] { continue }
                    #expect(value == 255)
                    changed += 1
                }
                #expect(changed > 120)
            }
        }
    }

    @Test(arguments: fillings)
    func theSameComesOutEveryTime(filling: Filling) {
        let image = noise(width: 90, height: 70, channels: 3)
        let hole = disc(90, 70, x: 40, y: 30, radius: 15)
        #expect(
            image.filled(where: hole, with: filling) == image.filled(where: hole, with: filling))
    }

    /// What was in the hole has no influence on what comes there.
    @Test(arguments: fillings)
    func theHoleIsForgotten(filling: Filling) {
        let image = noise(width: 60, height: 50, channels: 3)
        let hole = disc(60, 50, x: 30, y: 22, radius: 9)
        let other = image.filled(where: hole, with: .color(red: 255, green: 0, blue: 255))
        #expect(
            image.filled(where: hole, with: filling) == other.filled(where: hole, with: filling))
    }

    @Test(arguments: [Filling.blur, .edge, .patch])
    func aFlatPictureStaysFlat(filling: Filling) {
        let flat = Image(
            width: 48, height: 40, channels: 3,
            samples: (0..<48 * 40).flatMap { _ in [10, 130, 250] as [UInt16] })
        for hole in [
            disc(48, 40, x: 20, y: 20, radius: 12), disc(48, 40, x: 0, y: 0, radius: 30),
        ] {
            #expect(flat.filled(where: hole, with: filling) == flat)
        }
    }

    @Test func patchesRestoreAPattern() {
        let wall = bricks(width: 144, height: 120)
        for (radius, allowed) in [(5, 0), (12, 2), (20, 2)] {
            let hole = disc(144, 120, x: 70, y: 61, radius: radius)
            let filled = wall.filled(where: hole, with: .patch)
            #expect(worst(filled, wall) <= allowed, "radius \(radius)")
        }
    }

    @Test func patchesReachThePicturesEdge() {
        let wall = bricks(width: 120, height: 96)
        let hole = disc(120, 96, x: 119, y: 50, radius: 10)
        #expect(worst(wall.filled(where: hole, with: .patch), wall) <= 2)
    }

    @Test func edgesTakeTheNearestPixel() {
        // Black to the left, white to the right of a hole three pixels wide.
        let samples = (0..<9 * 5).map { UInt16($0 % 9 < 4 ? 0 : 255) }
        let image = Image(width: 9, height: 5, channels: 1, samples: samples)
        let hole = Mask(
            width: 9, height: 5, values: (0..<45).map { (3...5).contains($0 % 9) ? 255 : 0 })
        let filled = image.filled(where: hole, with: .edge)
        #expect(Array(filled.samples[0..<9])[3] == 0)
        #expect(Array(filled.samples[0..<9])[5] == 255)
    }

    /// Near the rim a blur follows what is there; far inside it is nearly one colour.
    @Test func blursAreFineAtTheRim() {
        let size = 160
        let samples = (0..<size * size).map { UInt16($0 % size < size / 2 ? 20 : 220) }
        let image = Image(width: size, height: size, channels: 1, samples: samples)
        let hole = disc(size, size, x: 80, y: 80, radius: 60)
        let filled = image.filled(where: hole, with: .blur)
        #expect(abs(Int(filled.samples[80 * size + 22]) - 20) < 16)
        #expect(abs(Int(filled.samples[80 * size + 138]) - 220) < 16)
        #expect(abs(Int(filled.samples[80 * size + 80]) - 120) < 8)
        let row = (70..<90).map { Int(filled.samples[80 * size + $0]) }
        #expect(zip(row, row.dropFirst()).allSatisfy { abs($0 - $1) < 8 })
    }

    @Test func aColorIsThatColor() {
        let hole = Mask(width: 2, height: 1, values: [255, 0])
        let color = Filling.color(red: 1, green: 128, blue: 255)
        let rgb = Image(width: 2, height: 1, channels: 3, samples: [5, 5, 5, 6, 6, 6])
        #expect(rgb.filled(where: hole, with: color).samples == [1, 128, 255, 6, 6, 6])
        let deep = rgb.converted(channels: 4, depth: 16).filled(where: hole, with: color)
        #expect(Array(deep.samples[0..<4]) == [257, 128 * 257, 65535, 65535])
    }

    @Test func withNothingKnownThePictureStays() {
        let image = noise(width: 20, height: 14, channels: 3)
        let all = Mask(width: 20, height: 14, filledWith: 255)
        for filling in [Filling.blur, .edge, .patch] {
            #expect(image.filled(where: all, with: filling) == image)
        }
    }

    @Test(arguments: [(1, 1), (1, 9), (5, 5), (7, 7), (8, 3), (30, 2)])
    func smallPicturesAreFilledToo(width: Int, height: Int) {
        let image = noise(width: width, height: height, channels: 3)
        var hole = Mask(width: width, height: height, filledWith: 0)
        hole.values[width * height / 2] = 255
        for filling in fillings {
            let filled = image.filled(where: hole, with: filling)
            #expect(filled.width == width && filled.height == height)
        }
    }

    /// Colours that nobody sees do not get into the hole.
    @Test(arguments: [Filling.blur, .edge, .patch])
    func hiddenColorsStayOut(filling: Filling) {
        let image = Image(
            width: 40, height: 30, channels: 4,
            samples: (0..<40 * 30).flatMap { pixel -> [UInt16] in
                pixel % 40 < 20 ? [255, 0, 0, 0] : [30, 60, 90, 255]
            })
        let hole = Mask(
            width: 40, height: 30, values: (0..<1200).map { (16..<26).contains($0 % 40) ? 255 : 0 })
        let filled = image.filled(where: hole, with: filling)
        for (pixel, value) in hole.values.enumerated() where value > 0 {
            #expect(Array(filled.samples[pixel * 4..<pixel * 4 + 3]) == [30, 60, 90])
        }
    }
}
