import ArgumentParser
import Foundation
import Gesso
import Terminal

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "List, download, inspect and convert checkpoints.",
        discussion: """
            Examples:
              gesso model list --available
              gesso model get sd15
              gesso model inspect sd15
              gesso model convert sd15 -o sd15-f16.safetensors --type f16
            """,
        subcommands: [List.self, Get.self, Inspect.self, Convert.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the models and add-ons that are found.",
            usage: "gesso model list [<options>]",
            discussion: """
                Examples:
                  gesso model list
                  gesso model list --available

                Shows each model with its family, size and what it is good for, or why it
                cannot be loaded. --json prints a document of schema gesso.models/1.
                """)

        @Flag(help: "List the models that can be downloaded by name, too.")
        var available = false

        @Flag(help: "Print a JSON document.")
        var json = false

        @OptionGroup var messages: MessageOptions

        func run() throws {
            for fault in Workplace.library.folderFaults {
                Console.line("gesso: note: \(fault)".asLine())
            }
            if let fault = Workplace.library.modelPathsFault {
                let words = GessoError(fault).text(\.inFlags)
                Console.line("gesso: note: its folders are left out: \(words)".asLine())
            }
            let document = ModelListDocument(
                of: Workplace.library, showsAvailable: available,
                words: { GessoError($0).text(\.inFlags) })
            if json { return try Console.result(JSON.text(document)) }
            for line in document.lines { try Console.result(line.escapingControls()) }
        }
    }

    /// Starts `gesso-hub`, which is a program of its own so that the tool is built without a web client.
    struct Get: ParsableCommand {
        static let configuration = DownloadOptions.configuration("get")

        @OptionGroup var options: DownloadOptions

        func run() throws {
            throw SisterProgram("gesso-hub").become(Workplace.words, Workplace.environment)
        }
    }

    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a checkpoint is and contains.",
            usage: "gesso model inspect [<model>] [<options>]",
            discussion: """
                Examples:
                  gesso model inspect sd15
                  gesso model inspect model.safetensors --size 768x512 --hash

                Lists what is missing or left over in each network, which tensors contain
                NaN, and the memory a picture needs. LoRAs, embeddings, VAEs and other files
                of weights are recognised. --json prints a document of schema gesso.model/1.
                """)

        @Argument(
            help: ArgumentHelp(
                "Folder in diffusers layout or .safetensors file, its name in $GESSO_MODELS, or "
                    + "org/name in the Hugging Face cache."),
            completion: .file())
        var model: String?

        @Option(
            help: ArgumentHelp(
                "Size of the picture to estimate the memory for (default: the model's).",
                valueName: "WxH"))
        var size: String?

        @Flag(help: "Show the SHA-256 of each file, and AUTOMATIC1111's short hashes.")
        var hash = false

        @Flag(help: "Print a JSON document.")
        var json = false

        @OptionGroup var messages: MessageOptions

        func run() throws {
            let url = try Workplace.library.checkpoint(model ?? Workplace.model)
            let size = try size.map(Self.sides)
            let path = url.path(percentEncoded: false)
            let document: ModelDocument
            if let other = try OtherFile(url) {
                let files =
                    hash ? [try HashedFile(other.url, named: other.url.lastPathComponent)] : nil
                document = ModelDocument(other, path: path, files: files)
            } else {
                let model = try ModelInspection(url, size: size)
                let files =
                    hash ? try Model.files(of: url).map { try HashedFile($1, named: $0) } : nil
                document = ModelDocument(model, path: path, files: files)
            }
            if json { return try Console.result(JSON.text(document)) }
            for line in document.lines { try Console.result(line.escapingControls()) }
        }

        private static func sides(_ text: String) throws -> (width: Int, height: Int) {
            let parts = text.split(separator: "x", omittingEmptySubsequences: false)
            let sides = parts.compactMap { Int($0) }
            guard parts.count == 2, sides.count == 2,
                sides.allSatisfy({ (8...4096).contains($0) })
            else {
                throw Failure(
                    .usage, "size is '\(text.prefix(20))'", at: "--size",
                    do: "give WIDTHxHEIGHT, each from 8 to 4096")
            }
            return (sides[0], sides[1])
        }
    }

    struct Convert: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a checkpoint as a folder or a single file, in f32, f16 or bf16.",
            usage: "gesso model convert <model> --output <file or folder> [<options>]",
            discussion: """
                Examples:
                  gesso model convert sd15.safetensors -o sd15
                  gesso model convert sd15 -o sd15-f16.safetensors --type f16

                Tensors that keep their type keep their bytes. Averages of training and
                other tensors that belong to no part of the model are copied from file to
                file; a folder has no place for them, so they are left out and reported. A
                single file contains the folder's configurations in its metadata
                (gesso.unet, …), which Gesso reads back. --json prints a document of schema
                gesso.conversion/1.
                """)

        @Argument(help: "The checkpoint, as for --model.", completion: .file())
        var model: String

        @Option(
            name: .shortAndLong,
            help: ArgumentHelp(
                "A single file if it ends in .safetensors, else a folder; never overwritten.",
                valueName: "file or folder"),
            completion: .file())
        var output: String

        @Option(
            help: ArgumentHelp(
                "Type of the numbers: f32, f16 or bf16 (default: unchanged).",
                valueName: "name"),
            completion: .list(["f32", "f16", "bf16"]))
        var type: String?

        @Option(
            help: ArgumentHelp(
                "Folder of the tokenizer, for a folder (default: the checkpoint's, else CLIP's).",
                valueName: "folder"), completion: .directory)
        var tokenizer: String?

        @Flag(help: "Print a JSON document.")
        var json = false

        @Flag(name: .shortAndLong, help: "Print errors and the result only.")
        var quiet = false

        @OptionGroup var messages: MessageOptions

        mutating func validate() throws {
            if let type, !["f32", "f16", "bf16"].contains(type) {
                throw ValidationError("--type is \(type.prefix(20)), not f32, f16 or bf16")
            }
            if output.isEmpty || output == "-" {
                throw ValidationError("-o takes a file or a folder only")
            }
        }

        private struct Document: Encodable {
            let schema = "gesso.conversion/1"
            let output: String
            let tensors: Int
            let cast: Int
            let leftOut: [String]
        }

        func run() throws {
            let library = Workplace.library
            let report = try Model.convert(
                library.checkpoint(model), to: URL(filePath: FilePath.literal(output)),
                as: type?.uppercased(), tokenizers: library.tokenizers(tokenizer),
                checkpoint: Interruption.check)
            if json {
                return try Console.result(
                    JSON.text(
                        Document(
                            output: output, tensors: report.tensors, cast: report.cast,
                            leftOut: report.leftOut)))
            }
            if !quiet {
                Console.line("gesso: \(report.tensors) tensors written, \(report.cast) cast")
                if let first = report.leftOut.first {
                    Console.line(
                        "gesso: note: \(report.leftOut.count) left out, first \(first)".asLine())
                }
            }
            try Console.result(output)
        }
    }
}
