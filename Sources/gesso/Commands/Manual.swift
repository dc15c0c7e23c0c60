import ArgumentParser
import CommandReference
import Foundation
import Gesso
import Terminal

struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Write manual pages, for man.",
        usage: "gesso manual [<command> ...] [<options>]",
        discussion: """
            Examples:
              gesso manual inpaint | man -l -
              gesso manual --output-dir ~/.local/share/man/man1
            """)

    @Argument(help: "The command that the page is of (default: gesso itself).")
    var command: [String] = []

    @Option(
        help: ArgumentHelp("Write the pages of all commands into a folder.", valueName: "folder"),
        completion: .directory)
    var outputDir: String?

    @Flag(help: "Replace existing pages.")
    var overwrite = false

    @Flag(help: "Print a JSON document: all commands and what they take.")
    var json = false

    @Flag(help: "Print a Markdown page: all commands and their options.")
    var markdown = false

    @OptionGroup var messages: MessageOptions

    mutating func validate() throws {
        if !command.isEmpty, outputDir != nil {
            throw ValidationError("--output-dir writes all pages: name no command")
        }
        if json || markdown, outputDir != nil || !command.isEmpty {
            throw ValidationError("--json and --markdown are of all commands and write no pages")
        }
        if json, markdown { throw ValidationError("give either --json or --markdown") }
    }

    func run() throws {
        if json { return try Console.result(GessoCommand._dumpHelp()) }
        let root = try CommandOutline(of: GessoCommand.self)
        if markdown { return try Console.result(OptionsPage(root).text) }
        guard let outputDir else {
            return try Console.result(
                ManualPage(try outline(in: root), version: Program.version).text)
        }
        let folder = URL(filePath: FilePath.literal(outputDir), directoryHint: .isDirectory)
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let pages = root.all.map {
            (folder.appending(path: $0.pageName + ".1"), ManualPage($0, version: Program.version))
        }
        for (file, _) in pages where !overwrite && FileManager.default.fileExists(atPath: file.path)
        {
            throw Failure(
                .cannotCreate, "the page exists", at: file.path, do: "give --overwrite")
        }
        for (file, page) in pages {
            try Interruption.whileWriting {
                try writeAtomically(Data(page.text.utf8), to: file, overwrite: overwrite)
            }
            try Console.result(file.path(percentEncoded: false))
        }
    }

    private func outline(in root: CommandOutline) throws -> CommandOutline {
        try command.reduce(root) { outline, word in
            guard let next = outline.subcommands?.first(where: { $0.commandName == word }) else {
                throw Failure(
                    .usage, "unknown command '\(word.prefix(40))'", at: "manual",
                    do: "see `gesso --help`")
            }
            return next
        }
    }
}

extension CommandOutline {
    /// The parser's description of a command, which it gives by a function that is not public: the
    /// package's version is pinned for it.
    init(of command: any ParsableCommand.Type) throws {
        try self.init(description: command._dumpHelp())
    }
}
