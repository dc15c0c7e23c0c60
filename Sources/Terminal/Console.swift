import Foundation
package import Gesso
import Synchronization

/// The two ways out: results on standard output, all else on standard error.
package enum Console {
    /// Whether standard error is a terminal that can redraw a line.
    package static let isLive =
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// A line of result: a path, a document, a help page.
    package static func result(_ text: String) throws {
        try result(bytes: Array((text + "\n").utf8))
    }

    /// Bytes of a result.
    ///
    /// - Throws: `Failure` on a full disk, but not for a reader that has gone away: what it does not
    ///   want to read is dropped.
    package static func result(bytes: some Collection<UInt8>) throws {
        let bar = bar.withLock { $0 }
        // On one terminal a result takes the place of the bar, which then comes below it.
        if !bar.isEmpty, isShared { redraw("") }
        let error = write(Array(bytes), to: STDOUT_FILENO)
        if !bar.isEmpty, isShared { redraw(bar) }
        guard let error, error != EPIPE else { return }
        throw Failure(
            .inputOutput, "cannot write: \(String(cString: strerror(error)))",
            at: "standard output", do: "redirect it elsewhere")
    }

    /// Whether results go to the terminal that the bar is on.
    private static let isShared = isLive && isatty(STDOUT_FILENO) == 1

    /// The bar as it is shown; empty where there is none.
    private static let bar = Mutex("")

    /// Every note so far, without what precedes it, so that documents hold what was printed.
    package static var notes: [String] { noted.withLock { $0 } }

    private static let noted = Mutex<[String]>([])
    private static let noteMark = "gesso: note: "

    /// How messages are shown; set once, before a command runs.
    package static var style: MessageStyle {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    private static let state = Mutex(MessageStyle())

    /// What kind of message a line is.
    package enum Kind: String {
        case note, error
    }

    /// A line beside the result, which the log gets, too.
    ///
    /// - Parameter isQuiet: leaves it to the log.
    package static func line(_ text: String, _ kind: Kind = .note, isQuiet: Bool = false) {
        let style = style
        if text.hasPrefix(noteMark) {
            noted.withLock { $0.append(String(text.dropFirst(noteMark.count))) }
        }
        if let log = style.log {
            let time = Date.now.formatted(.iso8601)
            let line =
                style.logFormat == .json
                ? Self.line(Message(event: kind.rawValue, message: text, time: time)) ?? text
                : "\(time) \(text)"
            do {
                try log.write(contentsOf: Data((line + "\n").utf8))
            } catch {
                Self.style.log = nil
                Self.line(
                    noteMark + "the log cannot be written: --log-file: see that its disk has room",
                    .note)
            }
        }
        if isQuiet { return }
        if style.isJSON {
            event(Message(event: kind.rawValue, message: text))
        } else {
            let bar = bar.withLock { $0 }
            redraw((style.isColored ? colored(text, kind) : text) + "\n")
            if !bar.isEmpty { redraw(bar) }
        }
    }

    private struct Message: Encodable {
        let schema = "gesso.event/1"
        let event: String
        let message: String
        var time: String?
    }

    /// A document on one line, beside the result.
    package static func event(_ document: some Encodable) {
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

    /// Draws the bar over the one before; an empty text takes it away.
    package static func show(bar text: String) {
        bar.withLock { $0 = text }
        redraw(text)
    }

    /// Draws over the line that was drawn before, on a terminal that can.
    private static func redraw(_ text: String) {
        // What is below a picture moves it up, so that the next cannot take its place.
        if text.contains("\n") { pictureRows.withLock { $0 = 0 } }
        _ = write(Array(((isLive ? "\r\u{1B}[K" : "") + text).utf8), to: STDERR_FILENO)
    }

    /// How many lines the picture right above the bar has; 0 where there is none.
    private static let pictureRows = Mutex(0)

    /// Draws a picture above the bar, over the picture that was drawn before if nothing came between.
    ///
    /// - Parameter rows: how many lines of the terminal it takes.
    package static func show(picture text: String, rows: Int) {
        let above = pictureRows.withLock { $0 }
        let back = above > 0 ? "\r\u{1B}[\(above)A\u{1B}[J" : ""
        _ = write(Array(("\r\u{1B}[K" + back + text + "\n").utf8), to: STDERR_FILENO)
        pictureRows.withLock { $0 = rows }
        let bar = bar.withLock { $0 }
        if !bar.isEmpty { redraw(bar) }
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
    package static func result(_ document: some PlainDocument, isJSON: Bool) throws {
        if isJSON { return try result(JSON.text(document)) }
        for line in document.lines { try result(line.escapingControls()) }
    }
}
