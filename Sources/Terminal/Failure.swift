import Foundation
import Gesso

/// Why a program gives up: a code, and what, where, what to do.
package struct Failure: Error {
    package let status: ExitStatus
    package let text: String

    package init(_ status: ExitStatus, _ what: String, at place: String, do remedy: String) {
        self.init(status, "\(what): \(place): \(remedy)")
    }

    /// - Parameter text: what, where, what to do, as one text.
    package init(_ status: ExitStatus, _ text: String) {
        self.status = status
        self.text = text
    }

    /// One line of at most 240 characters without control characters.
    package var message: String { ("gesso: " + text).asLine() }

    /// The failure as JSON, for `--json`.
    package func document() throws -> String {
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
    package func asLine() -> String {
        let line = escapingControls()
        // A letter may have marks without end.
        let scalars = line.unicodeScalars
        guard scalars.count > 240 else { return line }
        return String(scalars.prefix(150)) + "…" + String(scalars.suffix(89))
    }
}
