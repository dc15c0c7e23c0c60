import Foundation
import Testing

@Suite struct MannersTests {
    private struct Config: Decodable {
        let schema: String
        let settings: [Entry]

        struct Entry: Decodable {
            let name: String
            let value: String
            let origin: String
        }

        subscript(_ name: String) -> Entry? { settings.first { $0.name == name } }
    }

    private func config(_ tool: Tool) throws -> Config {
        try JSONDecoder().decode(Config.self, from: tool("config", "show", "--json").output)
    }

    @Test func helpIsNamedAsItIsAskedFor() throws {
        try Tool.inFolder { tool in
            let outcome = try tool("model", "convert", "a", "b")
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains("see `gesso model convert --help`"))
        }
    }

    @Test func nearerSettingsGoFirst() throws {
        try Tool.inFolder { tool in
            #expect(
                try config(tool)["model"]?.value
                    == "gesso-builtin; gesso-builtin-inpaint in inpaint and outpaint")
            let home = tool.url(".config/gesso")
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            try Data("threads: 1\nmodel: user\ncolor: never\n".utf8)
                .write(to: home.appending(path: "config.yaml"))
            try Data("threads: 2\nmodel: project\n".utf8).write(to: tool.url(".gesso.yaml"))
            var tool = tool
            tool.environment["GESSO_THREADS"] = "3"
            let config = try config(tool)
            #expect(config.schema == "gesso.config/1")
            #expect(config["threads"]?.value == "3")
            #expect(config["threads"]?.origin == "environment: $GESSO_THREADS")
            #expect(config["model"]?.value == "project")
            #expect(config["model"]?.origin.hasSuffix(".gesso.yaml:2:8") == true)
            #expect(config["color"]?.value == "never")
            #expect(config["progress"]?.origin == "default")
            // What is set is what runs, and a flag goes before it.
            try tool.draw("in.png")
            let refused = try tool("img2img", "in.png", "-o", "out.png", "--prompt", "x")
            #expect(refused.status == 66)
            #expect(refused.errors.contains("no such model: project"))
            let made = try tool(
                "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "2",
                "--model", "gesso-builtin")
            #expect(made.status == 0)
        }
    }

    @Test(arguments: [
        ("overwrite: true", ".gesso.yaml:1:1: set it in"), ("thread: 1", "did you mean 'threads'"),
        ("threads: many", "give a whole number from 1 to 1024"),
        ("threads: 1\nthreads: 2", "twice"),
        ("nonsense: 1", ".gesso.yaml:1:1: `gesso config show` lists all settings"),
    ])
    func aBadProjectFileStopsAllButHelp(_ text: String, _ message: String) throws {
        try Tool.inFolder { tool in
            try Data(text.utf8).write(to: tool.url(".gesso.yaml"))
            let outcome = try tool("info", "x.png")
            #expect(outcome.status == 64)
            #expect(outcome.errorLines.count == 1)
            #expect(outcome.errors.contains(message))
            #expect(try tool("info", "--help").status == 0)
            #expect(try tool("doctor").text.contains("configuration: broken: "))
        }
    }

    @Test func aFolderIsNoConfiguration() throws {
        try Tool.inFolder { tool in
            try FileManager.default.createDirectory(
                at: tool.url(".gesso.yaml"), withIntermediateDirectories: true)
            let run = try tool("info", "x.png")
            #expect(run.status == 66)
            #expect(
                run.errors.hasPrefix("gesso: cannot read the configuration, not a file: "),
                "\(run.errors)")
        }
    }

    @Test func anUnknownValueEndsInNoFullStop() throws {
        try Tool.inFolder { tool in
            let run = try tool("info", "x.png", "--color", "purple")
            #expect(run.status == 64)
            #expect(
                run.errors.hasSuffix("or 'never': info: see `gesso info --help`\n"),
                "\(run.errors)")
        }
    }

    /// Letters of a file's name would ask for help.
    @Test(arguments: [
        "info -shot.jpg", "img2img -dash.jpg -o out.png --prompt x", "verify -h2.jpg x.png",
    ])
    func aFileThatBeginsWithADashIsNoOption(_ line: String) throws {
        try Tool.inFolder { tool in
            let words = line.split(separator: " ").map(String.init)
            let run = try tool.run(words)
            #expect(run.status == 64)
            #expect(run.output.isEmpty)
            #expect(
                run.errors
                    == "gesso: unknown option '\(words[1])': \(words[0]): write ./\(words[1])\n")
            // A value may begin so, and a real cluster is one.
            for help in ["-h", "-help"] { #expect(try tool("info", help).status == 0) }
            let value = try tool("img2img", "none.png", "-o", "a.png", "--prompt", "-sharp")
            #expect(value.status == 66, "\(value.errors)")
        }
    }

    @Test func progressComesAsDocuments() throws {
        struct Event: Decodable {
            let schema: String
            let event: String
            let step: Int?
            let steps: Int?
            let message: String?
        }
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let outcome = try tool(
                "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "4",
                "--strength", "1", "--scheduler", "ddim", "--progress", "json")
            let events = try outcome.errorLines.map {
                try JSONDecoder().decode(Event.self, from: Data($0.utf8))
            }
            #expect(outcome.text == "out.png\n")
            #expect(events.allSatisfy { $0.schema == "gesso.event/1" })
            #expect(events.compactMap(\.step) == [0, 1, 2, 3, 4])
            let again = try tool(
                "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--progress", "json")
            let last = try JSONDecoder().decode(Event.self, from: Data(again.errors.utf8))
            #expect(last.event == "error")
            #expect(last.message?.contains("the output exists") == true)
        }
    }

    @Test func theLogHasWhatQuietHides() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let outcome = try tool(
                "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "2", "--seed",
                "5", "-q", "--log-file", "log")
            #expect(outcome.errors.isEmpty)
            let log = try String(contentsOf: tool.url("log"), encoding: .utf8)
            #expect(log.contains("Z gesso: seed 5\n"))
            _ = try tool("info", "none.png", "--log-file", "log.json", "--log-format", "json")
            let document = try JSONSerialization.jsonObject(
                with: Data(contentsOf: tool.url("log.json")))
            let members = try #require(document as? [String: String])
            #expect(members["schema"] == "gesso.event/1")
            #expect(members["event"] == "error")
            #expect(members["message"]?.contains("none.png") == true)
            let refused = try tool("info", "none.png", "--log-file", "nowhere/log")
            #expect(refused.status == 73)
        }
    }

    @Test(arguments: [
        (["--color", "always"], [:], true), (["--color", "never"], ["FORCE_COLOR": "1"], false),
        ([], ["FORCE_COLOR": "1"], true), ([], ["FORCE_COLOR": "1", "NO_COLOR": "1"], false),
        ([], [:], false), ([], ["GESSO_COLOR": "always", "NO_COLOR": "1"], true),
    ])
    func colorIsAsAsked(
        _ flags: [String], _ environment: [String: String], _ isColored: Bool
    ) throws {
        try Tool.inFolder { tool in
            var tool = tool
            tool.environment = environment
            let errors = try tool.run(["info", "none.png"] + flags).errors
            #expect(errors.contains("\u{1B}[31m") == isColored)
        }
    }

    @Test func anOptionIsGivenOnce() throws {
        try Tool.inFolder { tool in
            let twice = try tool(
                "img2img", "in.png", "-o", "a.png", "--output=b.png", "--prompt", "x")
            #expect(twice.status == 64)
            #expect(twice.errors == "gesso: --output is given twice: img2img: keep one\n")
            let value = try tool("img2img", "none.png", "-o", "a.png", "--prompt", "--steps")
            #expect(value.status == 66, "a value that looks like an option is a value")
        }
    }

    @Test func everyCommandHasAPage() throws {
        try Tool.inFolder { tool in
            let written = try tool("manual", "--output-dir", "man").text.split(separator: "\n")
            #expect(written.count > 20)
            for path in written {
                let page = try String(contentsOf: URL(filePath: String(path)), encoding: .utf8)
                #expect(page.hasPrefix(".TH "))
                #expect(page.contains("\n.SH SYNOPSIS\n"))
            }
            #expect(try tool("manual", "--output-dir", "man").status == 73)
            #expect(try tool("manual", "nonsense").status == 64)
        }
    }

    @Test func shellsGetWhatIsThere() throws {
        try Tool.inFolder { tool in
            let own = tool.url(".config/gesso/presets")
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
            try Data("prompt: x".utf8).write(to: own.appending(path: "mine.yaml"))
            let script = try tool("--generate-completion-script", "bash").output
            try script.write(to: tool.url("gesso.bash"))
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: "/bin/bash")
            process.currentDirectoryURL = tool.folder
            process.environment = [
                "HOME": tool.folder.path,
                "PATH": Tool.executable.deletingLastPathComponent().path + ":/usr/bin:/bin",
            ]
            process.arguments = [
                "-c",
                """
                source ./gesso.bash
                offered() {
                    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"
                    COMP_POINT=${#COMP_LINE}; COMPREPLY=()
                    _gesso gesso "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
                    echo "${COMPREPLY[*]}"
                }
                offered gesso inp
                offered gesso img2img in.png --preset mi
                offered gesso img2img in.png --model gesso-b
                offered gesso img2img in.png --scheduler dpm
                offered gesso serve --unl
                offered gesso model get sd15 --acc
                """,
            ]
            process.standardOutput = output
            try process.run()
            let text = String(
                decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            let dpmpp = "dpmpp-2m dpmpp-2m-sde dpmpp-3m-sde dpmpp-sde dpmpp-2s-ancestral"
            #expect(
                text == "inpaint\nmine\ngesso-builtin gesso-builtin-inpaint\n" + dpmpp
                    + "\n--unload-after\n--accept-license\n")
        }
    }

    @Test func aPicturesSettingsMakeItAgain() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let first = try tool(
                "img2img", "in.png", "-o", "a.png", "--prompt", "a lake", "--steps", "4",
                "--scheduler", "euler", "--strength", "0.6", "--seed", "9")
            let second = try tool("img2img", "in.png", "-o", "b.png", "--from-image", "a.png")
            #expect(first.status == 0 && second.status == 0, "\(second.errors)")
            #expect(try tool("compare", "a.png", "b.png").text.contains("difference: 0 of 255"))
            let other = try tool(
                "img2img", "in.png", "-o", "c.png", "--from-image", "a.png", "--seed", "10")
            #expect(other.errors.contains("seed 10"))
        }
    }

    @Test func theVersionIsADocumentToo() throws {
        struct Document: Decodable {
            let schema: String
            let libraries: [String: String]
        }
        try Tool.inFolder { tool in
            let document = try JSONDecoder().decode(
                Document.self, from: tool("--version", "--json").output)
            #expect(document.schema == "gesso.version/1")
            #expect(document.libraries["png"]?.hasPrefix("libpng 1.") == true)
        }
    }
}
