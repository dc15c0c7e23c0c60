import ArgumentParser
import Foundation
import Gesso
import Terminal

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Look at what is set for good.",
        discussion: """
            Examples:
              gesso config show --origin
              GESSO_MODEL=stable-diffusion-v1-5 gesso img2img photo.jpg -o new.png --prompt x

            A flag goes before a GESSO_ variable, that before .gesso.yaml in the current folder
            or the nearest above it, and that before ~/.config/gesso/config.yaml (or
            $XDG_CONFIG_HOME/gesso/config.yaml). Files are lists of `key: value`.
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

        @Flag(help: "Say where each value comes from.")
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
