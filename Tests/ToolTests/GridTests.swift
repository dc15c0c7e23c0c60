import Foundation
import Imaging
import Testing

@Suite struct GridTests {
    private struct Document: Decodable {
        let schema: String
        let width: Int
        let pictures: [Picture]

        struct Picture: Decodable {
            let label: String
            let seed: UInt64
            let pixels_sha256: String
        }
    }

    /// A cell is the very picture that the verb makes by itself.
    @Test func cellsAreThePicturesOfTheVerb() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let common = ["--prompt", "a lake", "--steps", "4", "--seed", "3"]
            let outcome = try tool.run(
                ["grid", "in.png", "--x", "strength=0.5,1", "--y", "scheduler=ddim,euler", "-o"]
                    + ["grid.png", "--json"] + common)
            let grid = try JSONDecoder().decode(Document.self, from: outcome.output)
            #expect(grid.schema == "gesso.grid/1")
            #expect(
                grid.pictures.map(\.label) == [
                    "strength 0.5, scheduler ddim", "strength 1, scheduler ddim",
                    "strength 0.5, scheduler euler", "strength 1, scheduler euler",
                ])
            let alone = try tool.run(
                ["img2img", "in.png", "--strength", "0.5", "--scheduler", "euler", "-o"]
                    + ["alone.png"] + common)
            #expect(alone.status == 0)
            let info = try tool("info", "alone.png").text
            #expect(info.contains(grid.pictures[2].pixels_sha256))
            #expect(Set(grid.pictures.map(\.pixels_sha256)).count == 4)
            let stored = try tool("info", "grid.png").text
            #expect(stored.contains("setting Script: X/Y/Z plot"))
            #expect(stored.contains("setting X Values: strength=0.5,1"))
        }
    }

    /// What the verb would remark on is said of a table, too, and once.
    @Test func notesOfThePicturesAreSaid() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let common = ["--preset", "watercolor", "--prompt", "a lake", "--steps", "4", "-o"]
            let made = try tool.run(["grid", "in.png", "--x", "seed=1,2"] + common + ["grid.png"])
            let alone = try tool.run(["img2img", "in.png", "--seed", "1"] + common + ["a.png"])
            let notes = alone.errors.split(separator: "\n").filter { $0.contains("note: ") }
            #expect(!notes.isEmpty)
            for note in notes { #expect(made.errors.ranges(of: note).count == 1, "\(made.errors)") }
        }
    }

    @Test func seedsLeftToChanceDiffer() throws {
        try Tool.inFolder { tool in
            let made = try tool(
                "grid", "--verb", "txt2img", "--x", "seed=-1,random,-1", "-o", "grid.png",
                "--prompt", "a lake", "--steps", "1", "--json")
            let grid = try JSONDecoder().decode(Document.self, from: made.output)
            #expect(Set(grid.pictures.map(\.pixels_sha256)).count == 3)
            #expect(grid.pictures.map(\.label) == grid.pictures.map { "seed \($0.seed)" })
            let stored = try tool("info", "grid.png").text
            let seeds = grid.pictures.map { "\($0.seed)" }.joined(separator: ", ")
            #expect(stored.contains("setting X Values: seed=-1,random,-1"), "\(stored)")
            #expect(stored.contains("setting Fixed X Values: " + seeds), "\(stored)")
        }
    }

    @Test func whatCannotBeMadeIsCrossedOut() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let made = try tool(
                "grid", "in.png", "--x", "eta=0,0.5", "-o", "grid.png", "--prompt", "x", "--steps",
                "2", "--scheduler", "euler", "-q")
            #expect(made.status == 3)
            #expect(made.text == "grid.png\n")
            #expect(made.errorLines.count == 1)
            #expect(made.errors.contains("eta 0.5: "))
            let first = try tool(
                "grid", "in.png", "--x", "eta=0.5,0", "-o", "none.png", "--prompt", "x", "--steps",
                "2", "--scheduler", "euler", "-q")
            #expect(first.status == 64)
            #expect(try tool.files == ["grid.png", "in.png"])
        }
    }

    @Test func everyVerbHasGrids() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let common = ["--steps", "1", "--prompt", "a lake", "-q"]
            for verb in [
                ["in.png", "--verb", "inpaint", "--mask", "rect:0,0,9,9"],
                ["in.png", "--verb", "outpaint", "--set", "left=8", "--set", "strength=1"],
                ["--verb", "txt2img"],
            ] {
                let name = "\(verb.count).png"
                let made = try tool.run(
                    ["grid", "--x", "prompt:lake=lake,sea", "--z", "seed=1-2", "-o", name]
                        + verb + common)
                #expect(made.status == 0, "\(made.errors)")
                #expect(made.text == name + "\n")
            }
        }
    }

    @Test func aPlanIsTold() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let plan = try tool(
                "grid", "in.png", "--x", "steps=2,4", "--set", "strength=1", "--scheduler", "ddim",
                "--prompt", "x", "-o",
                "out.png", "--dry-run")
            #expect(plan.text.contains("picture 2: steps 4\nUNet calls: 6\n"))
            #expect(try tool.files == [".cache", "in.png"], "the speed alone is kept")
        }
    }
}
