import Foundation

/// The page of all commands and their options in Markdown, made from the parser's own description.
package struct OptionsPage {
    /// The page.
    package let text: String

    package init(_ root: CommandOutline) {
        var lines = [
            "# Options", "", "Look up every command and every option.", "", "## Overview", "",
            "This page is generated (`gesso manual --markdown`).",
        ]
        let commands = root.all.filter { $0.shown.isEmpty }
        let common = Self.common(to: commands)
        for command in commands {
            lines += ["", "## \(command.path)", "", command.abstract ?? ""]
            let own = Self.shown(command).filter { !common.contains(Self.name($0)) }
            lines += Self.table(own)
        }
        lines += ["", "## Every command", "", "Options of every command."]
        lines += Self.table(
            Self.shown(commands[0]).filter { common.contains(Self.name($0)) })
        text = lines.joined(separator: "\n") + "\n"
    }

    private static func shown(_ command: CommandOutline) -> [CommandOutline.Argument] {
        (command.arguments ?? []).filter(\.shouldDisplay)
    }

    /// The names that all commands share, with the same explanation.
    private static func common(to commands: [CommandOutline]) -> Set<String> {
        let sets = commands.map { Set(shown($0).map(name)) }
        return sets.dropFirst().reduce(sets.first ?? []) { $0.intersection($1) }
    }

    private static func name(_ argument: CommandOutline.Argument) -> String {
        let value = argument.valueName ?? "value"
        guard argument.kind != .positional else { return "`<\(value)>`" }
        let names = (argument.names ?? []).map { "`\($0)`" }.joined(separator: ", ")
        let shown = value.replacing("|", with: "\\|")
        return names + (argument.kind == .option ? " *\(shown)*" : "")
    }

    private static func table(_ arguments: [CommandOutline.Argument]) -> [String] {
        guard !arguments.isEmpty else { return [] }
        return ["", "| Option | Effect |", "|---|---|"]
            + arguments.map { argument in
                let text = (argument.abstract ?? "").replacing("\n", with: " ")
                    .replacing("|", with: "\\|").replacing("<", with: "\\<")
                let value = argument.defaultValue.map { " (default: \($0))" } ?? ""
                let repeats =
                    argument.isRepeating && argument.kind != .positional
                    && !text.lowercased().contains("repeat")
                return "| \(name(argument)) | \(text)\(value)\(repeats ? " Repeatable." : "") |"
            }
    }
}
