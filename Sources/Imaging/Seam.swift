/// How visible the border of a painted area is: means over all pairs of pixels across it, in ΔE of
/// 1976.
public struct Seam: Sendable, Equatable {
    /// Pairs of neighbours of which one is painted and one is not.
    public private(set) var pairs = 0
    private var colorSum = 0.0
    private var gradientSum = 0.0

    /// The mean step of colour from the painted pixel to the known one; 0 without pairs.
    public var colorStep: Double { pairs == 0 ? 0 : colorSum / Double(pairs) }
    /// The mean break in the course of colours: how far the painted pixel is from where the two known
    /// ones behind the border would have it; 0 without pairs.
    public var gradientStep: Double { pairs == 0 ? 0 : gradientSum / Double(pairs) }

    /// No border.
    public init() {}

    /// The border of `area`, all that is not black, in a picture.
    public init(of area: Mask, in picture: Image) {
        precondition(area.width == picture.width && area.height == picture.height)
        let picture = picture.inSRGB.rgb8
        let (width, height) = (area.width, area.height)
        for y in 0..<height {
            for x in 0..<width where area.values[y * width + x] > 0 {
                for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                    let (farX, farY) = (x + 2 * dx, y + 2 * dy)
                    guard (0..<width).contains(farX), (0..<height).contains(farY) else { continue }
                    let known = (y + dy) * width + x + dx
                    let behind = farY * width + farX
                    guard area.values[known] == 0, area.values[behind] == 0 else { continue }
                    count(
                        picture.lab(y * width + x), picture.lab(known), picture.lab(behind))
                }
            }
        }
    }

    private mutating func count(_ painted: LabColor, _ known: LabColor, _ behind: LabColor) {
        pairs += 1
        colorSum += Double(painted.distance(to: known))
        gradientSum += Double(painted.distance(to: 2 * known - behind))
    }

    /// Both borders together.
    public static func + (a: Seam, b: Seam) -> Seam {
        var sum = a
        sum.pairs += b.pairs
        sum.colorSum += b.colorSum
        sum.gradientSum += b.gradientSum
        return sum
    }
}
