package import ArgumentParser
import Gesso

extension Failure {
    /// Any error as a failure of `command`.
    ///
    /// - Parameter command: the words behind `gesso` that ask for its help.
    package init(_ error: any Error, in command: String?) {
        if let failure = error as? Failure {
            self = failure
        } else if error is CancellationError {
            self = Interruption.failure
        } else if NoArguments.exitCode(for: error) == .validationFailure {
            self.init(.usage, Failure.words(NoArguments.message(for: error), in: command))
        } else {
            let error = GessoError(error)
            let remedy =
                error.kind == .unexpected && error.remedy == nil
                ? ": \(command ?? "gesso"): please report it" : ""
            self.init(ExitStatus(error.kind), error.text(\.inFlags) + remedy)
        }
    }

    /// The parser's errors say themselves which command they are of.
    private struct NoArguments: ParsableArguments {}

    /// The parser's message in the form of the others.
    private static func words(_ message: String, in command: String?) -> String {
        let place = command.flatMap { $0.hasPrefix("-") ? nil : $0 }
        let parts = message.split(separator: ". Did you mean ", maxSplits: 1)
        var what = parts.first.map { $0.prefix(1).lowercased() + $0.dropFirst() } ?? message
        if what.hasSuffix(".") { what.removeLast() }
        let remedy =
            parts.count > 1
            ? "did you mean \(parts[1])"
            : "see `gesso \(place.map { $0 + " " } ?? "")--help`"
        return "\(what): \(place ?? "gesso"): \(remedy)"
    }
}

extension ParsableCommand {
    /// Prints what ended a command, or came in its place: help, the version, a completion script, or why it
    /// failed.
    ///
    /// - Parameters:
    ///   - command: the words behind `gesso` that ask for its help.
    ///   - printsJSON: whether a failure is a document, too.
    ///   - mended: what is printed in place of a command, as it is to be.
    /// - Returns: what the process ends with.
    package static func end(
        with error: any Error, in command: String?, printsJSON: Bool,
        _ mended: (String) -> String = { $0 }
    ) -> ExitStatus {
        var cause = error
        if exitCode(for: error) == .success {
            do {
                try Console.result(mended(fullMessage(for: error)))
                return .success
            } catch let unwritten {
                cause = unwritten
            }
        }
        let failure = Failure(cause, in: command)
        Console.line(failure.message, .error)
        if printsJSON { try? Console.result(failure.document()) }
        return failure.status
    }
}
