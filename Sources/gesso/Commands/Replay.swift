import ArgumentParser
import Foundation
import Gesso
import Terminal

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Make a picture again from its receipt, and report whether it is the same.",
        usage: "gesso replay <receipt> --output <file> [<options>]",
        discussion: """
            Examples:
              gesso inpaint room.png --mask sofa.png -o new.png --prompt "a chair" \\
                --receipt new.json
              gesso replay new.json -o again.png

            Prints `identical` if every pixel is the same. Else it lists what has
            changed, an input, the model, the version or the instruction set, and exits
            with 1.
            """)

    @Argument(help: "The receipt.", completion: .file(extensions: ["json"]))
    var receipt: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "File for the picture, .png, .jpg, .webp, .avif or .tif.", valueName: "file"),
        completion: .file())
    var output: String

    @Option(
        help: ArgumentHelp("The source, if it has moved.", valueName: "file"),
        completion: .file())
    var source: String?

    @Option(
        name: .customLong("mask"),
        help: ArgumentHelp(
            "The mask, if it has moved; one for each of its files.", valueName: "file"),
        completion: .file())
    var masks: [String] = []

    @Option(
        help: ArgumentHelp("The checkpoint, if it has moved.", valueName: "folder"),
        completion: CompletionValues.models)
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Folder of the tokenizer (default: the checkpoint's or CLIP's).", valueName: "folder"),
        completion: .directory)
    var tokenizer: String?

    @OptionGroup var credentials: CredentialsOptions

    @Flag(help: "Replace the output file if there is one.")
    var overwrite = false

    @Flag(help: "Print a JSON document.")
    var json = false

    @OptionGroup var messages: MessageOptions

    @Flag(name: .shortAndLong, help: "Print errors and the result only.")
    var quiet = false

    mutating func validate() throws {
        if output == "-" { throw ValidationError("-o takes a file only") }
        if (masks + [source ?? ""]).count(where: { $0 == "-" }) > 1 {
            throw ValidationError("only one picture can be standard input")
        }
    }

    func run() async throws {
        let file = try FilePath.file(receipt, orFailWith: .cannotRead)
        let old = try Receipt(contentsOf: file, named: receipt)
        let folder = file.standardizedFileURL.deletingLastPathComponent()
        try checkUse(by: old)
        let output = try place(for: old)
        var request = try old.request(in: folder, pictures: pictures(of: old), model: model)
        (request.format, request.quality) = (output.format, output.quality)
        request.tokenizer = tokenizer ?? request.tokenizer
        try Output.check(self.output, at: "-o", keeping: [request.withoutSource])
        request = try request.readingStandardInput()
        let events = EventPrinter(request, isQuiet: quiet)
        var options = Job.Options()
        options.credentials = credentials.choice
        let outcome = try await events.follow(Workplace.library.start(request, options))
        try output.file.map { try outcome.checkSource(replacedAt: $0) }
        try output.write(outcome.data)
        let identical = try old.isSame(outcome)
        let drift = try old.drift(of: outcome, in: folder)
        try Console.result(
            ReplayDocument(output: self.output, identical: identical, drift: drift), isJSON: json)
        if !identical { throw Verdict.different }
    }

    /// What is given must be in the receipt.
    private func checkUse(by old: Receipt) throws {
        let count = old.request.maskPictures.count
        guard masks.count <= count else {
            throw Failure(
                .usage, "the receipt has files of masks: \(count), not \(masks.count)",
                at: "--mask", do: count == 0 ? "leave it out" : "give one for each of them")
        }
        guard source == nil || old.request.pictures[Request.source] != nil else {
            throw Failure(.usage, "the receipt has no source", at: "--source", do: "leave it out")
        }
    }

    /// The pictures that are given, by their names in the receipt.
    private func pictures(of old: Receipt) -> [String: Picture] {
        let names = zip(old.request.maskPictures, masks).map { ($0, Picture.file($1)) }
        var pictures = Dictionary(names) { first, _ in first }
        if let source { pictures[Request.source] = .file(source) }
        return pictures
    }

    /// Where the picture goes; its quality is that of the first picture wherever it can have one.
    private func place(for old: Receipt) throws -> Output {
        let place = try Output(output, format: nil, quality: nil, overwrites: overwrite)
        guard let quality = old.request.quality, place.format.hasQuality else { return place }
        return try Output(output, format: nil, quality: quality, overwrites: overwrite)
    }
}
