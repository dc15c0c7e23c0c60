import ArgumentParser
import Editing
import Files
import Foundation
import Imaging
import Recipes

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Make a picture again from its receipt, and tell whether it is the same.",
        usage: "gesso replay <receipt> --output <file> [<options>]",
        discussion: """
            Example:
              gesso inpaint room.png --mask sofa.png -o new.png --prompt "a chair" \\
                --receipt new.json
              gesso replay new.json -o again.png

            Says `identical` if every pixel is the same. Else tells what is no longer what it
            was: an input, the model, the version, the instruction set; and exits with 1.
            """)

    @Argument(help: "The receipt.", completion: .file(extensions: ["json"]))
    var receipt: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("File for the picture, .png, .jpg or .webp.", valueName: "file"),
        completion: .file())
    var output: String

    @Option(
        help: ArgumentHelp("The source, if it lies elsewhere now.", valueName: "file"),
        completion: .file())
    var source: String?

    @Option(
        name: .customLong("mask"),
        help: ArgumentHelp(
            "The mask, if it lies elsewhere now; one for each file of it.", valueName: "file"),
        completion: .file())
    var masks: [String] = []

    @Option(
        help: ArgumentHelp("The checkpoint, if it lies elsewhere now.", valueName: "folder"),
        completion: CompletionValues.models)
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Folder of the tokenizer, for a checkpoint without one.", valueName: "folder"),
        completion: .directory)
    var tokenizer: String?

    @Flag(help: "Replace the output file if there is one.")
    var overwrite = false

    @Flag(help: "Print a JSON document.")
    var json = false

    @OptionGroup var messages: MessageOptions

    @Flag(name: .shortAndLong, help: "Say nothing beside the result but errors.")
    var quiet = false

    mutating func validate() throws {
        if output == "-" { throw ValidationError("-o takes a file only") }
        if (masks + [source ?? ""]).count(where: { $0 == "-" }) > 1 {
            throw ValidationError("only one picture can be standard input")
        }
    }

    private struct Document: Encodable {
        let schema = "gesso.replay/1"
        let output: String
        let identical: Bool
        let drift: [String]
    }

    func run() throws {
        let file = try FilePath.file(receipt, orFailWith: .cannotRead)
        let old = try Receipt(contentsOf: file, named: receipt)
        if old.verb == Receipt.verbOfEdits { return try runEdits(of: old, from: file) }
        guard let verb = Verb(rawValue: old.verb),
            let format = ImageFormat(pathExtension: old.result.format)
        else {
            throw Failure(
                .badData, "an unknown verb or format", at: receipt, do: "use a newer gesso")
        }
        let folder = file.standardizedFileURL.deletingLastPathComponent()
        let output = try place(for: old)
        let run = try EditRun(
            verb, old.recipe(for: verb, named: receipt), output,
            model: checkpoint(old, folder).map {
                ModelOnCall($0, tokenizers: try ModelShelf().tokenizers(tokenizer))
            },
            shelf: AddOnShelf(known: old.addOnPlaces(folder)),
            EditRun.Manner(quiet: quiet))
        let made = try run.make { try edit($0, verb, old, folder) }
        try output.write(made.data)
        try tell(
            try old.isSame(made, as: format, output),
            try old.drift(run) + old.addOnDrift(run, folder))
    }

    /// Where the picture goes; its quality is that of the first picture wherever it can have one.
    func place(for old: Receipt) throws -> Output {
        let place = try Output(output, format: nil, quality: nil, overwrites: overwrite)
        guard let quality = old.result.quality, place.format != .png else { return place }
        return try Output(output, format: nil, quality: quality, overwrites: overwrite)
    }

    func tell(_ identical: Bool, _ drift: [String]) throws {
        if json {
            try Console.result(
                JSON.text(Document(output: output, identical: identical, drift: drift)))
        } else {
            let verdict = identical ? "identical" : "not identical"
            try Console.result("\(verdict): \(output)".escapingControls())
            for line in drift { try Console.result("drifted: \(line)".escapingControls()) }
            if !identical, drift.isEmpty {
                try Console.result("drifted: nothing the receipt names; a library, perhaps")
            }
        }
        if !identical { throw PicturesDiffer() }
    }

    private func edit(
        _ run: EditRun, _ verb: Verb, _ old: Receipt, _ folder: URL
    ) throws -> EditRun.Prepared {
        let image =
            verb == .textToImage
            ? nil : try run.image(path(source, old.source, folder, flag: "--source"))
        return try run.prepared(image, masks: verb == .inpaint ? maskParts(old, folder) : [])
    }

    /// The masks of the receipt, the files among them in the place of those given.
    private func maskParts(_ old: Receipt, _ folder: URL) throws -> [MaskPart] {
        var given = masks[...]
        return try old.masks.map { part in
            if let spec = part.spec {
                return MaskPart(
                    spec: spec, source: try MaskSource(spec), subtracts: part.subtracts)
            }
            let path = try path(given.popFirst(), part.file, folder, flag: "--mask")
            return MaskPart(spec: path, source: .file(path), subtracts: part.subtracts)
        }
    }

    /// The path that is given, else the receipt's.
    func path(
        _ given: String?, _ recorded: Receipt.File?, _ folder: URL, flag: String
    ) throws -> String {
        if let given { return given }
        guard let path = recorded?.path else {
            throw Failure(
                .usage, "it was standard input", at: flag, do: "give the file with \(flag)")
        }
        return Self.path(path, from: folder)
    }

    func checkpoint(_ old: Receipt, _ folder: URL) throws -> URL? {
        guard let recorded = old.model else { return nil }
        if let model { return try ModelShelf().model(model) }
        let path = Self.path(recorded.path, from: folder)
        return FileManager.default.fileExists(atPath: path)
            ? URL(filePath: path) : try ModelShelf().model(recorded.name)
    }

    /// A path of a receipt in a folder.
    static func path(_ path: String, from folder: URL) -> String {
        path.hasPrefix("/")
            ? path
            : folder.resolvingSymlinksInPath().appending(path: path).standardizedFileURL
                .path(percentEncoded: false)
    }
}

extension Receipt {
    /// Whether a picture that was made has the very pixels, compared in the format of the first one
    /// whatever its own.
    func isSame(_ made: EditRun.Made, as format: ImageFormat, _ output: Output) throws -> Bool {
        guard output.format != format else { return isSame(made.written) }
        return isSame(
            try Image(
                decoding: made.picture.encoded(as: format, quality: result.quality),
                name: output.path))
    }

    /// Whether a picture has the very pixels.
    func isSame(_ image: Image) -> Bool {
        image.width == result.width && image.height == result.height
            && image.channels == result.channels && image.depth == result.depth
            && Digest.of(pixels: image) == result.pixelsSha256
    }

    /// Where the add-ons of single files lay, by key and name, so far as they still do.
    func addOnPlaces(_ folder: URL) -> [String: URL] {
        let places = (addOns ?? []).compactMap { addOn -> (String, URL)? in
            guard addOn.files.count == 1, let path = addOn.files[0].path else { return nil }
            let place = ReplayCommand.path(path, from: folder)
            guard FileManager.default.fileExists(atPath: place) else { return nil }
            return ("\(addOn.key):\(addOn.name)", URL(filePath: place))
        }
        return Dictionary(places) { first, _ in first }
    }

    /// The add-ons that are not what they were, a line each.
    func addOnDrift(_ run: EditRun, _ folder: URL) throws -> [String] {
        addOnDrift(try run.addOns.map { try AddOn($0, in: folder) })
    }

    /// - Parameter now: the add-ons that there are now.
    func addOnDrift(_ now: [AddOn]) -> [String] {
        (addOns ?? []).compactMap { old in
            let found = now.first { $0.key == old.key && $0.name == old.name }
            return found?.files.map(\.sha256) == old.files.map(\.sha256)
                ? nil : "the \(old.key) \(old.name) is another file, or gone"
        }
    }

    /// What of a run is not as the receipt has it, a line each.
    func drift(_ run: EditRun) throws -> [String] {
        var drift: [String] = []
        let pairs =
            [("the source", source, run.inputs.source)]
            + zip(masks, run.inputs.masks).map { ("the mask", $0.file, $1.file) }
        for (what, old, now) in pairs where old?.sha256 != now?.sha256 {
            drift.append("\(what) is another file: sha256 \(now?.sha256 ?? "none")")
        }
        return try drift + machineDrift(run.model)
    }

    /// What of a model and the program is not as the receipt has it, a line each.
    func machineDrift(_ now: ModelOnCall?) throws -> [String] {
        var drift: [String] = []
        let files = try now?.files() ?? []
        let known = model?.files ?? []
        for file in known where !files.contains(file) {
            drift.append("the model's \(file.path ?? "") is another file, or gone")
        }
        for file in files where !known.contains(where: { $0.path == file.path }) {
            drift.append("the model's \(file.path ?? "") is new")
        }
        if version != Gesso.version {
            drift.append("the version is \(Gesso.version), was \(version)")
        }
        if kernels != Editor.instructionSet {
            drift.append("the instruction set is \(Editor.instructionSet), was \(kernels)")
        }
        return drift
    }
}
