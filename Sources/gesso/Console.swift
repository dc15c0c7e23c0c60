import Foundation
import Gesso
import Synchronization

/// The two ways out: results on standard output, all else on standard error.
enum Console {
    /// Whether standard error is a terminal that can redraw a line.
    static let isLive =
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// A line of result: a path, a document, a help page.
    static func result(_ text: String) throws {
        try result(bytes: Array((text + "\n").utf8))
    }

    /// Bytes of a result.
    ///
    /// - Throws: `Failure` on a full disk, but not for a reader that has gone away: what it does not
    ///   want to read is dropped.
    static func result(bytes: some Collection<UInt8>) throws {
        guard let error = write(Array(bytes), to: STDOUT_FILENO), error != EPIPE else { return }
        throw Failure(
            .inputOutput, "cannot write: \(String(cString: strerror(error)))",
            at: "standard output", do: "redirect it elsewhere")
    }

    /// How messages are shown; set once, before a command runs.
    static var style: MessageStyle {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    private static let state = Mutex(MessageStyle())

    /// What kind of message a line is.
    enum Kind: String {
        case note, error
    }

    /// A line beside the result, which the log gets, too.
    ///
    /// - Parameter isQuiet: leaves it to the log.
    static func line(_ text: String, _ kind: Kind = .note, isQuiet: Bool = false) {
        let style = style
        if let log = style.log {
            let time = Date.now.formatted(.iso8601)
            let line =
                style.logFormat == .json
                ? Self.line(Message(event: kind.rawValue, message: text, time: time)) ?? text
                : "\(time) \(text)"
            try? log.write(contentsOf: Data((line + "\n").utf8))
        }
        if isQuiet { return }
        if style.isJSON {
            event(Message(event: kind.rawValue, message: text))
        } else {
            redraw((style.isColored ? colored(text, kind) : text) + "\n")
        }
    }

    private struct Message: Encodable {
        let schema = "gesso.event/1"
        let event: String
        let message: String
        var time: String?
    }

    /// A document on one line, beside the result.
    static func event(_ document: some Encodable) {
        guard let line = line(document) else { return }
        _ = write(Array((line + "\n").utf8), to: STDERR_FILENO)
    }

    /// A message as JSON; nil for numbers that JSON has no form for.
    private static func line(_ document: some Encodable) -> String? {
        try? JSON.line(document)
    }

    /// Errors in red, notes in yellow, the name of the tool in bold.
    private static func colored(_ text: String, _ kind: Kind) -> String {
        let (name, rest) = (text.prefix { $0 != ":" }, text.drop { $0 != ":" })
        let color = kind == .error ? "31" : rest.hasPrefix(": note:") ? "33" : "0"
        return "\u{1B}[1m\(name)\u{1B}[0m\u{1B}[\(color)m\(rest)\u{1B}[0m"
    }

    /// Draws over the line that was drawn before, on a terminal that can.
    static func redraw(_ text: String) {
        _ = write(Array(((isLive ? "\r\u{1B}[K" : "") + text).utf8), to: STDERR_FILENO)
    }

    /// Writes all bytes; gives the number of the error that ended it, if one did.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var output = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&output, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}

extension Console {
    /// A document, as JSON or a line for each thing.
    static func result(_ document: some PlainDocument, isJSON: Bool) throws {
        if isJSON { return try result(JSON.text(document)) }
        for line in document.lines { try result(line.escapingControls()) }
    }
}
