import ArgumentParser
import Gesso

/// What every editing verb takes beside its own arguments.
struct EditOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "File for the result, .png, .jpg, .webp, .avif or .tif; a folder with / at its end; a name with "
                + "{stem}, {seed}, {index}, {ext} or {verb}; - is standard output.",
            valueName: "file"),
        completion: .file())
    var output: String

    @OptionGroup var recipe: RecipeOptions

    @OptionGroup var engine: EngineOptions

    @Option(
        help: ArgumentHelp(
            "Write a receipt of how the picture was made, for `gesso replay`.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var receipt: String?

    @Flag(help: "Replace the output file if there is one, and the receipt.")
    var overwrite = false

    @Flag(help: "Print what would be done, its memory and its estimated time, and do nothing.")
    var dryRun = false

    @Flag(help: "Print a JSON document about how the picture was made, instead of its path.")
    var json = false

    @Flag(help: "Show the result in the terminal, if there is one.")
    var show = false

    @OptionGroup var preview: PreviewOptions
    @OptionGroup var progress: ProgressOptions
    @OptionGroup var messages: MessageOptions

    /// What does not change the result.
    var jobOptions: Job.Options {
        var options = Job.Options()
        options.threads = engine.threads
        options.credentials = engine.credentials.choice
        return options
    }

    /// Where the result goes.
    ///
    /// - Parameters:
    ///   - input: the path of the picture; nil for one from words.
    ///   - seed: the one that is used.
    func place(of input: String?, _ verb: Verb, seed: UInt64?) throws -> Output {
        let name = OutputName(input: input, verb: verb, seed: seed ?? 0, format: engine.format)
        return try Output(
            name.path(output), format: engine.format, quality: engine.quality,
            overwrites: overwrite)
    }

    mutating func validate() throws {
        if [preview.previewFile, preview.filmstrip].contains(output) {
            throw ValidationError("a preview would replace the picture: give it another name")
        }
        if json, output == "-" {
            throw ValidationError("--json and -o - would both write to standard output")
        }
    }
}

/// What the verbs that begin with a picture take.
struct PictureOptions: ParsableArguments {
    @Argument(
        help: "The picture to edit; - is standard input.", completion: .file())
    var input: String

    @Option(parsing: .unconditional, help: help("strength", "x"))
    var strength: String?

    @Option(help: help("strength_mode", "what"), completion: .list(key("strength_mode").choices))
    var strengthMode: String?

    @Flag(help: help("strip_gps", ""))
    var stripGps = false

    var settings: [Setting] {
        [
            setting("strength", strength), setting("strength_mode", strengthMode),
            setting("strip_gps", stripGps),
        ].compactMap(\.self)
    }
}
