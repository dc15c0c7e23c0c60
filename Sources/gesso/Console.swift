import Foundation

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

    /// A line beside the result.
    static func line(_ text: String) {
        redraw(text + "\n")
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
