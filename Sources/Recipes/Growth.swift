/// How a canvas is extended beyond its picture.
public enum Growth: Sendable, Equatable {
    /// Each side by itself.
    case sides(
        left: Extent = .pixels(0), right: Extent = .pixels(0),
        top: Extent = .pixels(0), bottom: Extent = .pixels(0))
    /// To a shape: as little as possible, both ways alike.
    case aspect(Proportion)
    /// To a size in pixels, both ways alike.
    case size(Size)
}

/// How far a side is extended.
public enum Extent: Sendable, Equatable, CustomStringConvertible {
    /// By so many pixels.
    case pixels(Int)
    /// By a share of the picture's width (left, right) or height (top, bottom).
    case percent(Double)

    /// As it is written: `64`, `25%`.
    public var description: String {
        switch self {
        case .pixels(let pixels): "\(pixels)"
        case .percent(let percent): "\(Key.Value.number(percent))%"
        }
    }

    func pixels(of side: Int) -> Int {
        switch self {
        case .pixels(let pixels): pixels
        case .percent(let percent): Int((percent / 100 * Double(side)).rounded())
        }
    }
}

/// A shape: width to height.
public struct Proportion: Sendable, Equatable, CustomStringConvertible {
    /// Units across.
    public let width: Double
    /// Units down.
    public let height: Double

    /// A shape of that many units across and down, both above 0.
    public init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    /// As it is written: `16:9`.
    public var description: String { "\(Key.Value.number(width)):\(Key.Value.number(height))" }
}

/// A size in pixels.
public struct Size: Sendable, Equatable, CustomStringConvertible {
    /// Pixels across.
    public let width: Int
    /// Pixels down.
    public let height: Int

    /// A size of that many pixels across and down.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// As it is written: `768x512`.
    public var description: String { "\(width)x\(height)" }
}

/// Pixels added to each side of a picture.
public struct Sides: Sendable, Equatable {
    /// Pixels added above.
    public var top = 0
    /// Pixels added to the left.
    public var left = 0
    /// Pixels added below.
    public var bottom = 0
    /// Pixels added to the right.
    public var right = 0
}

extension Recipe {
    /// How far a picture of that size is extended on each side.
    ///
    /// - Throws: `RecipeError.canvas` if nothing is extended, the picture does not fit the size that
    ///   is asked for, or the canvas would have a side above `maximumCanvasSide`.
    public func sides(width: Int, height: Int) throws(RecipeError) -> Sides {
        var sides = Sides()
        switch growth {
        case .sides(let left, let right, let top, let bottom):
            sides = Sides(
                top: top.pixels(of: height), left: left.pixels(of: width),
                bottom: bottom.pixels(of: height), right: right.pixels(of: width))
        case .aspect(let shape):
            let ratio = shape.width / shape.height
            let wider = Int((Double(height) * ratio).rounded())
            let taller = Int((Double(width) / ratio).rounded())
            sides.spread(
                across: max(0, wider - width), down: max(0, taller - height), around: gravity)
        case .size(let size):
            guard size.width >= width, size.height >= height else {
                throw .canvas(
                    "the picture is \(width)x\(height), larger than size \(size)",
                    remedy: "give a size that holds it")
            }
            sides.spread(
                across: size.width - width, down: size.height - height, around: gravity)
        }
        try check(sides, around: Size(width: width, height: height))
        return sides
    }

    private func check(_ sides: Sides, around size: Size) throws(RecipeError) {
        guard sides != Sides() else {
            switch growth {
            case .sides:
                throw .canvas(
                    "no side to extend",
                    remedy: "give left, right, top or bottom, an aspect or a size")
            case .aspect: throw .sameCanvas("the picture has that shape already")
            case .size: throw .sameCanvas("the picture has that size already")
            }
        }
        let canvas = Size(
            width: size.width + sides.left + sides.right,
            height: size.height + sides.top + sides.bottom)
        let most = Recipe.maximumCanvasSide
        guard canvas.width <= most, canvas.height <= most else {
            throw .canvas(
                "the canvas would be \(canvas)",
                remedy: "extend less, to \(most) pixels a side at most")
        }
    }
}

extension Sides {
    /// Spreads pixels over opposite sides, evenly around the centre; an odd one goes to the right or
    /// below.
    fileprivate mutating func spread(across: Int, down: Int, around gravity: Gravity) {
        left = gravity.before(across: across)
        right = across - left
        top = gravity.before(down: down)
        bottom = down - top
    }
}

/// The growth as keys set it: setting one form of it drops the others.
extension Recipe {
    private typealias AllSides = (left: Extent, right: Extent, top: Extent, bottom: Extent)

    private var allSides: AllSides {
        get {
            guard case .sides(let left, let right, let top, let bottom) = growth else {
                return (.pixels(0), .pixels(0), .pixels(0), .pixels(0))
            }
            return (left, right, top, bottom)
        }
        set {
            growth = .sides(
                left: newValue.left, right: newValue.right, top: newValue.top,
                bottom: newValue.bottom)
        }
    }

    var left: Extent {
        get { allSides.left }
        set { allSides.left = newValue }
    }

    var right: Extent {
        get { allSides.right }
        set { allSides.right = newValue }
    }

    var top: Extent {
        get { allSides.top }
        set { allSides.top = newValue }
    }

    var bottom: Extent {
        get { allSides.bottom }
        set { allSides.bottom = newValue }
    }

    var aspect: Proportion? {
        get { if case .aspect(let shape) = growth { shape } else { nil } }
        set { growth = newValue.map { .aspect($0) } ?? .sides() }
    }

    var size: Size? {
        get { if case .size(let size) = growth { size } else { nil } }
        set { growth = newValue.map { .size($0) } ?? .sides() }
    }
}
