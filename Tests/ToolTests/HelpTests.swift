import Foundation
import TestSupport
import Testing

@Suite struct HelpTests {
    @Test(arguments: [
        "", "img2img", "inpaint", "outpaint", "instruct", "txt2img", "preset", "preset list",
        "preset show",
        "preset validate", "preset keys", "preset new", "preset schema", "mask", "model",
        "model inspect", "model convert", "sheet", "compare", "verify", "replay", "info", "batch",
        "config", "config show", "doctor", "manual", "grid", "upscale", "run", "credentials",
        "credentials new", "credentials list", "serve", "model get",
    ])
    func everyCommandHasItsPage(_ command: String) throws {
        try Tool.inFolder { tool in
            let words = command.split(separator: " ").map(String.init)
            let page = try tool.run(words + ["--help"])
            #expect(page.status == 0)
            #expect(page.errors.isEmpty)
            let name = (["help"] + words).joined(separator: "-") + ".txt"
            #expect(try page.text == Snapshot.recorded(name, page.text))
            #expect(page.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
        }
    }

    /// Help is wrapped at 80 columns: a longer line of a discussion would leave a rest on a line of its own.
    @Test func discussionsBeginWithExamplesAndFitTheirLines() throws {
        struct Command: Decodable {
            let commandName: String
            let discussion: String?
            let subcommands: [Command]?
        }
        struct Document: Decodable {
            let command: Command
        }
        func check(_ command: Command, _ path: String) {
            let path = path + " " + command.commandName
            let text = command.discussion ?? ""
            #expect(text.hasPrefix("Example"), "\(path)")
            for line in text.split(separator: "\n") where line.count > 80 {
                Issue.record("\(path): \(line)")
            }
            for command in command.subcommands ?? [] where command.commandName != "help" {
                check(command, path)
            }
        }
        try Tool.inFolder { tool in
            let document = try tool("manual", "--json").output
            check(try JSONDecoder().decode(Document.self, from: document).command, "")
        }
    }

    @Test func helpComesByItsCommandToo() throws {
        try Tool.inFolder { tool in
            let pages = try ["help inpaint", "inpaint --help", "", "--help"].map {
                try tool.run($0.split(separator: " ").map(String.init)).text
            }
            #expect(pages[0] == pages[1])
            #expect(pages[2] == pages[3])
        }
    }

    @Test func theVersionIsALine() throws {
        try Tool.inFolder { tool in
            let version = try tool("--version")
            #expect(version.status == 0)
            #expect(version.text.wholeMatch(of: /gesso \d+\.\d+\.\d+\n/) != nil)
        }
    }

    /// The page among the articles is the one that the tool generates.
    @Test func optionsPageIsUpToDate() throws {
        try Tool.inFolder { tool in
            let page = try tool("manual", "--markdown").text
            let file = Fixtures.repository.appending(path: "Sources/Gesso/Gesso.docc/Options.md")
            if ProcessInfo.processInfo.environment["GESSO_RECORD"] == "1" {
                try Data(page.utf8).write(to: file)
            }
            #expect(try String(contentsOf: file, encoding: .utf8) == page)
        }
    }

    @Test func rowsOfTheOptionsPageHaveTwoCells() throws {
        try Tool.inFolder { tool in
            for row in try tool("manual", "--markdown").text.split(separator: "\n")
            where row.hasPrefix("|") {
                let bars = row.replacing("\\|", with: "").count { $0 == "|" }
                #expect(bars == 3, "\(row)")
            }
        }
    }

    /// They belong to programs of their own, which the tool starts.
    @Test func optionsOfServersAndDownloadsAreListed() throws {
        let options = [
            "## gesso serve\n": [
                "host", "port", "token", "api-auth", "allow-host", "allow-origin", "data",
                "max-body", "max-disk", "keep", "unload-after", "open", "dry-run", "quiet",
            ],
            "## gesso model get\n": [
                "file", "variant", "safety-checker", "no-safety-checker", "accept-license",
                "dry-run", "json", "quiet",
            ],
        ]
        try Tool.inFolder { tool in
            let page = try tool("manual", "--markdown").text
            for (title, names) in options {
                let start = try #require(page.range(of: title)).upperBound
                let part = page[start...].split(separator: "\n## ").first ?? ""
                for name in names { #expect(part.contains("`--\(name)`"), "\(title) \(name)") }
            }
        }
    }

    @Test func keysAreListed() throws {
        try Tool.inFolder { tool in
            let keys = try tool("preset", "keys").text
            #expect(try keys == Snapshot.recorded("preset-keys.txt", keys))
            #expect(keys.contains("(default: img2img 0.75, inpaint 1, outpaint 0.9, upscale 0.25)"))
        }
    }
}
