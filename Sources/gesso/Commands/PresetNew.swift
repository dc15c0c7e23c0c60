import ArgumentParser
import Foundation
import Gesso
import Terminal

extension PresetCommand {
    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the form of recipe files as a JSON Schema, for editors.",
            usage: "gesso preset schema [<options>]",
            discussion: """
                Example:
                  gesso preset schema > ~/.config/gesso/recipe.schema.json

                An editor with a YAML language server then knows the keys of a file that
                begins with `# yaml-language-server: $schema=` and the schema's path.
                """)

        @OptionGroup var messages: MessageOptions

        func run() throws {
            try Console.result(JSON.text(RecipeSchema.document))
        }
    }

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a preset from the settings that a picture was made with.",
            usage: "gesso preset new <name> --from <file> [<options>]",
            discussion: """
                Examples:
                  gesso preset new dusk --from painted.png
                  gesso preset new dusk --from painted.json -o dusk.yaml

                The file is a picture with settings in it, other programs' included, a text
                of such settings, or a receipt. The preset is written to your own ones, in
                ~/.config/gesso/presets. Settings that have their default are left out, and
                the seed is a comment.
                """)

        @Argument(help: "The name of the preset.")
        var name: String

        @Option(
            help: ArgumentHelp("A picture, a text of settings, or a receipt.", valueName: "file"),
            completion: .file())
        var from: String

        @Option(
            name: .shortAndLong,
            help: ArgumentHelp(
                "File to write, instead of one among your presets.", valueName: "file"),
            completion: .file(extensions: ["yaml"]))
        var output: String?

        @Flag(help: "Replace the file if there is one.")
        var overwrite = false

        @OptionGroup var messages: MessageOptions

        mutating func validate() throws {
            let isName =
                !name.isEmpty && !name.hasPrefix(".")
                && name.allSatisfy { $0.isLetter || $0.isNumber || "_-.".contains($0) }
            if !isName {
                throw ValidationError(
                    "'\(name.prefix(40))' is no name: take letters, digits, - and _")
            }
            if output == "-" || from == "-" {
                throw ValidationError("a preset is made of a file, and is one")
            }
        }

        func run() throws {
            let sections = try sections()
            for what in sections.flatMap(\.leftOut) {
                Console.line("gesso: note: left out: \(what)".asLine())
            }
            for note in sections.flatMap(\.notes) { Console.line("gesso: note: \(note)".asLine()) }
            let text = RecipeWriter.text(
                "the settings of " + URL(filePath: from).lastPathComponent, sections)
            let file = try place()
            try check(text, file)
            do {
                try writeAtomically(Data(text.utf8), to: file, overwrite: overwrite)
            } catch FileError.outputExists {
                throw Failure(
                    .cannotCreate, "the preset exists", at: file.relativePath,
                    do: "give another name or --overwrite")
            }
            if output == nil, try PresetShelf.shipped().contains(where: { $0.name == name }) {
                Console.line("gesso: note: a shipped preset is called \(name), too: yours is used")
            }
            try Console.result(file.relativePath)
        }

        /// What the file says, a picture or a receipt.
        private func sections() throws -> [RecipeWriter.Section] {
            let url = try FilePath.file(from, orFailWith: .cannotRead)
            if PictureSettings.isReceipt(file: from) {
                return try Receipt(contentsOf: url, named: from).sections
            }
            return [RecipeWriter.Section(try PictureSettings(inFile: from))]
        }

        /// The value that is refused is in the file that was read; none was written.
        private func check(_ text: String, _ file: URL) throws {
            do {
                _ = try Preset(Array(text.utf8), path: file.relativePath)
            } catch {
                guard case .badValue(let key, let value, _, let expected) = error else {
                    throw error
                }
                throw RecipeError.badValue(
                    key: key, value: value, at: .argument(from), expected: expected)
            }
        }

        private func place() throws -> URL {
            if let output { return try FilePath.file(output, orFailWith: .cannotCreate) }
            let shelf = Workplace.library.places.presets
            guard let folder = shelf.folder else {
                throw Failure(.cannotCreate, "no home for presets", at: "preset new", do: "give -o")
            }
            try? FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            return URL(filePath: folder + "/" + name + ".yaml")
        }
    }
}

extension Receipt {
    /// What it says of its edits, as a recipe has it.
    fileprivate var sections: [RecipeWriter.Section] {
        request.edits.map { edit in
            RecipeWriter.Section(
                edit.verb, edit.recipe.values(for: edit.verb).compactMapValues { $0 })
        }
    }
}
