import CCodecs

/// How many pixels a picture has on an inch or a centimetre of what it is shown on.
public struct Resolution: Sendable, Equatable {
    /// What the numbers count on. The values are JFIF's.
    public enum Unit: Int, Sendable {
        /// Nothing: only their ratio counts, which says how high pixels are for their width.
        case ratio
        /// An inch.
        case inch
        /// A centimetre.
        case centimetre
    }

    /// Pixels across.
    public let x: Double
    /// Pixels down.
    public let y: Double
    /// What these count on.
    public let unit: Unit

    /// Nil where it says nothing: without pixels, or of square ones without a unit.
    public init?(x: Double, y: Double, unit: Unit) {
        // More than any format holds.
        let most = Double(UInt32.max)
        guard x > 0, y > 0, max(x, y) <= most, unit != .ratio || x != y else { return nil }
        (self.x, self.y, self.unit) = (x, y, unit)
    }

    /// For the picture with its rows and columns exchanged.
    var transposed: Resolution? { Resolution(x: y, y: x, unit: unit) }

    private var isWhole: Bool { x == x.rounded() && y == y.rounded() }
}

/// In JPEGs.
extension Resolution {
    init?(_ density: codec_density) {
        guard let unit = Unit(rawValue: Int(density.unit)) else { return nil }
        self.init(x: Double(density.x), y: Double(density.y), unit: unit)
    }

    /// In JFIF's 16 bits; nil for what they do not hold.
    var density: codec_density? {
        let isConverted = unit == .centimetre && !isWhole
        let scale = isConverted ? 2.54 : 1
        let (across, down) = ((x * scale).rounded(), (y * scale).rounded())
        let range = 1.0...65_535
        guard range.contains(across), range.contains(down), unit != .ratio || isWhole else {
            return nil
        }
        return codec_density(
            unit: Int32(isConverted ? Unit.inch.rawValue : unit.rawValue), x: Int32(across),
            y: Int32(down))
    }
}

/// In PNGs, which count on a metre.
extension Resolution {
    private static let inch = 0.0254

    init?(pHYs bytes: [UInt8]) {
        guard bytes.count == 9 else { return nil }
        func number(at start: Int) -> Double {
            let value = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            return Double(value)
        }
        let (across, down) = (number(at: 0), number(at: 4))
        if bytes[8] == 1 {
            self.init(x: Self.onInch(across), y: Self.onInch(down), unit: .inch)
        } else {
            self.init(x: across, y: down, unit: .ratio)
        }
    }

    /// The chunk's payload; nil for what it does not hold.
    var pHYs: [UInt8]? {
        let scale =
            switch unit {
            case .ratio: 1.0
            case .inch: 1 / Self.inch
            case .centimetre: 100.0
            }
        guard unit != .ratio || isWhole, let across = UInt32(exactly: (x * scale).rounded()),
            let down = UInt32(exactly: (y * scale).rounded()), across > 0, down > 0
        else { return nil }
        let numbers = [across, down].flatMap { number in
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        }
        return numbers + [unit == .ratio ? 0 : 1]
    }

    /// The whole number that the one on a metre was made of, if there is one.
    private static func onInch(_ onMetre: Double) -> Double {
        let value = onMetre * inch
        let whole = value.rounded()
        return (whole / inch).rounded() == onMetre ? whole : value
    }
}
