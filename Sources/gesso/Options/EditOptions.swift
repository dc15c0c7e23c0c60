import ArgumentParser
import Editing
import Recipes

/// What every editing verb takes beside its own arguments.
struct EditOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "File for the result, .png or .jpg; - is standard output.", valueName: "file"),
        completion: .file())
    var output: String

    @OptionGroup var recipe: RecipeOptions

    @Option(
        help: ArgumentHelp(
            "Checkpoint: a folder in diffusers layout or a .safetensors file, its name in "
                + "$GESSO_MODELS, or org/name in the Hugging Face cache.",
            valueName: "folder or file"), completion: CompletionValues.models)
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Nine-channel inpainting checkpoint that makes a checkpoint of four channels one "
                + "for inpainting: its weights + (--model's - --inpaint-delta's).",
            valueName: "folder or file"), completion: .file())
    var inpaintBase: String?

    @Option(
        help: ArgumentHelp(
            "Four-channel checkpoint that --inpaint-base was made from.",
            valueName: "folder or file"), completion: .file())
    var inpaintDelta: String?

    @Option(
        help: ArgumentHelp(
            "Folder with vocab.json and merges.txt, for a checkpoint that has none.",
            valueName: "folder"), completion: .directory)
    var tokenizer: String?

    @Option(
        help: ArgumentHelp(
            "Threads to compute with (default: all cores); results do not depend on it.",
            valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Format of the result where its name does not say: png or jpg.", valueName: "name"),
        completion: .list(["png", "jpg"]))
    var format: String?

    @Option(
        help: ArgumentHelp(
            "Quality of a JPEG, 1 to 100 (default: that of the picture, else 95).", valueName: "n"))
    var quality: Int?

    @Option(
        help: ArgumentHelp(
            "Write down how the picture was made, for `gesso replay`.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var receipt: String?

    @Flag(help: "Replace the output file if there is one, and the receipt.")
    var overwrite = false

    @Flag(help: "Say what would be done and the memory it needs, and do nothing.")
    var dryRun = false

    @Flag(help: "Print a JSON document on how the picture was made, instead of its path.")
    var json = false

    @Flag(help: "Show the result in the terminal, if there is one.")
    var show = false

    @OptionGroup var progress: ProgressOptions
    @OptionGroup var messages: MessageOptions

    /// The checkpoint of a recipe; nil where that needs none.
    func model(for recipe: Recipe) throws -> ModelOnCall? {
        let shelf = ModelShelf()
        let url = recipe.steps > 0 ? try shelf.model(model ?? storedModel(on: shelf)) : nil
        let tokenizers = try shelf.tokenizers(tokenizer)
        let parts = try inpaintBase.map {
            InpaintingParts(base: try shelf.model($0), delta: try shelf.model(inpaintDelta))
        }
        return url.map { ModelOnCall($0, tokenizers: tokenizers, inpainting: parts) }
    }

    /// The checkpoint that the picture of `--from-image` was made with, if it is here.
    private func storedModel(on shelf: ModelShelf) throws -> String? {
        guard let name = try recipe.storedSettings()?["Model"] else { return nil }
        if shelf.checkpoints.contains(where: { $0.name == name }) { return name }
        Console.line(
            "gesso: note: it was made with '\(name)', which is not here: see --model".asLine(),
            isQuiet: progress.quiet)
        return nil
    }

    mutating func validate() throws {
        if json, output == "-" {
            throw ValidationError("--json and -o - would both write to standard output")
        }
        if (inpaintBase == nil) != (inpaintDelta == nil) {
            throw ValidationError("--inpaint-base and --inpaint-delta go together")
        }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads), not 1 to 1024")
        }
    }
}

/// What the verbs that begin with a picture take.
struct PictureOptions: ParsableArguments {
    @Argument(help: "The picture to edit, PNG or JPEG; - is standard input.", completion: .file())
    var input: String

    @Option(parsing: .unconditional, help: help("strength", "x"))
    var strength: String?

    var settings: [Setting] { [setting("strength", strength)].compactMap(\.self) }
}
