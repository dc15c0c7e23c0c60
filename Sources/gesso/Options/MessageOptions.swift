import ArgumentParser

/// When messages are coloured.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, always, never
}

/// How progress is shown.
enum ProgressForm: String, CaseIterable, ExpressibleByArgument {
    case auto, bar, lines, json, none
}

/// How a log is written.
enum LogFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json
}

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

/// What commands with much work to do take about telling of it.
struct ProgressOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How progress is shown (default: auto); json prints one document per line, notes and errors too.",
            valueName: "form"),
        completion: .list(ProgressForm.allCases.map(\.rawValue)))
    var progress: ProgressForm?

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Tell the time each stage took; twice, each step's, too.")
    var verbose: Int

    mutating func validate() throws {
        if quiet, verbose > 0 {
            throw ValidationError("--quiet and --verbose cannot both be given")
        }
    }
}
