import ArgumentParser
import Gesso
import Terminal

/// Where a picture goes that no model makes, and what is printed of it.
struct PictureOutputOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "File for the result, .png, .jpg, .webp, .avif or .tif; - is standard output.",
            valueName: "file"),
        completion: .file())
    var output: String

    @Flag(help: "Replace the output file if there is one.")
    var overwrite = false

    @Flag(help: "Print a JSON document.")
    var json = false

    @OptionGroup var messages: MessageOptions

    mutating func validate() throws {
        if json, output == "-" {
            throw ValidationError("--json and -o - would both write to standard output")
        }
    }

    /// Checks the place, makes the picture, writes it, and prints its path or what `document` says.
    func write(
        from paths: [String], _ picture: () throws -> Image,
        _ document: (_ path: String, _ image: Image) -> some Encodable
    ) throws {
        let target = try Output(output, format: nil, quality: nil, overwrites: overwrite)
        try Output.check(output, at: "-o", keeping: [Request(reading: paths)])
        let image = try picture()
        try target.write(image)
        if json { return try Console.result(JSON.text(document(target.path, image))) }
        if !target.isStandardOutput { try Console.result(target.path) }
    }
}
