import Imaging
import Recipes

/// Where a mask comes from, as it stands behind `--mask`.
enum MaskSource {
    /// A picture in a file, or on standard input (`-`).
    case file(String)
    /// The picture's own transparency.
    case alpha
    /// What has a colour in the picture, no channel farther off than `tolerance`.
    case color(Color, tolerance: Int)
    /// Corners in pixels of the upright picture.
    case polygon([(x: Double, y: Double)], spec: String)

    /// Reads `alpha`, `color:…`, `rect:…` and `polygon:…`; all else is the path of a file.
    ///
    /// - Parameter place: where it was written, for errors.
    /// - Throws: `Failure` for what begins like one of these and is none.
    init(_ spec: String, at place: String = "--mask") throws {
        func rest(after prefix: String) -> Substring? {
            spec.hasPrefix(prefix) ? spec.dropFirst(prefix.count) : nil
        }
        if spec == "alpha" {
            self = .alpha
        } else if let text = rest(after: "color:") {
            self = try Self.color(text, spec: spec, place)
        } else if let text = rest(after: "rect:") {
            self = try Self.rectangle(text, spec: spec, place)
        } else if let text = rest(after: "polygon:") {
            self = try Self.polygon(text, spec: spec, place)
        } else {
            self = .file(spec)
        }
    }

    private static func color(
        _ text: Substring, spec: String, _ place: String
    ) throws -> MaskSource {
        let parts = text.split(separator: "~", omittingEmptySubsequences: false)
        let tolerance = parts.count == 2 ? number(parts[1]) : 0
        guard parts.count <= 2, let color = Color(parts[0]), let tolerance,
            (0...255).contains(tolerance), tolerance == tolerance.rounded()
        else {
            throw bad(
                spec, "no colour key", "write color:#rrggbb or color:#rrggbb~0 to ~255", place)
        }
        return .color(color, tolerance: Int(tolerance))
    }

    private static func rectangle(
        _ text: Substring, spec: String, _ place: String
    ) throws -> MaskSource {
        let sides = numbers(text)
        guard let sides, sides.count == 4, sides[2] > 0, sides[3] > 0 else {
            throw bad(
                spec, "no rectangle", "write rect:x,y,width,height in pixels, both above 0", place)
        }
        let (left, top) = (sides[0], sides[1])
        let (right, bottom) = (left + sides[2], top + sides[3])
        return .polygon(
            [(left, top), (right, top), (right, bottom), (left, bottom)], spec: spec)
    }

    private static func polygon(
        _ text: Substring, spec: String, _ place: String
    ) throws -> MaskSource {
        guard let places = numbers(text), places.count >= 6, places.count % 2 == 0 else {
            throw bad(
                spec, "no polygon", "write polygon:x1,y1,x2,y2,x3,y3 and so on", place)
        }
        return .polygon(
            stride(from: 0, to: places.count, by: 2).map { (places[$0], places[$0 + 1]) },
            spec: spec)
    }

    private static func bad(
        _ spec: String, _ what: String, _ remedy: String, _ place: String
    ) -> Failure {
        Failure(
            .usage, "\(what) '\(shortened(spec))'", at: place,
            do: remedy + "; a file of that name is ./NAME")
    }

    private static func shortened(_ spec: String) -> String {
        spec.count > 40 ? spec.prefix(40) + "…" : spec
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

    /// The mask for a picture, of its size.
    ///
    /// - Parameters:
    ///   - fitting: whether a file of another size is resized.
    ///   - read: reads the picture at a path.
    func mask(
        for image: Image, fitting: Bool, read: (String) throws -> Image
    ) throws -> Mask {
        switch self {
        case .file(let path):
            return try Mask(read(path)).fitted(to: image, resizing: fitting)
        case .alpha:
            guard image.hasAlpha else {
                throw Failure(
                    .badData, "the picture has no transparency", at: "--mask alpha",
                    do: "give a picture with an alpha channel, or another mask")
            }
            return Mask(transparencyOf: image)
        case .color(let color, let tolerance):
            return Mask(
                of: image, near: (color.red, color.green, color.blue), tolerance: tolerance)
        case .polygon(let corners, let spec):
            let mask = Mask(width: image.width, height: image.height, polygon: corners)
            guard !mask.isEmpty else {
                throw Failure(
                    .usage, "no pixel of \(image.width)x\(image.height) lies inside",
                    at: "--mask " + Self.shortened(spec),
                    do: "count pixels from the top left of the upright picture")
            }
            return mask
        }
    }
}
