import Foundation

/// A command's page for `man`, in roff's `man` macros, made from what the parser knows of it.
package struct ManualPage {
    /// The page.
    package let text: String

    /// - Parameter version: the tool's, at the foot of the page.
    package init(_ outline: CommandOutline, version: String) {
        var lines = [
            ".TH \(Self.quoted(outline.pageName.uppercased())) 1 \"\" "
                + Self.quoted("gesso " + version) + " \"Gesso Manual\"",
            ".SH NAME",
            Self.plain(outline.pageName) + " \\- " + Self.plain(outline.abstract ?? ""),
            ".SH SYNOPSIS",
        ]
        lines += Self.synopsis(outline)
        let (examples, prose) = Self.parts(outline.discussion ?? "")
        if !examples.isEmpty { lines += [".SH EXAMPLES", ".EX"] + examples + [".EE"] }
        if !prose.isEmpty { lines += [".SH DESCRIPTION"] + prose }
        let commands = outline.shown
        if !commands.isEmpty {
            lines.append(".SH COMMANDS")
            for command in commands {
                lines += Self.entry(
                    "\\fB\(Self.plain(command.commandName))\\fR", command.abstract ?? "")
            }
        }
        let arguments = (outline.arguments ?? []).filter(\.shouldDisplay)
        for (title, kinds) in [
            ("ARGUMENTS", [CommandOutline.Argument.Kind.positional]),
            ("OPTIONS", [.option, .flag]),
        ] {
            let entries = arguments.filter { kinds.contains($0.kind) }
            if entries.isEmpty { continue }
            lines.append(".SH " + title)
            for argument in entries {
                lines += Self.entry(Self.tag(argument), argument.abstract ?? "")
            }
        }
        lines += Self.neighbours(outline)
        text = lines.joined(separator: "\n")
    }

    private static func synopsis(_ outline: CommandOutline) -> [String] {
        var words = ["\\fB\(plain(outline.path))\\fR"]
        for argument in outline.arguments ?? [] where argument.shouldDisplay {
            guard argument.kind == .positional || !argument.isOptional else { continue }
            let name = tag(argument) + (argument.isRepeating ? " ..." : "")
            words.append(argument.isOptional ? "[" + name + "]" : name)
        }
        if outline.shown.isEmpty {
            words.append("[\\fIoptions\\fR]")
        } else {
            words.append("\\fIcommand\\fR")
        }
        return [words.joined(separator: " ")]
    }

    /// The examples at the top of a discussion, and its prose.
    private static func parts(_ discussion: String) -> (examples: [String], prose: [String]) {
        var (examples, prose): ([String], [String]) = ([], [])
        var isExample = false
        for line in discussion.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("Example") {
                isExample = true
            } else if isExample, line.hasPrefix("  ") {
                examples.append(plain(String(line.dropFirst(2))))
            } else if line.isEmpty {
                isExample = false
                if !prose.isEmpty { prose.append(".PP") }
            } else {
                prose.append(plain(String(line)))
            }
        }
        if prose.last == ".PP" { prose.removeLast() }
        return (examples, prose)
    }

    private static func tag(_ argument: CommandOutline.Argument) -> String {
        let value = "\\fI\(plain(argument.valueName ?? "value"))\\fR"
        guard argument.kind != .positional else { return value }
        let names = (argument.names ?? []).map { "\\fB\(plain("\($0)"))\\fR" }
        return names.joined(separator: ", ") + (argument.kind == .option ? " " + value : "")
    }

    private static func entry(_ tag: String, _ text: String) -> [String] {
        [".TP", tag, plain(text.isEmpty ? "See its own page." : text)]
    }

    /// The pages above and beside it.
    private static func neighbours(_ outline: CommandOutline) -> [String] {
        var names = outline.shown.map(\.pageName)
        if let above = outline.superCommands { names.insert(above.joined(separator: "-"), at: 0) }
        if names.isEmpty { return [] }
        return [".SH SEE ALSO", names.map { "\\fB\(plain($0))\\fR(1)" }.joined(separator: ", ")]
    }

    /// Text in which roff finds nothing of its own.
    private static func plain(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
            .replacing("\n", with: " ")
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }

    private static func quoted(_ text: String) -> String {
        "\"" + plain(text).replacing("\"", with: "\\(dq") + "\""
    }
}

extension CommandOutline {
    /// The name of its page: `gesso-preset-list`.
    package var pageName: String { path.replacing(" ", with: "-") }

    /// Its commands but for hidden ones and the parser's own `help`.
    package var shown: [CommandOutline] {
        (subcommands ?? []).filter { $0.shouldDisplay ?? true && $0.commandName != "help" }
    }

    /// Itself and all commands below.
    package var all: [CommandOutline] { [self] + shown.flatMap(\.all) }
}
