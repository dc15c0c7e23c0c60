import CCodecs

extension ImageMetadata {
    /// A profile of what the chunks of a PNG say of its colours, where it has none. Code points stand before `sRGB`, and
    /// that before the curve and the primaries (Portable Network Graphics, third edition, 4.3).
    mutating func describeColors(channels: Int) {
        func chunk(_ name: String) -> PNGChunk? { pngChunks.first { $0.name == name } }
        guard iccProfile == nil else { return }
        if let code = chunk("cICP")?.bytes.map({ Int($0) }), code.count == 4 {
            let isPlain = code[2] == 0 && code[3] == 1
            if isPlain, channels >= 3 {
                takeColors(primaries: code[0], transfer: code[1])
            } else if !isPlain || !Self.usualCurves.contains(code[1]) {
                noteUnknownColors()
            }
        } else if chunk("sRGB") == nil {
            takeColors(
                gamma: chunk("gAMA")?.numbers.first,
                points: channels >= 3 ? chunk("cHRM")?.points ?? PNGChunk.usualPoints : nil)
        }
    }

    /// A profile of Adobe RGB where EXIF says so and nothing else does, as in photos of many cameras.
    mutating func takeColorsOfEXIF(channels: Int) {
        guard iccProfile == nil, channels >= 3, pngChunks.isEmpty,
            let exif, EXIF(exif)?.isAdobeRGB == true
        else { return }
        let points = [31_270, 32_900, 64_000, 33_000, 21_000, 71_000, 15_000, 6_000]
        iccProfile = Self.profile(power: 563 / 256, points: points)
        warnings.append("its colours are Adobe RGB by its EXIF; the result gets a profile of them")
    }

    /// - Parameters:
    ///   - gamma: the power of light that samples are.
    ///   - points: x and y of white, red, green and blue, as the power 100000 times as large; nil for grey.
    private mutating func takeColors(gamma: Int?, points: [Int]?) {
        let gamma = gamma ?? PNGChunk.usualGamma
        let isUsual = abs(gamma - PNGChunk.usualGamma) <= 1_000
        let hasUsualPoints = zip(points ?? [], PNGChunk.usualPoints).allSatisfy {
            abs($0 - $1) <= 500
        }
        if isUsual, hasUsualPoints { return }
        let heights = stride(from: 1, to: points?.count ?? 0, by: 2).map { points?[$0] ?? 0 }
        guard (10_000...500_000).contains(gamma), heights.allSatisfy({ $0 > 0 }),
            (points ?? []).allSatisfy((0...100_000).contains)
        else { return noteUnknownColors() }
        let power = isUsual ? 0 : 100_000 / Double(gamma)
        iccProfile = Self.profile(power: power, points: points)
        if iccProfile == nil { noteUnknownColors() }
    }

    /// - Parameter power: of samples, which is light; 0 for sRGB's curve.
    private static func profile(power: Double, points: [Int]?) -> [UInt8]? {
        let parts = points?.map { Double($0) / 100_000 }
        return ColorProfile.made { codec_color_profile_of_points(parts, power, $0) }
    }

    private mutating func noteUnknownColors() {
        warnings.append("its colours are described without a profile and taken for sRGB")
    }
}

extension PNGChunk {
    /// sRGB's, in units of 100000.
    fileprivate static let usualGamma = 45_455
    fileprivate static let usualPoints = [
        31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000,
    ]

    /// x and y of white, red, green and blue; nil for a payload of another length.
    fileprivate var points: [Int]? { bytes.count == 32 ? numbers : nil }

    /// The payload as numbers of four bytes.
    fileprivate var numbers: [Int] {
        stride(from: 0, to: bytes.count - 3, by: 4).map { start in
            bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        }
    }
}
