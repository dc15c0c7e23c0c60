import ArgumentParser
import Editing
import Imaging
import Recipes

/// The options that say what of a picture is repainted.
struct MaskOptions: ParsableArguments {
    @Option(
        name: .customLong("mask"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            What is repainted: the white of a file of the picture's size; alpha (what is \
            transparent); color:#00ff00 (that colour, ~20 behind it for near ones too); \
            rect:x,y,w,h or polygon:x1,y1,x2,y2,... in pixels. May be repeated: masks are united, \
            one with a - before it is taken away from those before it. ./NAME is always a file.
            """,
            valueName: "mask"),
        completion: .file())
    var masks: [String]

    @Flag(help: help("fit_mask", ""))
    var fitMask = false

    @Flag(help: help("invert_mask", ""))
    var invertMask = false

    @Option(parsing: .unconditional, help: help("mask_threshold", "grey"))
    var maskThreshold: String?

    @Option(parsing: .unconditional, help: help("mask_grow", "pixels"))
    var maskGrow: String?

    @Option(parsing: .unconditional, help: help("mask_feather", "pixels"))
    var maskFeather: String?

    @Option(parsing: .unconditional, help: help("mask_blur", "pixels"))
    var maskBlur: String?

    @Option(help: help("mask_mode", "what"), completion: .list(key("mask_mode").choices))
    var maskMode: String?

    /// The settings among the options.
    var settings: [Setting] {
        [
            setting("fit_mask", fitMask), setting("invert_mask", invertMask),
            setting("mask_threshold", maskThreshold), setting("mask_grow", maskGrow),
            setting("mask_feather", maskFeather), setting("mask_blur", maskBlur),
            setting("mask_mode", maskMode),
        ].compactMap(\.self)
    }

    /// - Parameter picture: the path of the picture, for standard input holds one only.
    func validate(with picture: String) throws {
        try Self.checkPaths([picture], masks)
    }

    /// Standard input holds one picture only.
    static func checkPaths(_ pictures: [String], _ masks: [String]) throws {
        let paths = pictures + masks.enumerated().map { split($1, isFirst: $0 == 0).spec }
        if paths.count(where: { $0 == "-" }) > 1 {
            throw ValidationError("only one of the picture and the mask can be standard input")
        }
    }

    /// The masks in their order, read but not yet drawn.
    func parts() throws -> [MaskPart] {
        try Self.parts(of: masks)
    }

    /// The masks that those words say, in their order.
    static func parts(of masks: [String]) throws -> [MaskPart] {
        if let first = masks.first, first.hasPrefix("-"), first != "-" {
            throw Failure(
                .usage, "the first mask '\(first.prefix(40))' takes away from nothing",
                at: "--mask", do: "put another before it, or ./ before a file's name")
        }
        return try masks.enumerated().map { index, text in
            let (spec, subtracts) = split(text, isFirst: index == 0)
            return MaskPart(spec: spec, source: try MaskSource(spec), subtracts: subtracts)
        }
    }

    private static func split(_ text: String, isFirst: Bool) -> (spec: String, subtracts: Bool) {
        guard !isFirst, text.hasPrefix("-"), text != "-" else { return (text, false) }
        return (String(text.dropFirst()), true)
    }
}

/// One of several masks that make up one.
struct MaskPart {
    /// The text that said it.
    let spec: String
    let source: MaskSource
    /// Whether it is taken away instead of added.
    let subtracts: Bool
}

extension [MaskPart] {
    /// Inpainting of a picture in a run.
    func edit(of image: Image, _ run: EditRun) throws -> Edit {
        run.inputs.note(self)
        return try edit(of: image, run.recipe, read: run.maskImage)
    }

    /// Inpainting of a picture where these masks say; hard ones have their greys decided each by
    /// itself.
    ///
    /// - Parameter read: reads the picture at a path.
    func edit(of image: Image, _ recipe: Recipe, read: (String) throws -> Image) throws -> Edit {
        let whole = try mask(for: image) { part in
            let given = try part.source.mask(for: image, fitting: recipe.fitMask, read: read)
            return recipe.maskMode == .hard ? given.thresholded(at: recipe.maskThreshold) : given
        }
        let showsAlpha = contains { part in
            if case .alpha = part.source { !part.subtracts } else { false }
        }
        return try Edit.inpaint(image, whole, recipe, revealing: showsAlpha)
    }

    /// The parts united and taken away from each other in their order.
    ///
    /// - Parameter read: the mask of a part, of the picture's size.
    func mask(for image: Image, read: (MaskPart) throws -> Mask) rethrows -> Mask {
        var whole = Mask(width: image.width, height: image.height, filledWith: 0)
        for part in self {
            let mask = try read(part)
            whole = part.subtracts ? whole.subtracting(mask) : whole.united(with: mask)
        }
        return whole
    }
}
