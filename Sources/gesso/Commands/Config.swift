import ArgumentParser
import Foundation
import Gesso
import Terminal

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show the configuration: defaults for a user or a project.",
        discussion: """
            Examples:
              gesso config show --origin
              GESSO_MODEL=sd15 gesso img2img photo.jpg -o new.png --prompt x

            A flag overrides a GESSO_ variable, which overrides .gesso.yaml in the
            current folder or the nearest folder above it, which overrides
            ~/.config/gesso/config.yaml (or $XDG_CONFIG_HOME/gesso/config.yaml). The
            files are lists of `key: value`.
            """,
        subcommands: [Show.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List every setting of the tool with its value.",
            usage: "gesso config show [--origin] [<options>]",
            discussion: """
                Example:
                  gesso config show --origin
                """)

        @Flag(help: "Show where each value comes from.")
        var origin = false

        @Flag(help: "Print a JSON document.")
        var json = false

        @OptionGroup var messages: MessageOptions

        private struct Document: Encodable {
            let schema = "gesso.config/1"
            let settings: [Entry]
        }

        private struct Entry: Encodable {
            let name: String
            let value: String
            let origin: String
            let variable: String
            let takes: String
            let help: String
        }

        func run() throws {
            let chosen = try Preferences().chosen
            let entries = Preference.all.map { preference in
                let choice = chosen.first { $0.preference.name == preference.name }?.choice
                return Entry(
                    name: preference.name, value: choice?.value ?? preference.standard,
                    origin: "\(choice?.origin ?? .standard)", variable: preference.variable,
                    takes: preference.expected, help: preference.help)
            }
            if json { return try Console.result(JSON.text(Document(settings: entries))) }
            for entry in entries {
                let line = "\(entry.name): \(entry.value)" + (origin ? "  (\(entry.origin))" : "")
                try Console.result(line.escapingControls())
            }
        }
    }
}
