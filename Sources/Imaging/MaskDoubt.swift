/// Why a picture may not be the mask that it is taken for.
public enum MaskDoubt: Sendable, Equatable {
    /// The colours are black, and the shape is in the alpha channel, from where it is taken.
    case shapeInAlpha
    /// What is light enough, or the shape of ``shapeInAlpha``, is too transparent to count; `lightest` of 255
    /// is what is left of the lightest.
    case faint(lightest: Int)
    /// Nothing is as light as the threshold; `lightest` of 255 is the lightest, above 0.
    case dark(lightest: Int)
    /// As ``dark(lightest:)``, because the light parts have a colour, which is darker as a grey.
    case colored(lightest: Int)
    /// Parts have a colour, and what is white is chosen by how light each colour is.
    case tinted
    /// The samples have 16 bits, and the lightest, `lightest` of 65535, is black in 8 bits.
    case deep(lightest: Int)
    /// Everything is as light as the threshold, yet `darkest` of 255 and `lightest` differ.
    case light(darkest: Int, lightest: Int)
    /// It has colours or greys all over, as photos have.
    case photo
    /// As ``photo``, with a hole in its alpha channel.
    case photoWithHole
}

extension Image {
    /// What is doubtful about the picture as a mask whose greys count as white from `threshold` up
    /// (1...255); nil for a plain one.
    public func doubtAsMask(threshold: Int) -> MaskDoubt? {
        let mask = Mask(self)
        let counts = mask.values.reduce(into: [Int](repeating: 0, count: 256)) { $0[Int($1)] += 1 }
        let lightest = counts.lastIndex { $0 > 0 } ?? 0
        if isBlack {
            let deepest = hasAlpha || depth == 8 ? 0 : Int(samples.max() ?? 0)
            if deepest > 0 { return .deep(lightest: deepest) }
            if mask.isEmpty { return nil }
            return lightest < threshold ? .faint(lightest: lightest) : .shapeInAlpha
        }
        let rgb = visibleColors
        if isLikePhoto(counts, rgb) { return hasHole ? .photoWithHole : .photo }
        let darkest = counts.firstIndex { $0 > 0 } ?? 0
        if darkest >= threshold, darkest < lightest {
            return .light(darkest: darkest, lightest: lightest)
        }
        guard lightest < threshold else {
            return 200 * colored(rgb, by: 64) > width * height ? .tinted : nil
        }
        if lightest == 0 { return nil }
        let grey = stride(from: 0, to: rgb.count, by: 3)
            .reduce(0) { max($0, Int(luma(red: rgb[$1], green: rgb[$1 + 1], blue: rgb[$1 + 2]))) }
        if grey >= threshold { return .faint(lightest: lightest) }
        let isColored = Int(rgb.max() ?? 0) >= grey + 16
        return isColored ? .colored(lightest: lightest) : .dark(lightest: lightest)
    }

    /// Red, green and blue of every pixel in 8 bits; black where nothing is seen.
    private var visibleColors: [UInt16] {
        guard hasAlpha else { return converted(channels: 3, depth: 8).samples }
        let rgba = converted(channels: 4, depth: 8).samples
        var rgb = [UInt16](repeating: 0, count: 3 * width * height)
        for pixel in 0..<width * height where rgba[4 * pixel + 3] > 0 {
            for channel in 0..<3 { rgb[3 * pixel + channel] = rgba[4 * pixel + channel] }
        }
        return rgb
    }

    /// Whether every visible pixel is black.
    private var isBlack: Bool {
        let grey = converted(channels: 2, depth: 8).samples
        return stride(from: 0, to: grey.count, by: 2).allSatisfy {
            grey[$0] == 0 || grey[$0 + 1] == 0
        }
    }

    /// Whether one of a thousand pixels is transparent.
    private var hasHole: Bool {
        guard hasAlpha else { return false }
        let clear = stride(from: channels - 1, to: samples.count, by: channels)
            .count { samples[$0] == 0 }
        return 1000 * clear >= width * height
    }

    /// Masks are black and white with a soft edge, which is thin. A quarter of greys with colours among
    /// them is a photo, and so is more than half without.
    private func isLikePhoto(_ counts: [Int], _ rgb: [UInt16]) -> Bool {
        let pixels = width * height
        let greys = counts[16..<240].reduce(0, +)
        let levels = counts[16..<240].count { $0 > 0 }
        guard 4 * greys > pixels, levels >= 32 else { return false }
        if 2 * greys > pixels { return true }
        return 4 * colored(rgb, by: 16) > pixels
    }

    /// How many pixels have samples that differ by more than a number of 255.
    private func colored(_ rgb: [UInt16], by least: UInt16) -> Int {
        stride(from: 0, to: rgb.count, by: 3).count { pixel in
            let (red, green, blue) = (rgb[pixel], rgb[pixel + 1], rgb[pixel + 2])
            return max(red, green, blue) - min(red, green, blue) > least
        }
    }
}
