import ArgumentParser
import Foundation
import Gesso

struct GridCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grid",
        abstract: "Try several settings and put the pictures in one table.",
        usage: "gesso grid [<input>] --x <key=values> --output <file> [<options>]",
        discussion: """
            Examples:
              gesso grid photo.jpg --x strength=0.2..0.8:0.2 --y scheduler=ddim,euler \\
                -o grid.png --prompt "a harbour at dusk"
              gesso grid photo.jpg --x "prompt:oak=oak,birch,pine" -o trees.png \\
                --prompt "an oak on a hill"
              gesso grid room.png --verb inpaint --mask sofa.png --x seed=1-4 \\
                -o sofas.png --prompt "a red armchair"
              gesso grid photo.jpg --x preset=watercolor,night,winter -o looks.png

            An axis takes any key of `gesso preset keys`, `preset`, `model`,
            control:weight, :kind, :start, :end or :mode, or prompt:WORDS, which are
            replaced by the values. Values are separated by commas; ranges are
            0.2..0.8:0.2, 1-5, 1-9 (+2) and 1-10 [4]. A model is loaded once. All pictures
            share one seed unless an axis is the seed. Keys without a flag of their own
            are given with --set.
            """)

    @Argument(
        help: "The picture to edit; - is standard input. None for --verb txt2img.",
        completion: .file())
    var input: String?

    @Option(
        help: ArgumentHelp("What changes from column to column.", valueName: "key=values"),
        completion: .list(Recipe.keys.map { $0.name + "=" }))
    var x: String

    @Option(
        help: ArgumentHelp("What changes from row to row.", valueName: "key=values"),
        completion: .list(Recipe.keys.map { $0.name + "=" }))
    var y: String?

    @Option(
        help: ArgumentHelp("What changes from table to table.", valueName: "key=values"),
        completion: .list(Recipe.keys.map { $0.name + "=" }))
    var z: String?

    @Option(
        help: ArgumentHelp(
            "What is done: " + Verb.allCases.map(\.rawValue).joined(separator: ", ") + ".",
            valueName: "verb"), completion: .list(Verb.allCases.map(\.rawValue)))
    var verb = Verb.imageToImage.rawValue

    @Option(
        name: .customLong("mask"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("What is repainted, as for inpaint.", valueName: "mask"),
        completion: .file())
    var masks: [String] = []

    @Option(help: ArgumentHelp("Longest side of a picture in the table.", valueName: "pixels"))
    var side = 512

    @OptionGroup var options: EditOptions

    mutating func validate() throws {
        guard let verb = Verb(rawValue: verb) else {
            let meant = nearMiss(self.verb, among: Verb.allCases.map(\.rawValue))
            throw ValidationError(
                "--verb is '\(self.verb.prefix(40))'"
                    + (meant.map { ". Did you mean '\($0)'?" } ?? ""))
        }
        if (verb == .textToImage) != (input == nil) {
            throw ValidationError(
                verb == .textToImage ? "txt2img takes no picture" : "a picture is missing")
        }
        if (verb == .inpaint) == masks.isEmpty {
            throw ValidationError("inpaint needs --mask, and only inpaint takes it")
        }
        if options.preview.isGiven {
            throw ValidationError("a table has no --preview and no --filmstrip")
        }
        if options.receipt != nil { throw ValidationError("a table has no --receipt") }
        if !(16...2048).contains(side) {
            throw ValidationError("--side is \(side), not 16 to 2048")
        }
    }

    func run() async throws {
        let verb = Verb(rawValue: verb) ?? .imageToImage
        var axes = [try GridAxis(x, option: "--x")]
        if let y { axes.append(try GridAxis(y, option: "--y")) }
        if let z { axes.append(try GridAxis(z, option: "--z")) }
        let mask = verb == .inpaint ? try MaskPlan(words: masks) : nil
        try Input.checkFiles([input].compactMap(\.self) + (mask?.pictures ?? []))
        let source = try options.recipe.source()
        RecipeOptions.note(source.presets, for: [verb], quiet: options.progress.quiet)
        let grid = try Grid(
            verb, over: axes, from: source, mask: mask, presets: Workplace.library.places.presets
        ) { $0.take(input) }
        try await GridRunner(grid, of: input, options).perform(side: side)
    }
}
