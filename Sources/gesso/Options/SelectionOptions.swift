import ArgumentParser
import Gesso
import Terminal

/// The options that mark a thing whose border is found.
struct SelectionOptions: ParsableArguments {
    @Option(
        name: .customLong("select"), parsing: .unconditional,
        help: ArgumentHelp(
            """
            The object in a box, box:x,y,w,h in pixels: its border is found by GrabCut, without a \
            model. Masks are added to it or subtracted from it.
            """,
            valueName: "box"))
    var box: String?

    @Option(
        name: .customLong("keep"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A stroke on the object, x1,y1,x2,y2,... in pixels. May be repeated, also without a box.",
            valueName: "points"))
    var keep: [String] = []

    @Option(
        name: .customLong("drop"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A stroke beside the object, x1,y1,x2,y2,... in pixels. May be repeated.",
            valueName: "points"))
    var drop: [String] = []

    @Option(
        name: .customLong("select-margin"),
        help: ArgumentHelp(
            """
            How far the selection reaches over the border of the object, so that nothing of its rim is \
            left when it is repainted (default: 3 % of its size; 0 follows the border).
            """, valueName: "pixels"))
    var margin: Int?

    /// The name of the mask found, which no file can have.
    static let name = "\0select"

    /// Whether nothing is marked.
    var isEmpty: Bool { box == nil && keep.isEmpty && drop.isEmpty }

    func validate() throws {
        guard let margin else { return }
        if isEmpty { throw ValidationError("--select-margin needs --select or --keep") }
        if !(0...1000).contains(margin) {
            throw ValidationError("--select-margin is \(margin), not 0 to 1000")
        }
    }

    /// What is marked; nil without a box and a stroke to keep.
    func selection() throws -> Selection? {
        let keep = try keep.map { try Self.points($0, of: "--keep") }
        let drop = try drop.map { try Self.points($0, of: "--drop") }
        let selection = Selection(
            box: try box.map(Self.box), keep: keep, drop: drop, margin: margin)
        guard !selection.isEmpty else {
            if drop.isEmpty { return nil }
            throw Failure(
                .usage, "it selects nothing by itself", at: "--drop",
                do: "mark the object with --select or --keep, too")
        }
        return selection
    }

    private static func box(_ text: String) throws -> Box {
        let prefix = "box:"
        let sides = text.hasPrefix(prefix) ? numbers(text.dropFirst(prefix.count)) : []
        guard sides.count == 4, sides[2] >= 1, sides[3] >= 1 else {
            throw Failure(
                .usage, "no box '\(text.prefix(40))'", at: "--select",
                do: "write box:x,y,width,height in pixels, both above 0")
        }
        let (left, top) = (sides[0].rounded(.down), sides[1].rounded(.down))
        return Box(
            x: Int(left), y: Int(top), width: Int((sides[0] + sides[2]).rounded(.up) - left),
            height: Int((sides[1] + sides[3]).rounded(.up) - top))
    }

    private static func points(_ text: String, of option: String) throws -> [Selection.Point] {
        let places = numbers(text[...])
        guard !places.isEmpty, places.count.isMultiple(of: 2) else {
            throw Failure(
                .usage, "no stroke '\(text.prefix(40))'", at: option,
                do: "write x1,y1,x2,y2 and so on, in pixels")
        }
        return stride(from: 0, to: places.count, by: 2).map {
            Selection.Point(x: places[$0], y: places[$0 + 1])
        }
    }

    /// Numbers of at most seven places; none if some part is no number.
    private static func numbers(_ text: Substring) -> [Double] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Double($0) }.filter { abs($0) < 1e7 }
        return numbers.count == parts.count ? numbers : []
    }
}
