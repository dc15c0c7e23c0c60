import ArgumentParser
import Gesso
import Terminal

/// The options that say what of a picture is repainted, or was.
struct MaskShapeOptions: ParsableArguments {
    @Option(
        name: .customLong("mask"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            What is repainted: the white of a file of the picture's size; alpha (what is \
            transparent); color:#00ff00 (that colour, ~20 behind it for near ones too); \
            rect:x,y,w,h or polygon:x1,y1,x2,y2,... in pixels. May be repeated: masks are combined \
            in order; a leading - subtracts. ./NAME is always a file.
            """,
            valueName: "mask"),
        completion: .file())
    var masks: [String] = []

    @Flag(help: help("fit_mask", ""))
    var fitMask = false

    @Flag(help: help("invert_mask", ""))
    var invertMask = false

    @Option(
        parsing: .unconditional,
        help: help("mask_threshold", "grey", "; in compare and verify all but black is white"))
    var maskThreshold: String?

    @Option(parsing: .unconditional, help: help("mask_grow", "pixels"))
    var maskGrow: String?

    /// The settings among the options.
    var settings: [Setting] {
        [
            setting("fit_mask", fitMask), setting("invert_mask", invertMask),
            setting("mask_threshold", maskThreshold), setting("mask_grow", maskGrow),
        ].compactMap(\.self)
    }

    /// Standard input holds one picture only.
    func checkPaths(beside pictures: String...) throws {
        let paths = pictures + masks.enumerated().map { Self.split($1, isFirst: $0 == 0).spec }
        if paths.count(where: { $0 == "-" }) > 1 {
            throw ValidationError("only one of the picture and the mask can be standard input")
        }
    }

    /// The mask that the options come to.
    ///
    /// - Parameter isAfterSelection: whether a selection goes before them, which the first may subtract from.
    func plan(afterSelection isAfterSelection: Bool = false) throws -> MaskPlan {
        try MaskPlan(words: masks, afterSelection: isAfterSelection)
    }

    fileprivate static func split(
        _ text: String, isFirst: Bool
    ) -> (spec: String, subtracts: Bool) {
        guard !isFirst, text.hasPrefix("-"), text != "-" else { return (text, false) }
        return (String(text.dropFirst()), true)
    }
}

/// The options that say what of a picture is repainted, and how it fades in.
struct MaskOptions: ParsableArguments {
    @OptionGroup var shape: MaskShapeOptions

    @Option(parsing: .unconditional, help: help("mask_feather", "pixels", "; in `gesso mask` 0"))
    var maskFeather: String?

    @Option(parsing: .unconditional, help: help("mask_blur", "pixels"))
    var maskBlur: String?

    @Option(help: help("mask_mode", "what"), completion: .list(key("mask_mode").choices))
    var maskMode: String?

    /// The settings among the options.
    var settings: [Setting] {
        shape.settings
            + [
                setting("mask_feather", maskFeather), setting("mask_blur", maskBlur),
                setting("mask_mode", maskMode),
            ].compactMap(\.self)
    }

    /// - Parameter picture: the path of the picture, for standard input holds one only.
    func validate(with picture: String) throws {
        if shape.masks.isEmpty {
            throw ValidationError("missing expected argument '--mask <mask> ...'")
        }
        try shape.checkPaths(beside: picture)
    }
}

extension MaskPlan {
    /// The mask of words as they follow `--mask`, added and subtracted in their order.
    init(words masks: [String], afterSelection isAfterSelection: Bool = false) throws {
        if !isAfterSelection, let first = masks.first, first.hasPrefix("-"), first != "-" {
            throw Failure(
                .usage, "the first mask '\(first.prefix(40))' takes away from nothing",
                at: "--mask", do: "put another before it, or ./ before a file's name")
        }
        self.init(
            parts: try masks.enumerated().map { index, text in
                let (spec, subtracts) = MaskShapeOptions.split(
                    text, isFirst: index == 0 && !isAfterSelection)
                return Part(
                    try MaskSource(spec, at: .argument("--mask")), subtracts: subtracts,
                    at: .argument("--mask"))
            })
    }
}
