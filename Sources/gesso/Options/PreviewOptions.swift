import ArgumentParser
import Foundation
import Gesso

/// What shows a picture while it is under way. None of it changes the result.
struct PreviewOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Show the picture after every n steps, in the terminal and in --preview-file.",
            valueName: "every:n"))
    var preview: String?

    @Option(
        help: ArgumentHelp(
            "File for the last preview, .png, .jpg, .webp, .avif or .tif, replaced during the run.",
            valueName: "file"), completion: .file())
    var previewFile: String?

    @Option(
        help: ArgumentHelp(
            "VAE that decodes previews, such as TAESD (default: each latent becomes a pixel of "
                + "about its colour).", valueName: "path"), completion: .file())
    var previewVae: String?

    @Option(
        help: ArgumentHelp("Write one picture of the steps, side by side.", valueName: "file"),
        completion: .file())
    var filmstrip: String?

    /// Whether anything is to be shown.
    var isGiven: Bool { preview != nil || previewFile != nil || filmstrip != nil }

    mutating func validate() throws {
        if previewFile == "-" || filmstrip == "-" {
            throw ValidationError("--preview-file and --filmstrip take files only")
        }
        if let previewFile, previewFile == filmstrip {
            throw ValidationError("--preview-file and --filmstrip name the same file")
        }
        if previewVae != nil, !isGiven {
            throw ValidationError("--preview-vae is of use with --preview or --filmstrip only")
        }
        _ = try interval()
    }

    /// Steps from one preview to the next; nil where nothing is said.
    func interval() throws -> Int? {
        guard let preview else { return nil }
        let text = preview.hasPrefix("every:") ? preview.dropFirst(6) : preview[...]
        guard let interval = Int(text), (1...1000).contains(interval) else {
            throw ValidationError("--preview is '\(preview.prefix(20))', not every:1 to every:1000")
        }
        return interval
    }
}
