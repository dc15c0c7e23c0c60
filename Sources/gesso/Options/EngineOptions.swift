import ArgumentParser
import Gesso
import Terminal

/// What edits are computed with, and the form of the files they come to: one picture or many.
struct EngineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Checkpoint: a folder in diffusers layout or a .safetensors file, its name in "
                + "$GESSO_MODELS, or org/name in the Hugging Face cache.",
            valueName: "folder or file"), completion: CompletionValues.models)
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Folder with vocab.json and merges.txt (default: the checkpoint's, else CLIP's).",
            valueName: "folder"), completion: .directory)
    var tokenizer: String?

    @Option(
        help: ArgumentHelp(
            "Threads to compute with (default: all cores); results do not depend on it.",
            valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Format of results whose names have no ending: png, jpg, webp, avif or tif.",
            valueName: "name"),
        completion: .list(["png", "jpg", "webp", "avif", "tif"]))
    var format: String?

    @Option(
        help: ArgumentHelp(
            "Quality of a JPEG (default: that of the picture, else 95) or of a WebP or AVIF "
                + "(default: lossless), 1 to 100.", valueName: "n"))
    var quality: Int?

    @OptionGroup var credentials: CredentialsOptions

    mutating func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads), not 1 to 1024")
        }
        if let quality, !(1...100).contains(quality) {
            throw ValidationError("--quality is \(quality), not 1 to 100")
        }
    }

    /// The checkpoint that is asked for; nil leaves the choice to the library.
    ///
    /// - Parameters:
    ///   - stored: the settings of `--from-image`, whose checkpoint is taken where none is asked for
    ///     and it is here.
    ///   - quiet: leaves out what is to be said of it.
    func model(storedIn stored: PictureSettings?, quiet: Bool) throws -> String? {
        guard let stored else { return model }
        let found = Workplace.library.checkpoint(of: stored, insteadOf: model)
        if let note = found.note { Console.line("gesso: note: \(note)".asLine(), isQuiet: quiet) }
        return model ?? found.name
    }
}
