/// Where a part of a mask comes from.
public indirect enum MaskSource: Sendable, Equatable {
    /// A picture by its name in the request, white where the mask is.
    case picture(String)
    /// The edited picture's own transparency.
    case alpha
    /// The pixels of a colour in the edited picture, no channel further off than `tolerance` of 255.
    case color(Color, tolerance: Int)
    /// A polygon in pixels of the upright picture; `text` is how it was written.
    case polygon([MaskCorner], text: String)
    /// A mask of its own.
    case mask(MaskPlan)

    /// Reads `alpha`, `color:…`, `rect:…` and `polygon:…`; any other text names a picture.
    ///
    /// - Parameter origin: where the text was given, for errors.
    /// - Throws: `RecipeError.malformed` for text that begins like a shape and is none.
    public init(_ text: String, at origin: Origin) throws(RecipeError) {
        func rest(after prefix: String) -> Substring? {
            text.hasPrefix(prefix) ? text.dropFirst(prefix.count) : nil
        }
        if text == "alpha" {
            self = .alpha
        } else if let rest = rest(after: "color:") {
            self = try Self.color(rest, text, origin)
        } else if let rest = rest(after: "rect:") {
            self = try Self.rectangle(rest, text, origin)
        } else if let rest = rest(after: "polygon:") {
            self = try Self.polygon(rest, text, origin)
        } else if Self.shapesElsewhere.contains(where: text.hasPrefix) {
            throw Self.bad(
                "no such shape", text,
                "write rect:x,y,w,h, polygon:x1,y1,x2,y2,..., color:#rrggbb or alpha", origin)
        } else {
            self = .picture(text)
        }
    }

    /// Shapes that one may expect, and that there are not.
    private static let shapesElsewhere = [
        "box:", "bbox:", "rectangle:", "square:", "circle:", "ellipse:", "oval:", "poly:",
    ]

    /// A shape as it is written; nil for a picture and for a mask of its own.
    public var text: String? {
        switch self {
        case .picture, .mask: nil
        case .alpha: "alpha"
        case .color(let color, let tolerance):
            "color:\(color)" + (tolerance == 0 ? "" : "~\(tolerance)")
        case .polygon(_, let text): text
        }
    }

    /// Whether a text is a shape and no picture's name.
    static func isShape(_ text: String) -> Bool {
        text == "alpha" || ["color:", "rect:", "polygon:"].contains(where: text.hasPrefix)
    }

    private static func color(
        _ rest: Substring, _ text: String, _ origin: Origin
    ) throws(RecipeError) -> MaskSource {
        let parts = rest.split(separator: "~", omittingEmptySubsequences: false)
        let tolerance = parts.count == 2 ? number(parts[1]) : 0
        guard parts.count <= 2, let color = Color(parts[0]), let tolerance,
            (0...255).contains(tolerance), tolerance == tolerance.rounded()
        else {
            throw bad(
                "no colour key", text, "write color:#rrggbb or color:#rrggbb~0 to ~255", origin)
        }
        return .color(color, tolerance: Int(tolerance))
    }

    private static func rectangle(
        _ rest: Substring, _ text: String, _ origin: Origin
    ) throws(RecipeError) -> MaskSource {
        guard let sides = numbers(rest), sides.count == 4, sides[2] > 0, sides[3] > 0 else {
            throw bad(
                "no rectangle", text, "write rect:x,y,width,height in pixels, both above 0", origin)
        }
        let (left, top) = (sides[0], sides[1])
        let (right, bottom) = (left + sides[2], top + sides[3])
        return .polygon(
            [(left, top), (right, top), (right, bottom), (left, bottom)].map {
                MaskCorner(x: $0.0, y: $0.1)
            }, text: text)
    }

    private static func polygon(
        _ rest: Substring, _ text: String, _ origin: Origin
    ) throws(RecipeError) -> MaskSource {
        guard let places = numbers(rest), places.count >= 6, places.count % 2 == 0 else {
            throw bad("no polygon", text, "write polygon:x1,y1,x2,y2,x3,y3 and so on", origin)
        }
        return .polygon(
            stride(from: 0, to: places.count, by: 2).map {
                MaskCorner(x: places[$0], y: places[$0 + 1])
            }, text: text)
    }

    private static func bad(
        _ what: String, _ text: String, _ remedy: String, _ origin: Origin
    ) -> RecipeError {
        let shown = text.count > 40 ? text.prefix(40) + "…" : text
        return .malformed(
            "\(what) '\(shown)'", at: origin, remedy: remedy + "; a file of that name is ./NAME")
    }

    private static func numbers(_ text: Substring) -> [Double]? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap(number)
        return numbers.count == parts.count ? numbers : nil
    }

    /// A decimal number of at most seven places before its point.
    private static func number(_ text: Substring) -> Double? {
        guard text.utf8.allSatisfy({ "+-.0123456789".utf8.contains($0) }),
            let number = Double(text), abs(number) < 1e7
        else { return nil }
        return number
    }
}

/// A corner of a polygon, in pixels from the picture's top left.
public struct MaskCorner: Sendable, Equatable {
    /// Pixels from the left.
    public let x: Double
    /// Pixels from the top.
    public let y: Double
}

extension Kind<[MaskSource]> {
    /// Masks that are united, as behind `--mask`.
    static var masks: Kind {
        Kind(
            expected: "masks as behind --mask, joined by ;",
            parse: { text in
                guard let parts = items(of: text) else { return nil }
                var masks: [MaskSource] = []
                for part in parts {
                    guard let mask = try? MaskSource(part, at: .argument("avoid")) else {
                        return nil
                    }
                    masks.append(mask)
                }
                return masks
            },
            value: { masks in
                masks.isEmpty ? nil : .text(masks.compactMap(\.word).joined(separator: ";"))
            })
    }
}

extension MaskSource {
    /// As it is written behind `--mask`; nil for a mask of its own.
    fileprivate var word: String? {
        if case .picture(let name) = self { name } else { text }
    }
}
