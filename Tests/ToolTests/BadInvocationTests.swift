import Foundation
import Testing

/// `Fixtures/Snapshots/errors.txt` is a transcript: a line `$ gesso …` and what comes of it. A new case
/// is a new such line, recorded with `GESSO_RECORD=1`.
@Suite struct BadInvocationTests {
    @Test func eachErrorIsOneLineAndLeavesNothing() throws {
        let transcript = try String(contentsOf: Snapshot.url("errors.txt"), encoding: .utf8)
        let commands = transcript.split(separator: "\n").filter { $0.hasPrefix("$ gesso") }
        #expect(commands.count > 40)
        try Tool.inFolder { tool in
            try furnish(tool)
            let before = try tool.files
            var played = ""
            for command in commands {
                let outcome = try tool.run(words(command.dropFirst("$ gesso".count)))
                #expect(outcome.status != 0, "\(command)")
                #expect(outcome.output.isEmpty || command.contains("--json"), "\(command)")
                #expect(outcome.errorLines.count == 1, "\(command)")
                #expect(outcome.errors.count <= 241, "\(command)")
                #expect(outcome.errors.hasPrefix("gesso: "), "\(command)")
                #expect(try tool.files == before, "\(command)")
                let errors = outcome.errors.replacing(tool.folder.path, with: "DIR")
                played += "\(command)\n\(errors)= \(outcome.status)\n\n"
            }
            #expect(try played == Snapshot.recorded("errors.txt", played))
        }
    }

    /// The files that the transcript speaks of.
    private func furnish(_ tool: Tool) throws {
        try tool.draw("in.png")
        try tool.draw("mask.png", 255)
        try tool.draw("small-mask.png", width: 8, height: 8, 255)
        try tool.draw("there.png")
        try Data(contentsOf: tool.url("in.png")).prefix(100).write(to: tool.url("cut.png"))
        try Data("%PDF-1.7, so it says".utf8).write(to: tool.url("pdf.png"))
        try Data().write(to: tool.url("empty.png"))
        try Data("{\"schema\": \"gesso.receipt/3\"}".utf8).write(to: tool.url("new.json"))
        try Data("prompt: x\nstrength: 2\n".utf8).write(to: tool.url("bad.yaml"))
        try FileManager.default.createDirectory(
            at: tool.url("folder.png"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            at: tool.url("empty-model"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: tool.url("dangling.png").path, withDestinationPath: "nowhere")
        #expect(mkfifo(tool.url("pipe.png").path, 0o600) == 0)
    }

    /// Words as a shell splits them, with double quotes and nothing else.
    private func words(_ line: Substring) -> [String] {
        line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().flatMap {
            index, part in
            index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
        }
    }

    @Test func textThatIsNotUTF8IsRefused() throws {
        try Tool.inFolder { tool in
            // Process takes strings only, so a shell makes the bad byte.
            let run = try tool.shell("\"$0\" txt2img -o out.png --prompt \"$(printf '\\377')\"")
            #expect(run.status == 64)
            #expect(run.errors == "gesso: argument 5 is not UTF-8: gesso: give text in UTF-8\n")
            #expect(try tool.files.isEmpty)
        }
    }

    @Test func errorsComeAsJSONToo() throws {
        struct Document: Decodable {
            let schema: String
            let exit_code: Int32
            let message: String
        }
        try Tool.inFolder { tool in
            let outcome = try tool(
                "img2img", "none.png", "-o", "out.png", "--prompt", "x", "--json")
            let document = try JSONDecoder().decode(Document.self, from: outcome.output)
            #expect(document.schema == "gesso.error/1")
            #expect(document.exit_code == 66)
            #expect(outcome.status == 66)
            #expect(outcome.errors == "gesso: \(document.message)\n")
        }
    }

    @Test func longAndStrangeTextStaysOneShortLine() throws {
        try Tool.inFolder { tool in
            let name = "a\u{1B}[31m\n" + String(repeating: "b", count: 100) + "\u{202E}.bmp"
            let outcome = try tool("txt2img", "-o", name, "--prompt", "x")
            #expect(outcome.status == 64)
            #expect(outcome.errorLines.count == 1)
            #expect(outcome.errors.contains("a\\u{1b}[31m\\u{a}bbb"))
            #expect(outcome.errors.contains("\\u{202e}.bmp"))
        }
    }
}
