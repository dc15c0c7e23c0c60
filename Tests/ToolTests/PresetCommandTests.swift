import Foundation
import Recipes
import Testing

@Suite struct PresetCommandTests {
    @Test func shippedAndOwnPresetsAreListed() throws {
        try Tool.inFolder { tool in
            let own = tool.url(".config/gesso/presets")
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
            try Data("description: my own\nprompt: x".utf8).write(
                to: own.appending(path: "mine.yaml"))
            let all = try tool("preset", "list").text.split(separator: "\n")
            let lines = all.filter { $0.hasPrefix("  ") }
            let groups = all.filter { $0.hasSuffix(":") }
            #expect(groups == ["restyle:", "inpaint:", "outpaint:", "run:"])
            #expect(try lines.count == PresetShelf.shipped().count + 1)
            #expect(lines.contains { $0.hasPrefix("  mine ") && $0.contains("my own") })
            let document = try tool("preset", "list", "--json").output
            let parsed = try JSONDecoder().decode(Listing.self, from: document)
            #expect(parsed.schema == "gesso.presets/1")
            #expect(parsed.presets.count == lines.count)
        }
    }

    private struct Listing: Decodable {
        let schema: String
        let presets: [Entry]

        struct Entry: Decodable {
            let name: String
            let verbs: [String]
            let description: String
        }
    }

    @Test func aShownPresetIsItsFile() throws {
        try Tool.inFolder { tool in
            let shown = try tool("preset", "show", "watercolor")
            let shipped = try PresetShelf.shipped().first { $0.name == "watercolor" }
            #expect(shown.text == shipped?.text)
            try shown.output.write(to: tool.url("copy.yaml"))
            let validated = try tool("preset", "validate", "copy.yaml")
            #expect(validated.text == "copy.yaml: ok\n")
        }
    }

    /// Presets are compiled in: a copy of the program anywhere has them.
    @Test func aMovedProgramKeepsItsPresets() throws {
        try Tool.inFolder { tool in
            let moved = tool.url("moved")
            try Tool.copyProgram(to: moved)
            let process = Process()
            let output = Pipe()
            process.executableURL = moved
            process.arguments = ["preset", "list"]
            process.standardOutput = output
            try process.run()
            let listed = String(
                decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let here = try tool("preset", "list")
            #expect(listed == here.text)
        }
    }
}
