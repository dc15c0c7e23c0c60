import ArgumentParser
import Foundation
import Gesso

/// The codes that the process ends with (sysexits.h, and 128 + signal).
enum ExitStatus: Int32 {
    case success = 0
    case different = 1
    case someFailed = 3
    case usage = 64
    case badData = 65
    case cannotRead = 66
    case wrongModel = 69
    case unexpected = 70
    case cannotCreate = 73
    case inputOutput = 74
    case resources = 75
    case refused = 77
    case hangup = 129
    case interrupted = 130
    case terminated = 143
}

extension ExitStatus {
    /// THE list of what the process ends with for a class of error.
    init(_ kind: GessoError.Kind) {
        self =
            switch kind {
            case .usage: .usage
            case .badData: .badData
            case .cannotRead: .cannotRead
            case .wrongModel: .wrongModel
            case .cannotCreate: .cannotCreate
            case .inputOutput: .inputOutput
            case .resources: .resources
            case .refused: .refused
            case .unexpected: .unexpected
            }
    }
}

/// Thrown when all went well and the answer, already printed, is not the one that was hoped for: it only
/// sets the code.
enum Verdict: Error {
    /// Pictures differ.
    case different
    /// Something is broken.
    case unhealthy
    /// Some pictures could not be made.
    case someFailed

    var status: ExitStatus {
        switch self {
        case .different, .unhealthy: .different
        case .someFailed: .someFailed
        }
    }
}

/// Why the tool gives up: a code, and what, where, what to do.
struct Failure: Error {
    let status: ExitStatus
    let text: String

    init(_ status: ExitStatus, _ what: String, at place: String, do remedy: String) {
        self.init(status, "\(what): \(place): \(remedy)")
    }

    private init(_ status: ExitStatus, _ text: String) {
        self.status = status
        self.text = text
    }

    /// Any error as a failure of `command`.
    init(_ error: any Error, in command: String?) {
        if let failure = error as? Failure {
            self = failure
        } else if error is CancellationError {
            self = Interruption.failure
        } else if GessoCommand.exitCode(for: error) == .validationFailure {
            self.init(.usage, Failure.words(GessoCommand.message(for: error), in: command))
        } else {
            let error = GessoError(error)
            let remedy =
                error.kind == .unexpected && error.remedy == nil
                ? ": \(command ?? "gesso"): please report it" : ""
            self.init(ExitStatus(error.kind), error.text(\.inFlags) + remedy)
        }
    }

    /// The parser's message in the form of the others.
    private static func words(_ message: String, in command: String?) -> String {
        let place = command.flatMap { $0.hasPrefix("-") ? nil : $0 }
        let parts = message.split(separator: ". Did you mean ", maxSplits: 1)
        let what = parts.first.map { $0.prefix(1).lowercased() + $0.dropFirst() } ?? message
        let remedy =
            parts.count > 1
            ? "did you mean \(parts[1])"
            : "see `gesso \(place.map { $0 + " " } ?? "")--help`"
        return "\(what): \(place ?? "gesso"): \(remedy)"
    }

    /// One line of at most 200 characters without control characters.
    var message: String { ("gesso: " + text).asLine() }

    /// The failure as JSON, for `--json`.
    func document() throws -> String {
        try JSON.text(ErrorDocument(exitCode: status.rawValue, message: text))
    }

    private struct ErrorDocument: Encodable {
        let schema = "gesso.error/1"
        let exitCode: Int32
        let message: String
    }
}

extension String {
    /// The text as one line of at most 240 characters; what is too much goes out of the middle.
    func asLine() -> String {
        let line = escapingControls()
        guard line.count > 240 else { return line }
        return line.prefix(150) + "…" + line.suffix(89)
    }
}

extension ExitStatus {
    init(_ error: FileError) {
        switch error {
        case .unreadable: self = .cannotRead
        case .outputExists, .cannotCreate: self = .cannotCreate
        case .writeFailed: self = .inputOutput
        }
    }
}
