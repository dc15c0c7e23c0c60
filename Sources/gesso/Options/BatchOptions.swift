import ArgumentParser
import Foundation
import Gesso
import Terminal

/// What a batch is made with.
struct BatchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder for the results; made if missing.", valueName: "folder"),
        completion: .directory)
    var outputDir: String

    @Option(
        help: ArgumentHelp(
            "The verb: \(BatchPlan.possibleVerbs.map(\.rawValue).joined(separator: ", ")) (default: "
                + "what the preset or the masks are for).", valueName: "verb"),
        completion: .list(BatchPlan.possibleVerbs.map(\.rawValue)))
    var verb: String?

    @Option(
        help: ArgumentHelp(
            "A folder of masks named as the pictures are, or one mask for all, as for "
                + "`inpaint --mask`.", valueName: "folder or mask"),
        completion: .file())
    var masks: String?

    @Option(
        help: ArgumentHelp(
            "Names of the results, with {stem}, {seed}, {index}, {ext} and {verb}.",
            valueName: "template"))
    var name = "{stem}.{ext}"

    @Option(parsing: .unconditional, help: help("strength", "x"))
    var strength: String?

    @Option(help: help("fill", "fill"), completion: .list(key("fill").choices))
    var fill: String?

    @OptionGroup var recipe: RecipeOptions

    @OptionGroup var engine: EngineOptions

    /// What the recipes are made from.
    func source() throws -> RecipeSource {
        try recipe.source(
            [setting("strength", strength), setting("fill", fill)].compactMap(\.self))
    }

    /// The rest of it.
    func planOptions(isQuiet: Bool) throws -> BatchPlan.Options {
        var options = BatchPlan.Options()
        options.verb = try verb.map(Self.verb)
        (options.masks, options.name) = (masks, name)
        options.format = try engine.format.map(Output.format(named:))
        if let format = options.format { try Output.check(engine.quality, for: format) }
        (options.quality, options.tokenizer) = (engine.quality, engine.tokenizer)
        options.model = try engine.model(storedIn: recipe.storedSettings(), quiet: isQuiet)
        return options
    }

    private static func verb(_ name: String) throws -> Verb {
        let verbs = BatchPlan.possibleVerbs
        if let verb = verbs.first(where: { $0.rawValue == name }) { return verb }
        let names = verbs.map(\.rawValue)
        throw Failure(
            .usage, "verb is '\(name.prefix(20))'", at: "--verb",
            do: nearMiss(name, among: names).map { "did you mean '\($0)'?" }
                ?? "give one of " + names.joined(separator: ", "))
    }
}
