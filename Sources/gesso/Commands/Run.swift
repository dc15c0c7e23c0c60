import ArgumentParser
import Foundation
import Gesso

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Carry out a recipe: several edits in a row, or a grid of them.",
        usage: "gesso run <recipe> [<input>] --output <file> [<options>]",
        discussion: """
            Examples:
              gesso run place-in-wider photo.jpg -o out.jpg \\
                --mask place=rect:200,300,120,90 --var subject="a wooden bench"
              gesso run mine.yaml photo.jpg -o out.png --receipt out.json
              gesso run mine.yaml photo.jpg -o out.png --dry-run

            A recipe lists edits below `edits:`, each with a verb and its own keys; keys
            outside of that list apply to all edits. Each edit works on the result of
            the one before, with one model. Options override the recipe in every edit
            that has a use for them. A recipe without edits is one edit with its first
            verb; one with a list below `for:` makes a table of pictures.
            """)

    @Argument(
        help: "Name of a preset, or path of a recipe file.", completion: CompletionValues.presets)
    var recipe: String

    @Argument(
        help: "The picture to edit; - is standard input. None if the recipe begins with txt2img.",
        completion: .file())
    var input: String?

    @Option(
        name: .customLong("mask"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "The value of a mask of the recipe, as for `inpaint --mask`; may be repeated.",
            valueName: "name=mask"), completion: .file())
    var masks: [String] = []

    @Option(help: ArgumentHelp("Longest side of a picture in a table.", valueName: "pixels"))
    var side = 512

    @OptionGroup var options: EditOptions

    mutating func validate() throws {
        if !options.recipe.presets.isEmpty || options.recipe.fromImage != nil {
            throw ValidationError(
                "a run has one recipe, without --preset and --from-image: write `extends:` in it")
        }
        if !(16...2048).contains(side) {
            throw ValidationError("--side is \(side), not 16 to 2048")
        }
    }

    func run() async throws {
        let run = try RecipeRun(recipe, on: input, options, masks: masks)
        if run.preset.axes.isEmpty {
            try await run.perform()
        } else {
            try await run.performGrid(side: side)
        }
    }
}
