import Foundation
import Testing

/// `gesso serve` and `gesso model get`, and the programs behind them, speak as the tool does.
@Suite struct SisterProgramTests {
    /// The tool's calls with the programs behind them.
    private static let commands = [("model get", "gesso-hub"), ("serve", "gesso-server")]

    private func sister(_ tool: Tool, _ name: String) -> Tool {
        var sister = tool
        sister.program = tool.program.deletingLastPathComponent().appending(path: name)
        return sister
    }

    @Test(arguments: commands)
    func aUsageErrorIsALineAndADocument(_ command: String, _ name: String) throws {
        try Tool.inFolder { tool in
            let words = ["--nonsense", "--json"]
            let calls = command.split(separator: " ").map(String.init) + words
            for run in try [tool.run(calls), sister(tool, name).run(words)] {
                #expect(run.status == 64)
                #expect(run.errorLines.count == 1)
                #expect(run.errors.hasPrefix("gesso: "), "\(run.errors)")
                #expect(
                    run.errors.hasSuffix(": see `gesso \(command) --help`\n"), "\(run.errors)")
                #expect(run.text.contains("gesso.error/1"), "\(run.text)")
            }
        }
    }

    @Test(arguments: commands)
    func versionAndHelpAreTheTools(_ command: String, _ name: String) throws {
        try Tool.inFolder { tool in
            let version = try tool("--version").text
            let words = command.split(separator: " ").map(String.init)
            #expect(try tool.run(words + ["--version"]).text == version)
            let sister = sister(tool, name)
            #expect(try sister("--version").text == version)
            #expect(try sister("--help").text.contains("gesso \(command)"))
            let full = try sister.shell("\"$0\" --help > /dev/full")
            #expect(full.status == 74)
            #expect(full.errors.hasPrefix("gesso: cannot write: "), "\(full.errors)")
        }
    }

    @Test func wrongValuesAreALine() throws {
        try Tool.inFolder { tool in
            let port = try tool("serve", "--port", "70000")
            #expect(port.status == 64)
            #expect(
                port.errors.hasPrefix("gesso: --port takes a number from 0 to 65535: serve: see"),
                "\(port.errors)")
            let host = try tool("serve", "--allow-host", "http://x", "--dry-run")
            #expect(host.status == 64)
            #expect(host.errorLines.count == 1, "\(host.errors)")
        }
    }

    @Test func theConfigurationReachesTheDownload() throws {
        try Tool.inFolder { tool in
            var copied = tool
            copied.program = tool.url("gesso")
            try Tool.copyProgram(to: copied.program)
            try Data("#!/bin/sh\necho \"$@\"\n".utf8).write(to: tool.url("gesso-hub"))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: tool.url("gesso-hub").path)
            copied.environment = ["GESSO_JSON": "1"]
            #expect(try copied("model", "get", "sd15", "-q").text == "--json sd15 -q\n")
        }
    }
}
