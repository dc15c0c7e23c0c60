import Foundation
import Gesso

/// How the tool talks: read off the command line before anything else, since an error in that line
/// is printed in the same manner.
struct MessageStyle {
    /// Whether messages are coloured.
    var isColored = false
    /// Whether messages are JSON documents.
    var isJSON = false
    /// How progress is shown; nil leaves it to the terminal.
    var progress = ProgressForm.auto
    /// 0, or how often `--verbose` is given.
    var verbosity = 0
    /// Takes every message, if it is open.
    var log: FileHandle?
    /// How it takes it.
    var logFormat = LogFormat.text

    init() {}

    /// - Throws: `Failure` with `cannotCreate` for a log that cannot be written.
    init(_ words: CommandLineWords, environment: [String: String]) throws {
        let choice = words.value(of: "color").flatMap(ColorChoice.init) ?? .auto
        isColored = Self.isColored(choice, environment)
        progress = words.value(of: "progress").flatMap(ProgressForm.init) ?? .auto
        isJSON = progress == .json
        verbosity = words.given.count { $0.name == "verbose" }
        logFormat = words.value(of: "log-format").flatMap(LogFormat.init) ?? .text
        log = try words.value(of: "log-file").map(Self.open)
    }

    /// `NO_COLOR` and `FORCE_COLOR` say it for all tools (no-color.org, force-color.org); else colour is
    /// for terminals that have it.
    static func isColored(_ choice: ColorChoice, _ environment: [String: String]) -> Bool {
        switch choice {
        case .always: return true
        case .never: return false
        case .auto: break
        }
        if let no = environment["NO_COLOR"], !no.isEmpty { return false }
        if let force = environment["FORCE_COLOR"], !force.isEmpty { return force != "0" }
        return Console.isLive
    }

    private static func open(_ path: String) throws -> FileHandle {
        let file = try FilePath.file(path, orFailWith: .cannotCreate)
        let descriptor = Foundation.open(
            file.path(percentEncoded: false), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Failure(
                .cannotCreate, "cannot open the log: \(String(cString: strerror(errno)))",
                at: path, do: "give another --log-file")
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}
