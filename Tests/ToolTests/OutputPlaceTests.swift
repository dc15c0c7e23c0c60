import Foundation
import Testing

/// No result takes the place of another one, or of a picture that is read.
@Suite struct OutputPlaceTests {
    private let fill = ["--mask", "rect:8,8,12,10", "--fill", "patch", "--steps", "0"]

    /// Refused before the work, with nothing written.
    private func refused(_ tool: Tool, _ words: [String], _ said: String) throws {
        let before = try tool.files
        let run = try tool.run(words)
        #expect(run.status == 64, "\(words)")
        #expect(run.errors.contains(said), "\(run.errors)")
        #expect(try tool.files == before)
    }

    @Test func twoResultsHaveTwoNames() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let edit = ["inpaint", "in.png"] + fill
            let said = "two results would have one name"
            try refused(tool, edit + ["-o", "f.png", "--filmstrip", "./f.png"], said)
            try refused(
                tool, edit + ["-o", "./f.png", "--preview", "every:1", "--preview-file", "f.png"],
                said)
            try FileManager.default.createDirectory(
                at: tool.url("out"), withIntermediateDirectories: true)
            try refused(tool, edit + ["-o", "out/", "--filmstrip", "out/in.png"], said)
            let mask = ["mask", "in.png", "--mask", "rect:1,1,9,9"]
            try refused(tool, mask + ["-o", "m.png", "--overlay", "./m.png"], said)
            try tool.draw("b.png", 120)
            try refused(
                tool,
                ["compare", "in.png", "b.png", "--heatmap", "c.png", "--side-by-side", "./c.png"],
                said)
        }
    }

    @Test func whatIsComparedStays() throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png")
            try tool.draw("b.png", 120)
            try refused(
                tool, ["compare", "a.png", "b.png", "--heatmap", "./a.png", "--overwrite"],
                "it would replace a picture that is read")
        }
    }

    @Test func aContactSheetIsNoResult() throws {
        try Tool.inFolder { tool in
            try FileManager.default.createDirectory(
                at: tool.url("in"), withIntermediateDirectories: true)
            try tool.draw("in/a.png")
            try refused(
                tool,
                ["batch", "in", "--masks", "rect:8,8,12,10", "--fill", "patch", "--steps", "0"]
                    + ["--output-dir", "out", "--contact-sheet", "out/a.png"],
                "two results would have one name")
        }
    }

    @Test func aSheetCanBeRead() throws {
        try Tool.inFolder { tool in
            try tool.draw("wide.png", width: 2048, height: 1)
            try tool.draw("high.png", width: 1, height: 2048)
            try tool.draw("dot.png", width: 1, height: 1)
            let dots = Array(repeating: "dot.png", count: 98)
            try refused(
                tool,
                ["sheet", "wide.png", "high.png"] + dots + ["--side", "2048", "-o", "s.png"],
                "million pixels")
        }
    }

    @Test func anOptionIsGivenOnceHoweverItIsWritten() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try refused(
                tool, ["inpaint", "in.png"] + fill + ["-o=a.png", "-o", "b.png"],
                "--output is given twice")
        }
    }

    /// What holds for good gives way to what a command says.
    @Test func defaultsGiveWay() throws {
        try Tool.inFolder { tool in
            var tool = tool
            try tool.draw("in.png")
            let edit = ["inpaint", "in.png"] + fill
            #expect(try tool.run(edit + ["-o", "a.png", "--receipt", "a.json"]).status == 0)
            tool.environment = ["GESSO_MODEL": "/nonexistent"]
            let again = try tool("replay", "a.json", "-o", "b.png")
            #expect(again.text.hasPrefix("identical"), "\(again.errors)")
            tool.environment = ["GESSO_JSON": "1", "GESSO_OVERWRITE": "1"]
            #expect(try tool.run(edit + ["-o", "-"]).status == 0)
            #expect(try tool("manual", "info").status == 0)
            let batch = ["batch", "in.png", "--masks", "rect:8,8,12,10", "--fill", "patch"]
            let kept = ["--steps", "0", "--skip-existing", "--output-dir", "out", "--dry-run"]
            #expect(try tool.run(batch + kept).status == 0)
        }
    }
}
