import ArgumentParser
import Foundation
import Gesso

/// What a batch is made with.
struct BatchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder for the results; made if missing.", valueName: "folder"),
        completion: .directory)
    var outputDir: String

    @Option(
        help: ArgumentHelp(
            "What is done: \(BatchPlan.verbs.map(\.rawValue).joined(separator: ", ")) (default: "
                + "what the preset or the masks are for).", valueName: "verb"),
        completion: .list(BatchPlan.verbs.map(\.rawValue)))
    var verb: String?

    @Option(
        help: ArgumentHelp(
            "A folder of masks named as the pictures are, or one mask for all, as behind "
                + "`inpaint --mask`.", valueName: "folder or mask"),
        completion: .file())
    var masks: String?

    @Option(
        help: ArgumentHelp(
            "Names of the results, of {stem}, {seed}, {index}, {ext} and {verb}.",
            valueName: "template"))
    var name = "{stem}.{ext}"

    @Option(parsing: .unconditional, help: help("strength", "x"))
    var strength: String?

    @Option(help: help("fill", "fill"), completion: .list(key("fill").choices))
    var fill: String?

    @OptionGroup var recipe: RecipeOptions

    @OptionGroup var engine: EngineOptions
}
