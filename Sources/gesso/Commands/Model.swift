import ArgumentParser
import Editing

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Look at checkpoints.",
        discussion: """
            Example:
              gesso model inspect stable-diffusion-v1-5
            """,
        subcommands: [Inspect.self])

    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell what a checkpoint is and holds.")

        @Argument(
            help: ArgumentHelp(
                "Folder in diffusers layout or .safetensors file, its name in $GESSO_MODELS, or "
                    + "org/name in the Hugging Face cache."),
            completion: .file())
        var model: String?

        func run() throws {
            let folder = try ModelShelf().model(model)
            for line in try Model.inspect(folder) {
                try Console.result(line.escapingControls())
            }
        }
    }
}
