import ArgumentParser
import Foundation
import Gesso
import Terminal

struct PresetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preset",
        abstract: "List, show, validate and make presets, which are settings under a name.",
        discussion: """
            Examples:
              gesso preset list
              gesso preset show watercolor > ~/.config/gesso/presets/mine.yaml
              gesso preset new mine --from painted.png
              gesso preset validate mine.yaml

            A preset is a file of settings, one `key: value` a line. {prompt} in its
            prompt is replaced by the text of --prompt; a prompt without {prompt} is
            replaced by --prompt as a whole. Your own presets are found by name in
            $XDG_CONFIG_HOME/gesso/presets (~/.config/gesso/presets), and anywhere by
            path.
            """,
        subcommands: [
            List.self, Show.self, Validate.self, Keys.self, New.self, Schema.self,
        ])

    private static var shelf: PresetShelf {
        Workplace.library.places.presets
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the presets that are found by name.",
            usage: "gesso preset list [<options>]",
            discussion: """
                Examples:
                  gesso preset list
                  gesso preset list --json
                """)

        @Flag(help: "Print a JSON document.")
        var json = false

        @OptionGroup var messages: MessageOptions

        func run() throws {
            let (presets, broken) = try PresetCommand.shelf.all()
            for error in broken { Console.line("gesso: note: \(error)".asLine()) }
            try Console.result(PresetsDocument(presets), isJSON: json)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a preset's file, which is a good start for your own.",
            usage: "gesso preset show <name> [<options>]",
            discussion: """
                Examples:
                  gesso preset show watercolor
                  gesso preset show watercolor > mine.yaml
                """)

        @Argument(
            help: "Name of a preset, or path of a file.", completion: CompletionValues.presets)
        var name: String

        @OptionGroup var messages: MessageOptions

        @Flag(help: "Print a JSON document.")
        var json = false

        private struct Document: Encodable {
            let schema = "gesso.preset/1"
            let name: String
            let verbs: [String]
            let description: String
            let settings: [String: String]
            let text: String
        }

        func run() throws {
            let preset = try PresetCommand.shelf.preset(name)
            let text = preset.text
            if json {
                let settings = preset.settings.map { ($0.key, $0.value) }
                return try Console.result(
                    JSON.text(
                        Document(
                            name: preset.name, verbs: preset.verbs.map(\.rawValue),
                            description: preset.summary,
                            settings: Dictionary(settings, uniquingKeysWith: { $1 }),
                            text: text)))
            }
            try Console.result(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        }
    }

    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check recipe files.",
            usage: "gesso preset validate <files> ... [<options>]",
            discussion: """
                Example:
                  gesso preset validate mine.yaml recipes/*.yaml

                The first error is printed with its line and column.
                """)

        @Argument(help: "The files.", completion: .file(extensions: ["yaml"]))
        var files: [String]

        @Flag(help: "Print a JSON document.")
        var json = false

        @OptionGroup var messages: MessageOptions

        private struct Document: Encodable {
            let schema = "gesso.validation/1"
            let valid: [String]
        }

        func run() throws {
            for file in files {
                let isPath = file.contains("/") || file.hasSuffix(".yaml") || file.hasSuffix(".yml")
                _ = try PresetCommand.shelf.preset(isPath ? file : "./" + file)
                if !json { try Console.result("\(file): ok".escapingControls()) }
            }
            if json { try Console.result(JSON.text(Document(valid: files))) }
        }
    }

    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all keys of recipes and of --set, with what they take.",
            usage: "gesso preset keys [<options>]",
            discussion: """
                Examples:
                  gesso preset keys
                  gesso img2img photo.jpg -o new.png --prompt x --set eta=0.5
                """)

        @Flag(help: "Print a JSON document.")
        var json = false

        @OptionGroup var messages: MessageOptions

        func run() throws {
            try Console.result(KeysDocument(), isJSON: json)
        }
    }
}
