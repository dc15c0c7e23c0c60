import ArgumentParser
import Editing
import Recipes

struct InpaintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: Verb.inpaint.rawValue,
        abstract: "Repaint the white part of a mask; the rest of the picture stays as it is.",
        discussion: """
            Examples:
              gesso inpaint room.png --mask sofa.png -o new.png --prompt "a red armchair"
              gesso inpaint beach.jpg --mask person.png -o empty.jpg --preset remove-object
            """)

    @OptionGroup var picture: PictureOptions

    @Option(
        help: ArgumentHelp(
            "The mask, of the picture's size; white is repainted.", valueName: "file"),
        completion: .file())
    var mask: String

    @Flag(help: help("fit_mask", ""))
    var fitMask = false

    @Flag(help: help("invert_mask", ""))
    var invertMask = false

    @Option(parsing: .unconditional, help: help("mask_feather", "pixels"))
    var maskFeather: String?

    @OptionGroup var options: EditOptions

    mutating func validate() throws {
        if picture.input == "-", mask == "-" {
            throw ValidationError("only one of the picture and the mask can be standard input")
        }
    }

    func run() throws {
        try EditRun(.inpaint, options, picture.settings + settings).perform { run in
            let image = try run.image(picture.input)
            let edit = try Edit.inpaint(image, run.mask(mask), run.recipe)
            return { _ in edit }
        }
    }

    private var settings: [Setting] {
        [
            setting("fit_mask", fitMask), setting("invert_mask", invertMask),
            setting("mask_feather", maskFeather),
        ].compactMap(\.self)
    }
}
