import ArgumentParser
import Foundation
import Recipes

struct PresetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preset",
        abstract: "Look at presets: settings under a name.",
        discussion: """
            Examples:
              gesso preset list
              gesso preset show watercolor > ~/.config/gesso/presets/mine.yaml
              gesso preset validate mine.yaml

            A preset is a file of settings, one `key: value` a line. Where its prompt holds
            {prompt}, the text of --prompt goes there; else --prompt takes its place.
            Your own are found by name in $XDG_CONFIG_HOME/gesso/presets
            (~/.config/gesso/presets), and anywhere by path.
            """,
        subcommands: [List.self, Show.self, Validate.self, Keys.self])

    private static var shelf: PresetShelf {
        PresetShelf(environment: ProcessInfo.processInfo.environment)
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the presets that can be named.")

        @Flag(help: "Print a JSON document.")
        var json = false

        private struct Document: Encodable {
            let schema = "gesso.presets/1"
            let presets: [Entry]

            struct Entry: Encodable {
                let name: String
                let verbs: [String]
                let description: String
            }
        }

        func run() throws {
            let (presets, broken) = try PresetCommand.shelf.all()
            for error in broken { Console.line("gesso: note: \(error)".asLine()) }
            if json {
                let entries = presets.map { name, preset in
                    Document.Entry(
                        name: name, verbs: preset.verbs.map(\.rawValue),
                        description: preset.summary)
                }
                return try Console.result(JSON.text(Document(presets: entries)))
            }
            let width = presets.map(\.name.count).max() ?? 0
            for (name, preset) in presets {
                let name = name + String(repeating: " ", count: width - name.count)
                let verbs = preset.verbs.map(\.rawValue).joined(separator: ", ")
                try Console.result("\(name)  \(preset.summary) (\(verbs))".escapingControls())
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a preset's file, a good start for one's own.")

        @Argument(
            help: "Name of a preset, or path of a file.", completion: CompletionValues.presets)
        var name: String

        @OptionGroup var messages: MessageOptions

        func run() throws {
            let text = try PresetCommand.shelf.preset(name).text
            try Console.result(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        }
    }

    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Check recipe files.")

        @Argument(help: "The files.", completion: .file(extensions: ["yaml"]))
        var files: [String]

        func run() throws {
            for file in files {
                let isPath = file.contains("/") || file.hasSuffix(".yaml") || file.hasSuffix(".yml")
                _ = try PresetCommand.shelf.preset(isPath ? file : "./" + file)
                try Console.result("\(file): ok".escapingControls())
            }
        }
    }

    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all keys of recipes and of --set, with what they take.")

        func run() throws {
            for key in Recipe.keys {
                let name = key.name.padding(toLength: 17, withPad: " ", startingAt: 0)
                try Console.result("\(name) \(key.help)")
                try Console.result(String(repeating: " ", count: 18) + key.expected)
            }
        }
    }
}
