import ArgumentParser
import Editing
import Files
import Foundation
import Imaging
import Recipes

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

/// Thrown when all went well and the answer, already told, is that pictures differ: it only sets the
/// code.
struct PicturesDiffer: Error {}

/// Thrown when a batch came to its end and some of its pictures could not be made, which has been
/// told: it only sets the code.
struct SomeFailed: Error {}

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
        switch error {
        case let failure as Failure: self = failure
        case let error as RecipeError: self.init(ExitStatus(error), "\(error)")
        case let error as FileError: self.init(ExitStatus(error), "\(error)")
        case ImagingError.sizesDiffer(
            "the mask", let width, let height, let expectedWidth, let expectedHeight):
            self.init(
                .badData, "the mask is \(width)x\(height), not \(expectedWidth)x\(expectedHeight)",
                at: "--mask", do: "give one of the picture's size, or --fit-mask")
        case let error as ImagingError:
            self.init(ExitStatus(rawValue: error.exitCode) ?? .unexpected, "\(error)")
        default:
            if let status = exitCode(of: error).flatMap(ExitStatus.init) {
                self.init(status, "\(error)")
            } else if Gesso.exitCode(for: error) == .validationFailure {
                self.init(.usage, Failure.words(Gesso.message(for: error), in: command))
            } else {
                self.init(.unexpected, "\(error)", at: command ?? "gesso", do: "please report it")
            }
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

    /// Whether another picture may do where this one could not be made.
    var isOfOnePicture: Bool {
        switch status {
        case .badData, .cannotRead, .usage, .resources, .unexpected, .refused: true
        default: false
        }
    }

    /// The reason, with the picture's name if it is not there already.
    func reason(of picture: String) -> String {
        text.contains(picture) ? text : "\(picture): \(text)"
    }

    /// The failure as JSON, for `--json`.
    var document: String {
        JSON.text(ErrorDocument(exitCode: status.rawValue, message: text))
    }

    private struct ErrorDocument: Encodable {
        let schema = "gesso.error/1"
        let exitCode: Int32
        let message: String
    }
}

extension String {
    /// The text as one line of at most 200 characters; what is too much goes out of the middle.
    func asLine() -> String {
        let line = escapingControls()
        guard line.count > 200 else { return line }
        return line.prefix(110) + "…" + line.suffix(89)
    }

    /// The text with every character that could move a terminal's cursor, or hide, spelt out.
    func escapingControls() -> String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate:
                text += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension ExitStatus {
    init(_ error: RecipeError) {
        switch error {
        case .unreadable: self = .cannotRead
        case .otherProgram: self = .badData
        default: self = .usage
        }
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
