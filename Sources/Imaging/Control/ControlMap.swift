/// A map that steers a ControlNet, made of a picture by classical means, without a network.
public enum ControlMap: Sendable, Equatable {
    /// Edges one pixel wide (Canny 1986), white on black, equal to OpenCV's `Canny` of the RGB picture.
    /// An edge begins above `high` and goes on above `low`.
    case canny(low: Double, high: Double)
    /// How steep the brightness is: the length of Sobel's gradient after a Gaussian of sigma 1, the
    /// steepest white.
    case softEdge
    /// Lines that are darker than their surroundings, white on black: how far each pixel is below a
    /// Gaussian of sigma 6, half grey at the median of what is more than 8 below (AUTOMATIC1111's
    /// `lineart_standard`).
    case lineArt
    /// Strokes: white where a Gaussian of sigma 5 exceeds one of 0.5 by more than half of `threshold` in
    /// every channel (Winnemöller et al. 2012; AUTOMATIC1111's `scribble_xdog`).
    case scribble(threshold: Double)
    /// A Gaussian blur.
    case blur(sigma: Double)
    /// The picture at a part of its size and enlarged again, for the tile ControlNet.
    case tile(factor: Double)
    /// Squares of `side` pixels, each of its mean colour.
    case grid(side: Int)
    /// Black and white exchanged.
    case invert
    /// White where every channel is above `level`, else black.
    case threshold(level: Int)

    /// The names that kinds are asked for by.
    public static let names = [
        "canny", "soft-edge", "line-art", "scribble", "blur", "tile", "grid", "invert", "threshold",
    ]

    /// A kind by its name, with the defaults of AUTOMATIC1111's ControlNet extension or numbers of its own:
    /// all that it has, or none. Nil for another name, and numbers it cannot have.
    public init?(_ name: String, numbers: [Double] = []) {
        let first = numbers.first
        switch name {
        case "canny": self = .canny(low: first ?? 100, high: numbers.last ?? 200)
        case "scribble": self = .scribble(threshold: first ?? 32)
        case "blur": self = .blur(sigma: first ?? 9)
        case "tile": self = .tile(factor: first ?? 1)
        case "grid": self = .grid(side: Int(exactly: first ?? 64) ?? 0)
        case "threshold": self = .threshold(level: Int(exactly: first ?? 127) ?? -1)
        case "soft-edge": self = .softEdge
        case "line-art": self = .lineArt
        case "invert": self = .invert
        default: return nil
        }
        guard [0, parameters.count].contains(numbers.count),
            zip(numbers, parameters).allSatisfy({ $1.contains($0) })
        else { return nil }
    }

    /// What the numbers of its kind may be.
    private var parameters: [ClosedRange<Double>] {
        switch self {
        case .canny: [0...2040, 0...2040]
        case .scribble, .threshold: [0...255]
        case .blur: [0.01...64]
        case .tile: [1...8]
        case .grid: [1...1024]
        case .softEdge, .lineArt, .invert: []
        }
    }

    /// Its name.
    public var name: String {
        switch self {
        case .canny: "canny"
        case .softEdge: "soft-edge"
        case .lineArt: "line-art"
        case .scribble: "scribble"
        case .blur: "blur"
        case .tile: "tile"
        case .grid: "grid"
        case .invert: "invert"
        case .threshold: "threshold"
        }
    }
}

extension Image {
    /// The map of the picture: 8-bit RGB of the same size. Transparency is ignored.
    public func controlMap(_ kind: ControlMap) -> Image {
        let rgb = withoutHiddenColors.inSRGB.rgb8
        switch kind {
        case .canny(let low, let high): return rgb.cannyEdges(low: low, high: high).image.rgb8
        case .softEdge: return rgb.softEdges.image.rgb8
        case .lineArt: return rgb.lineArt.image.rgb8
        case .scribble(let threshold): return rgb.scribble(threshold: threshold).image.rgb8
        case .blur(let sigma): return rgb.withSamples(ColorField(rgb).blurred(sigma: sigma).bytes)
        case .tile(let factor):
            func part(_ side: Int) -> Int { max(Int(Double(side) / max(factor, 1)), 1) }
            return rgb.resized(width: part(width), height: part(height))
                .resized(width: width, height: height)
        case .grid(let side): return rgb.squares(of: max(side, 1))
        case .invert: return rgb.withSamples(rgb.samples.map { 255 - $0 })
        case .threshold(let level): return rgb.darkest { $0 > level ? 255 : 0 }.image.rgb8
        }
    }

    /// A picture of the same size with other samples.
    private func withSamples(_ samples: [UInt16]) -> Image {
        Image(width: width, height: height, channels: channels, samples: samples)
    }

    /// What the smallest channel of each pixel comes to.
    private func darkest(_ value: (Int) -> UInt8) -> Mask {
        Mask(
            width: width, height: height,
            values: (0..<width * height).map { pixel in
                value(Int(samples[3 * pixel..<3 * pixel + 3].min() ?? 0))
            })
    }

    /// Every square, those at the right and at the bottom cut off, becomes its mean.
    private func squares(of side: Int) -> Image {
        var result = self
        for top in stride(from: 0, to: height, by: side) {
            for left in stride(from: 0, to: width, by: side) {
                let (rows, columns) = (
                    top..<min(top + side, height), left..<min(left + side, width)
                )
                for channel in 0..<3 {
                    let places = rows.flatMap { y in
                        columns.map { (y * width + $0) * 3 + channel }
                    }
                    let sum = places.reduce(0) { $0 + Int(samples[$1]) }
                    let mean = UInt16((sum + places.count / 2) / places.count)
                    for place in places { result.samples[place] = mean }
                }
            }
        }
        return result
    }
}
