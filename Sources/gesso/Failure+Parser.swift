import ArgumentParser
import Foundation
import Gesso
import Terminal

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

extension Failure {
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
}
