import ArgumentParser
import Terminal

extension ColorChoice: ExpressibleByArgument {}
extension ProgressForm: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}

/// What every command takes about its messages; `Console` has read them before the command runs.
struct MessageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Colour of messages (default: auto).", valueName: "when"),
        completion: .list(ColorChoice.allCases.map(\.rawValue)))
    var color: ColorChoice?

    @Option(
        help: ArgumentHelp("Add all messages to this file.", valueName: "file"),
        completion: .file())
    var logFile: String?

    @Option(
        help: ArgumentHelp(
            "Form of the log: text or json, a document a line (default: text).",
            valueName: "form"),
        completion: .list(LogFormat.allCases.map(\.rawValue)))
    var logFormat: LogFormat?
}

/// What commands with much work to do take about reporting it.
struct ProgressOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How progress is shown (default: auto); json prints one document per line, notes and errors too.",
            valueName: "form"),
        completion: .list(ProgressForm.allCases.map(\.rawValue)))
    var progress: ProgressForm?

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    @Flag(
        name: .shortAndLong, help: "Report the time of each stage; given twice, of each step, too.")
    var verbose: Int

    mutating func validate() throws {
        if quiet, verbose > 0 {
            throw ValidationError("--quiet and --verbose cannot both be given")
        }
    }
}

extension MessageStyle {
    /// The style that a command line asks for, read off it before it is parsed, for an error in that line is
    /// printed in the same style.
    ///
    /// - Throws: `Failure` with `cannotCreate` for a log that cannot be written.
    init(_ words: CommandLineWords, environment: [String: String]) throws {
        self.init()
        let choice = words.value(of: "color").flatMap(ColorChoice.init) ?? .auto
        isColored = Self.isColored(choice, environment)
        progress = words.value(of: "progress").flatMap(ProgressForm.init) ?? .auto
        verbosity = words.given.count { $0.name == "verbose" }
        logFormat = words.value(of: "log-format").flatMap(LogFormat.init) ?? .text
        log = try words.value(of: "log-file").map(Self.openLog)
    }
}
