package import Foundation
import Gesso

/// When messages are coloured.
package enum ColorChoice: String, CaseIterable, Sendable {
    case auto, always, never
}

/// How progress is shown.
package enum ProgressForm: String, CaseIterable, Sendable {
    case auto, bar, lines, json, none
}

/// How a log is written.
package enum LogFormat: String, CaseIterable, Sendable {
    case text, json
}

/// The form of messages, which a program chooses before it prints the first.
package struct MessageStyle {
    /// Whether messages are coloured.
    package var isColored = false
    /// Whether messages are JSON documents.
    package var isJSON: Bool { progress == .json }
    /// How progress is shown; `auto` leaves it to the terminal.
    package var progress = ProgressForm.auto
    /// 0, or how often `--verbose` is given.
    package var verbosity = 0
    /// Takes every message, if it is open.
    package var log: FileHandle?
    /// How it takes it.
    package var logFormat = LogFormat.text

    package init() {}

    /// `NO_COLOR` and `FORCE_COLOR` are common to all programs (no-color.org, force-color.org); without them
    /// colour is for terminals that have it.
    package static func isColored(
        _ choice: ColorChoice, _ environment: [String: String]
    ) -> Bool {
        switch choice {
        case .always: return true
        case .never: return false
        case .auto: break
        }
        if let no = environment["NO_COLOR"], !no.isEmpty { return false }
        if let force = environment["FORCE_COLOR"], !force.isEmpty { return force != "0" }
        return Console.isLive
    }

    /// Opens a log, to which messages are added.
    ///
    /// - Throws: `Failure` with `cannotCreate` for a log that cannot be written.
    package static func openLog(_ path: String) throws -> FileHandle {
        let file = try FilePath.file(path, orFailWith: .cannotCreate)
        guard ImageFormat(pathExtension: file.pathExtension) == nil else {
            throw Failure(
                .usage, "a log is no picture", at: path, do: "give another --log-file")
        }
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
