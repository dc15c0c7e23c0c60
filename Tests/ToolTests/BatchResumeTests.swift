import Foundation
import Testing

/// What a batch takes for a result of its own when it is begun again.
@Suite struct BatchResumeTests {
    private let fill = [
        "--masks", "rect:8,8,12,10", "--fill", "patch", "--steps", "0", "--seed", "7",
    ]

    private func run(_ tool: Tool, _ inputs: [String], _ more: String...) throws -> Tool.Outcome {
        try tool.run(["batch"] + inputs + ["--output-dir", "out"] + fill + more)
    }

    private func draw(_ tool: Tool, _ names: String...) throws {
        for (index, name) in names.enumerated() {
            let file = tool.url(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try tool.draw(name, width: 32, height: 32, UInt16(60 + 9 * index))
        }
    }

    private func journal(_ tool: Tool) throws -> [[String: Any]] {
        try String(contentsOf: tool.url("out/.gesso-batch.jsonl"), encoding: .utf8)
            .split(separator: "\n").compactMap {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
    }

    private func bytes(_ tool: Tool, _ name: String) throws -> Data {
        try Data(contentsOf: tool.url(name))
    }

    @Test func aPictureOfTheSameNameIsAnother() throws {
        try Tool.inFolder { tool in
            try draw(tool, "one/x.png", "two/x.png")
            #expect(try run(tool, ["one"]).status == 0)
            let made = try bytes(tool, "out/x.png")
            let other = try run(tool, ["two"])
            #expect(other.status == 73)
            #expect(other.errors.contains("the output exists"))
            #expect(try bytes(tool, "out/x.png") == made)
            #expect(try run(tool, ["two"], "--dry-run").text.contains("fail out/x.png"))
            // The same picture at another place is the same.
            try draw(tool, "three/x.png")
            #expect(try run(tool, ["three"]).errors.contains("0 made, 1 there already"))
        }
    }

    @Test func otherSettingsOfALineAreAnotherPicture() throws {
        try Tool.inFolder { tool in
            try draw(tool, "x.png", "y.png")
            func list(_ grow: Int) throws {
                let lines = "{\"input\":\"x.png\",\"mask_grow\":\(grow)}\n{\"input\":\"y.png\"}\n"
                try Data(lines.utf8).write(to: tool.url("l.jsonl"))
            }
            try list(1)
            #expect(try run(tool, ["l.jsonl"]).status == 0)
            #expect(try run(tool, ["l.jsonl"]).errors.contains("0 made, 2 there already"))
            try list(3)
            #expect(try run(tool, ["l.jsonl"]).status == 73)
        }
    }

    @Test func numberedResultsBelongToTheirPictures() throws {
        try Tool.inFolder { tool in
            try draw(tool, "in/b.png", "in/c.png")
            #expect(try run(tool, ["in"], "--name", "{index}.{ext}").status == 0)
            try draw(tool, "in/a.png")
            #expect(try run(tool, ["in"], "--name", "{index}.{ext}").status == 73)
        }
    }

    /// The line of the picture that was made stays, and nothing is taken for the one that was not.
    @Test func aClashOfNamesHarmsNoOther() throws {
        try Tool.inFolder { tool in
            try draw(tool, "a.png", "in/a.png", "in/b.png")
            let inputs = ["a.png", "in/a.png", "in/b.png"]
            for rest in ["2 made", "0 made, 2 there already"] {
                let outcome = try run(tool, inputs)
                #expect(outcome.status == 3)
                #expect(outcome.errors.contains("would both become a.png"))
                #expect(outcome.errors.contains(rest))
                #expect(try journal(tool).count { $0["error"] != nil } == 0)
            }
            #expect(try run(tool, inputs, "--skip-existing").status == 3)
        }
    }

    @Test func aReceiptReplacesNothingOfOthers() throws {
        try Tool.inFolder { tool in
            try draw(tool, "in/a.png", "in/b.png", "out/none.png")
            try Data("mine".utf8).write(to: tool.url("out/b.png.json"))
            let outcome = try run(tool, ["in"], "--receipt", "--skip-existing")
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("out/b.png.json"))
            #expect(try bytes(tool, "out/b.png.json") == Data("mine".utf8))
            #expect(!FileManager.default.fileExists(atPath: tool.url("out/b.png").path))
        }
    }

    /// In Swift, a slash and a mark behind it are one letter.
    @Test(arguments: ["\u{301}.png", "\u{FE0F}_a.png"])
    func aNameMayBeginWithAMark(_ name: String) throws {
        try Tool.inFolder { tool in
            try draw(tool, "in/z.png")
            try FileManager.default.moveItem(at: tool.url("in/z.png"), to: tool.url("in/y.png"))
            #expect(
                rename(tool.url("in").path + "/y.png", tool.url("in").path + "/" + name) == 0)
            let outcome = try run(tool, ["in"])
            #expect(outcome.status == 0)
            #expect(access(tool.url("out").path + "/" + name, F_OK) == 0)
        }
    }

    @Test func aLineMayHaveTheSeedOfTheBatch() throws {
        try Tool.inFolder { tool in
            try draw(tool, "x.png", "y.png")
            let lines = "{\"input\":\"x.png\"}\n{\"input\":\"y.png\",\"seed\":7}\n"
            try Data(lines.utf8).write(to: tool.url("l.jsonl"))
            #expect(try run(tool, ["l.jsonl"]).status == 0)
            let seeds = try journal(tool).filter { $0["output"] != nil }.map { $0["seed"] as? Int }
            #expect(seeds == [7, 7])
        }
    }

    @Test func aPageSaysWithWhichSeedAPictureWasMade() throws {
        try Tool.inFolder { tool in
            try draw(tool, "in/b.png")
            #expect(try run(tool, ["in"]).status == 0)
            try draw(tool, "in/a.png")
            #expect(try run(tool, ["in"], "--report", "r.html").status == 0)
            let page = try String(contentsOf: tool.url("r.html"), encoding: .utf8)
            #expect(page.contains("made, seed 7"))
            #expect(page.contains("there already, seed 7"))
        }
    }

    /// No picture is replaced by one: that of a batch which has begun without it is.
    @Test func aContactSheetMayLieAmongThePictures() throws {
        try Tool.inFolder { tool in
            try draw(tool, "in/a.png", "in/b.png")
            let pages = ["--contact-sheet", "in/s.png", "--report", "in/r.html"]
            #expect(try run(tool, ["in"], pages[0], pages[1], pages[2], pages[3]).status == 0)
            for (more, count) in [("--skip-existing", "0 made"), ("--overwrite", "2 made")] {
                let again = try run(tool, ["in"], pages[0], pages[1], more)
                #expect(again.status == 0, "\(again.errors)")
                #expect(
                    again.errors.contains("left out, for they tell of the whole batch: in/s.png\n"),
                    "\(again.errors)")
                #expect(again.errors.contains(count), "\(again.errors)")
            }
            #expect(try run(tool, ["in/a.png", "in/s.png"], pages[0], pages[1]).status == 64)
            #expect(try run(tool, ["in"], "--contact-sheet", "in/a.png").status == 64)
        }
    }

    @Test func resultsMayLieAmongThePictures() throws {
        try Tool.inFolder { tool in
            try draw(tool, "out/a.png", "out/b.png")
            let name = ["--name", "{stem}-new.{ext}"]
            #expect(try run(tool, ["out"], name[0], name[1]).status == 0)
            try FileManager.default.removeItem(at: tool.url("out/b-new.png"))
            let next = try run(tool, ["out"], name[0], name[1])
            #expect(next.status == 0)
            #expect(next.text == "out/b-new.png\n")
        }
    }
}
