import Foundation
import Synchronization
import Testing

/// A terminal that a tool is run in.
private final class Terminal {
    private let master: Int32
    private let slave: Int32
    private let seen = Received()

    private final class Received: Sendable {
        let bytes = Mutex(Data())
        let isDone = DispatchSemaphore(value: 0)
    }

    init(columns: UInt16 = 100, rows: UInt16 = 30) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // Linux' requests to unlock a terminal and to tell its number.
        var (lock, number) = (Int32(0), UInt32(0))
        guard master >= 0, ioctl(master, 0x4004_5431, &lock) == 0,
            ioctl(master, 0x8004_5430, &number) == 0
        else { throw CocoaError(.fileReadUnknown) }
        slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
    }

    /// Runs a tool with both its streams on the terminal and returns all that it drew.
    func run(_ tool: Tool, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = tool.program
        process.currentDirectoryURL = tool.folder
        process.environment = ["HOME": tool.folder.path, "PATH": "/usr/bin:/bin", "TERM": "xterm"]
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
        process.standardError = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
        try process.run()
        close(slave)
        let (master, seen) = (master, seen)
        Thread {
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while case let count = read(master, &buffer, buffer.count), count > 0 {
                seen.bytes.withLock { $0 += buffer[..<count] }
            }
            seen.isDone.signal()
        }.start()
        process.waitUntilExit()
        _ = seen.isDone.wait(timeout: .now() + 30)
        close(master)
        return String(decoding: seen.bytes.withLock { $0 }, as: UTF8.self)
    }
}

extension String {
    /// The lines as they are in the end: what was drawn over is gone.
    fileprivate var lastLines: [Substring] {
        replacing("\r\n", with: "\n").split(separator: "\n").map { line in
            line.ranges(of: "\u{1B}[K").last.map { line[$0.upperBound...] } ?? line
        }
    }
}

/// What people see on a terminal.
@Suite(.serialized) struct TerminalTests {
    @Test("results of a batch have lines of their own, and the bar shows steps")
    func batch() throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png")
            try tool.draw("b.png")
            let text = try Terminal().run(
                tool,
                [
                    "batch", "a.png", "b.png", "--output-dir", "out", "--prompt", "x", "--steps",
                    "4", "--strength", "1", "--scheduler", "ddim",
                ])
            let lines = text.lastLines
            #expect(lines.contains("out/a.png"), "\(lines)")
            #expect(lines.contains("out/b.png"), "\(lines)")
            #expect(!lines.contains { $0.contains("out/") && $0.contains("[") })
            #expect(text.contains("0/2, step 3/4"))
            #expect(text.contains("1/2, step 3/4"))
        }
    }

    @Test("each preview is drawn over the one before")
    func previews() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let text = try Terminal().run(
                tool,
                [
                    "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "4",
                    "--strength", "1", "--scheduler", "ddim", "--preview", "every:1",
                ])
            let pictures = text.ranges(of: "▀\u{1B}[0m\r\n").count
            let drawnOver = text.ranges(of: #/\u{1B}\[[0-9]+A\u{1B}\[J/#).count
            #expect(pictures > 0)
            #expect(drawnOver == 3)
        }
    }

    @Test("a document holds the notes that were printed")
    func notes() throws {
        struct Document: Decodable { let notes: [String] }
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            for more in [["--dry-run"], []] {
                let run = try tool.run(
                    [
                        "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--preset",
                        "watercolor", "--json",
                    ] + more)
                let printed = run.errorLines.filter { $0.hasPrefix("gesso: note: ") }
                    .map { String($0.dropFirst("gesso: note: ".count)) }
                let document = try JSONDecoder().decode(Document.self, from: run.output)
                #expect(!printed.isEmpty)
                #expect(document.notes == printed)
            }
        }
    }
}
