import Foundation
import Imaging

/// The built tool, run as a process in a folder of its own.
struct Tool {
    /// The folder that the tool runs in.
    let folder: URL
    /// Added to an otherwise almost empty environment.
    var environment: [String: String] = [:]
    /// The program; a copy of it elsewhere does not find the models of the source tree.
    var program = Tool.executable

    /// What came of a run.
    struct Outcome {
        let status: Int32
        let output: Data
        let errors: String

        var text: String { String(decoding: output, as: UTF8.self) }
        var errorLines: [Substring] { errors.split(separator: "\n") }
    }

    /// Runs `body` with a tool in a new folder, which is removed afterwards.
    static func inFolder(_ body: (Tool) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "gesso-" + UUID().uuidString, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(Tool(folder: folder.resolvingSymlinksInPath()))
    }

    /// Copies the program, by `cp`: what this process has open for writing is inherited by all that it starts meanwhile,
    /// and a program that is open for writing anywhere cannot be run.
    static func copyProgram(to place: URL) throws {
        let copying = try Process.run(
            URL(filePath: "/bin/cp"), arguments: [executable.path, place.path])
        copying.waitUntilExit()
        guard copying.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// A link in its folder, and the folders on the way to it.
    func link(_ name: String, to target: URL) throws {
        try makeFolder(of: name)
        try FileManager.default.createSymbolicLink(at: url(name), withDestinationURL: target)
    }

    /// A file in its folder, and the folders on the way to it.
    func write(_ name: String, _ text: String = "") throws {
        try makeFolder(of: name)
        try Data(text.utf8).write(to: url(name))
    }

    private func makeFolder(of name: String) throws {
        try FileManager.default.createDirectory(
            at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
    }

    /// Whether a model is found by a name.
    func finds(_ name: String) throws -> Bool {
        try self("model", "inspect", name).status == 0
    }

    func callAsFunction(_ arguments: String..., input: Data = Data()) throws -> Outcome {
        try run(arguments, input: input)
    }

    func run(_ arguments: [String], input: Data = Data()) throws -> Outcome {
        let running = try start(arguments, input: input)
        return try running.end()
    }

    func start(_ arguments: [String], input: Data = Data()) throws -> Running {
        let running = try Running(self, input: input)
        running.process.arguments = arguments
        try running.process.run()
        return running
    }

    /// Runs a line of the shell in the folder; `$0` in it is the tool.
    func shell(_ line: String) throws -> Outcome {
        let running = try Running(self, input: Data())
        running.process.executableURL = URL(filePath: "/bin/sh")
        running.process.arguments = ["-c", line, program.path]
        try running.process.run()
        return try running.end()
    }

    /// The names of the files in the folder.
    var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
    }

    func url(_ name: String) -> URL { folder.appending(path: name) }

    /// Writes a small picture into the folder.
    func draw(_ name: String, width: Int = 64, height: Int = 48, _ value: UInt16 = 90) throws {
        let image = Image(
            width: width, height: height, channels: 3,
            samples: (0..<width * height * 3).map { $0 % 7 == 0 ? 200 : value })
        let format = ImageFormat(pathExtension: url(name).pathExtension) ?? .png
        try image.encoded(as: format, quality: 90).write(to: url(name))
    }

    /// The tool is beside the test bundle.
    static var executable: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "gesso")
    }
}

/// The tool at work.
final class Running {
    let process = Process()
    private let streams: URL

    init(_ tool: Tool, input: Data) throws {
        streams = FileManager.default.temporaryDirectory
            .appending(path: "gesso-streams-" + UUID().uuidString, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: streams, withIntermediateDirectories: true)
        try input.write(to: streams.appending(path: "in"))
        for name in ["out", "err"] { try Data().write(to: streams.appending(path: name)) }
        process.executableURL = tool.program
        process.currentDirectoryURL = tool.folder
        process.environment = ["HOME": tool.folder.path, "PATH": "/usr/bin:/bin"]
            .merging(tool.environment) { _, added in added }
        process.standardInput = try FileHandle(forReadingFrom: streams.appending(path: "in"))
        process.standardOutput = try FileHandle(forWritingTo: streams.appending(path: "out"))
        process.standardError = try FileHandle(forWritingTo: streams.appending(path: "err"))
    }

    deinit { try? FileManager.default.removeItem(at: streams) }

    var errors: String {
        (try? String(contentsOf: streams.appending(path: "err"), encoding: .utf8)) ?? ""
    }

    /// Waits until the tool has said something, or is gone.
    func waitFor(_ text: String) {
        while process.isRunning, !errors.contains(text) { usleep(10_000) }
    }

    func end() throws -> Tool.Outcome {
        process.waitUntilExit()
        return Tool.Outcome(
            status: process.terminationReason == .exit
                ? process.terminationStatus : -process.terminationStatus,
            output: try Data(contentsOf: streams.appending(path: "out")), errors: errors)
    }
}
