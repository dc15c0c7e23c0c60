/// The size at which the model works on a picture.
public enum WorkSize: Sendable, Equatable, CustomStringConvertible {
    /// The picture's own, or the model's where the picture has more than one and a half times its area.
    case auto
    /// The picture's own.
    case full
    /// As many pixels as a square of that side has, in the shape of what is worked on.
    case side(Int)
    /// Within that width and height, in the shape of what is worked on; the region of a mask takes their shape.
    case size(Size)

    /// What a side may be, in pixels.
    public static let sides = 64...Recipe.maximumSide

    /// How many times the model's area a picture may have to be worked on at its own size in `auto`.
    public static let mostArea = 1.5

    /// As it is written: `auto`, `full`, `768`, `768x512`.
    public var description: String {
        switch self {
        case .auto: "auto"
        case .full: "full"
        case .side(let side): "\(side)"
        case .size(let size): "\(size)"
        }
    }
}

/// What the model works on at another size than the picture's.
public struct WorkArea: Sendable, Equatable {
    /// Its size where the shape of what is worked on does not matter.
    public let size: Size
    /// Whether the work may have another shape of the same area; otherwise it stays within the size.
    public let isOfAnyShape: Bool

    /// The shorter side.
    public var least: Int { min(size.width, size.height) }
}

/// How what was painted at another size than the picture's gets its fine detail.
public enum Detail: String, CaseIterable, Sendable {
    /// A picture repainted as a whole gets its own back where its structure was kept; what was painted
    /// under a mask is repainted in tiles at full size, on a new canvas along the picture.
    case auto
    /// All of it is repainted in tiles at full size.
    case tiles
    /// It is only made larger.
    case off
}

extension Recipe {
    /// The size at which the region of a mask is worked on, in its shape; nil leaves the shape to the mask.
    public var regionShape: Size? {
        guard region == .mask, case .size(let size) = workSize else { return nil }
        return size
    }

    /// What to work on at once of a picture of that many pixels; nil is the picture at its own size.
    ///
    /// A program to be matched has its own rules, unless a size is given.
    ///
    /// - Parameters:
    ///   - pixels: of the picture that the edit begins with.
    ///   - side: pixels a side that the model works best at.
    ///   - native: pixels a side that it was trained on.
    public func workArea(onPixels pixels: Int, side: Int, native: Int) -> WorkArea? {
        guard region == .whole, canvasPasses == .auto else { return nil }
        func square(_ side: Int) -> WorkArea {
            WorkArea(size: Size(width: side, height: side), isOfAnyShape: true)
        }
        switch workSize {
        case .full: return nil
        case .side(let side): return square(side)
        case .size(let size): return WorkArea(size: size, isOfAnyShape: false)
        case .auto:
            let most = WorkSize.mostArea * Double(native * native)
            guard compat == nil, Double(pixels) > most else { return nil }
            return square(side)
        }
    }
}

extension Kind<WorkSize> {
    /// A word, a side or WIDTHxHEIGHT.
    static var workSize: Kind {
        let (count, size) = (Kind<Int>.count(WorkSize.sides), Kind<Size?>.size(WorkSize.sides))
        return Kind(
            expected: "auto, full, pixels a side or WIDTHxHEIGHT, each from "
                + "\(WorkSize.sides.lowerBound) to \(WorkSize.sides.upperBound)",
            choices: ["auto", "full"],
            parse: { text in
                switch text {
                case "auto": .auto
                case "full": .full
                default:
                    count.parse(text).map { .side($0) } ?? size.parse(text)?.map { .size($0) }
                }
            },
            value: { work in
                if case .side(let side) = work { return .integer(UInt64(side)) }
                return .text("\(work)")
            })
    }
}
