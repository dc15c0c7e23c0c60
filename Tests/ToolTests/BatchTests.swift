import Foundation
import Testing

/// What a batch leaves behind, however it is treated; `Scripts/batch-trials.py` does the same at length.
@Suite struct BatchTests {
    private let fill = [
        "--verb", "inpaint", "--masks", "rect:8,8,12,10", "--fill", "patch", "--steps", "0",
        "--seed", "7",
    ]

    private func command(_ out: String, _ more: String...) -> [String] {
        ["batch", "in", "--output-dir", out] + fill + more
    }

    private func furnish(_ tool: Tool, _ count: Int) throws {
        try FileManager.default.createDirectory(
            at: tool.url("in"), withIntermediateDirectories: true)
        for index in 0..<count {
            try tool.draw("in/p\(index).png", width: 32, height: 32, UInt16(60 + index))
        }
    }

    private func pictures(_ tool: Tool, _ folder: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: tool.url(folder).path)
        return try Dictionary(
            uniqueKeysWithValues: names.filter { $0 != ".gesso-batch.jsonl" }.map {
                ($0, try Data(contentsOf: tool.url(folder + "/" + $0)))
            })
    }

    @Test func aKilledBatchGoesOnAndEndsTheSame() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 9)
            #expect(try tool.run(command("whole")).status == 0)
            for _ in 0..<4 {
                let running = try tool.start(command("out"))
                usleep(UInt32.random(in: 20_000...400_000))
                kill(running.process.processIdentifier, SIGKILL)
                _ = try running.end()
            }
            let last = try tool.run(command("out"))
            #expect(last.status == 0)
            #expect(try pictures(tool, "out") == pictures(tool, "whole"))
            let again = try tool.run(command("out"))
            #expect(again.text.isEmpty)
            #expect(again.errors.contains("0 made, 9 there already"))
        }
    }

    /// A journal whose last line was cut off, and a draft that was never finished.
    @Test func whatAKillLeavesIsPutRight() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 3)
            #expect(try tool.run(command("out")).status == 0)
            let whole = try pictures(tool, "out")
            let journal = tool.url("out/.gesso-batch.jsonl")
            let lines = try String(contentsOf: journal, encoding: .utf8).split(separator: "\n")
            let cut = lines.prefix(3).joined(separator: "\n") + "\n{\"input\":\"in/p2"
            try Data(cut.utf8).write(to: journal)
            try FileManager.default.removeItem(at: tool.url("out/p1.png"))
            try FileManager.default.removeItem(at: tool.url("out/p2.png"))
            try Data().write(to: tool.url("out/.gesso-batch.abc.tmp"))
            let next = try tool.run(command("out"))
            #expect(next.text == "out/p1.png\nout/p2.png\n")
            #expect(try pictures(tool, "out") == whole)
        }
    }

    @Test func badFilesAreToldAndLeftOut() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 5)
            try Data().write(to: tool.url("in/p1.png"))
            try Data("%PDF-1.7".utf8).write(to: tool.url("in/p3.png"))
            let outcome = try tool.run(command("out", "--quiet"))
            #expect(outcome.status == 3)
            #expect(outcome.errorLines.count == 2)
            #expect(outcome.errors.contains("in/p1.png: is empty"))
            #expect(outcome.errors.contains("in/p3.png: is a PDF"))
            #expect(try pictures(tool, "out").keys.sorted() == ["p0.png", "p2.png", "p4.png"])
            let first = try tool.run(
                command("fast", "--fail-fast", "--report", "fast/report.html"))
            #expect(first.status == 65)
            #expect(try pictures(tool, "fast").keys.sorted() == ["p0.png", "report.html"])
            let page = try String(contentsOf: tool.url("fast/report.html"), encoding: .utf8)
            #expect(page.contains("1 of 2 pictures, 1 failed"))
        }
    }

    @Test func aPlanTouchesNothing() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 3)
            try Data("%PDF-1.7".utf8).write(to: tool.url("in/p3.png"))
            let plan = try tool.run(command("out", "--dry-run", "--report", "out/r.html"))
            #expect(plan.status == 3)
            #expect(plan.text.contains("make out/p0.png: 32x32, no model"))
            #expect(plan.text.contains("fail out/p3.png: in/p3.png: is a PDF"))
            #expect(
                plan.text.contains("pictures: 3 to make, 0 there already, 0 skipped, 1 cannot"))
            #expect(try tool.files == ["in"])
            try FileManager.default.removeItem(at: tool.url("in/p3.png"))
            #expect(try tool.run(command("out")).status == 0)
            try FileManager.default.removeItem(at: tool.url("out/p1.png"))
            let before = try pictures(tool, "out")
            let rest = try tool.run(command("out", "--dry-run"))
            #expect(rest.status == 0)
            #expect(rest.text.contains("keep out/p0.png"))
            #expect(rest.text.contains("make out/p1.png"))
            #expect(try pictures(tool, "out") == before)
            let other = try tool.run(command("out", "--dry-run", "--set", "mask_grow=2"))
            #expect(other.status == 73)
        }
    }

    /// Each result has a receipt that replays; one that is gone is written again.
    @Test func receiptsLieBesideThePictures() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 2)
            #expect(try tool.run(command("out", "--receipt")).status == 0)
            let names = ["p0.png", "p0.png.json", "p1.png", "p1.png.json"]
            #expect(try pictures(tool, "out").keys.sorted() == names)
            let again = try tool("replay", "out/p1.png.json", "-o", "again.png")
            #expect(again.text.hasPrefix("identical"))
            try FileManager.default.removeItem(at: tool.url("out/p0.png.json"))
            let rest = try tool.run(command("out", "--receipt"))
            #expect(rest.status == 0)
            #expect(rest.text == "out/p0.png\n")
            #expect(try pictures(tool, "out").keys.sorted() == names)
        }
    }

    @Test func aListOfPathsIsEnough() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 3)
            try Data("p2.png\n\np0.png\n".utf8).write(to: tool.url("in/some.txt"))
            let outcome = try tool.run(
                ["batch", "in/some.txt", "--output-dir", "out"] + fill)
            #expect(outcome.text == "out/p2.png\nout/p0.png\n")
        }
    }

    @Test func theSourcesAreNeverReplaced() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 1)
            let before = try pictures(tool, "in")
            let outcome = try tool.run(command("in", "--overwrite"))
            #expect(outcome.status == 64)
            #expect(try pictures(tool, "in") == before)
        }
    }

    /// A batch with a picture that cannot be made is finished, too, however often it ran.
    @Test func aFinishedBatchIsMadeAgainOnDemand() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 2)
            try Data().write(to: tool.url("in/broken.png"))
            for _ in 0..<2 { #expect(try tool.run(command("out")).status == 3) }
            for _ in 0..<2 {
                let again = try tool.run(command("out", "--overwrite"))
                #expect(again.status == 3)
                #expect(again.errors.contains("2 made, 1 failed"), "\(again.errors)")
            }
        }
    }

    /// Two shards make what one run makes, and each takes its place from the cluster.
    @Test func shardsMakeTheWhole() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 5)
            #expect(try tool.run(command("whole")).status == 0)
            #expect(try tool.run(command("out", "--shard", "1/2")).status == 0)
            var slurm = tool
            slurm.environment = [
                "SLURM_ARRAY_TASK_ID": "12", "SLURM_ARRAY_TASK_COUNT": "2",
                "SLURM_ARRAY_TASK_MIN": "11",
            ]
            let second = try slurm.run(command("out"))
            #expect(second.errors.contains("shard 2/2, by SLURM_ARRAY_TASK_ID"))
            #expect(second.text == "out/p1.png\nout/p3.png\n")
            let made = try pictures(tool, "out").filter { !$0.key.hasPrefix(".") }
            #expect(try made == pictures(tool, "whole"))
            let all = try tool.run(command("out"))
            #expect(all.errors.contains("0 made, 5 there already"))
            var job = tool
            job.environment = ["JOB_COMPLETION_INDEX": "1"]
            #expect(try job.run(command("other")).status == 64)
            #expect(try job.run(command("other", "--shard", "off")).status == 0)
        }
    }

    @Test func seedsCountOnWhateverIsLeftOut() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 4)
            try Data().write(to: tool.url("in/p0.png"))
            let name = "{stem}-{seed}-{index}.{ext}"
            let outcome = try tool.run(command("out", "--name", name))
            #expect(outcome.text == "out/p1-8-0002.png\nout/p2-9-0003.png\nout/p3-10-0004.png\n")
        }
    }

    @Test func nothingOfOthersIsReplaced() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 2)
            try FileManager.default.createDirectory(
                at: tool.url("out"), withIntermediateDirectories: true)
            try Data("mine".utf8).write(to: tool.url("out/p1.png"))
            let refused = try tool.run(command("out"))
            #expect(refused.status == 73)
            #expect(try pictures(tool, "out").count == 1)
            let skipped = try tool.run(command("out", "--skip-existing"))
            #expect(skipped.text == "out/p0.png\n")
            #expect(try pictures(tool, "out")["p1.png"] == Data("mine".utf8))
            let other = try tool.run(command("out", "--set", "mask_grow=2"))
            #expect(other.status == 73)
            #expect(other.errors.contains("other settings"))
            #expect(try tool.run(command("out", "--overwrite")).status == 0)
            #expect(try pictures(tool, "out")["p1.png"] != Data("mine".utf8))
        }
    }

    @Test func aListHasSettingsOfItsOwn() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 2)
            try tool.draw("mask.png", width: 32, height: 32, 255)
            let lines = [
                "{\"input\": \"in/p0.png\", \"seed\": 99}",
                "{\"input\": \"in/p1.png\", \"mask\": \"mask.png\", \"fill\": \"color:#ff0000\"}",
            ]
            try Data(lines.joined(separator: "\n").utf8).write(to: tool.url("list.jsonl"))
            let words =
                ["batch", "list.jsonl", "--output-dir", "out", "--name", "{stem}-{seed}.{ext}"]
                + fill
            let outcome = try tool.run(words)
            #expect(outcome.text == "out/p0-99.png\nout/p1-8.png\n")
            try Data("{\"input\": \"in/p0.png\",\n".utf8).write(to: tool.url("list.jsonl"))
            let bad = try tool.run(words)
            #expect(bad.status == 3)
            #expect(bad.errors.contains("list.jsonl:1:1"))
            let other = #"{"input": "in/p0.png", "masks": "rect:1,1,9,9"}"#
            try Data(other.utf8).write(to: tool.url("list.jsonl"))
            let meant = try tool.run(words)
            #expect(meant.errors.contains("unknown key 'masks'"))
            #expect(meant.errors.contains("did you mean 'mask'?"), "\(meant.errors)")
        }
    }

    /// Without a verb its masks are painted in; a verb without masks does not pass over them.
    @Test func aListWithMasksIsPaintedIn() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 2)
            let lines = ["0", "1"].map {
                #"{"input": "in/p\#($0).png", "mask": "rect:8,8,12,10"}"#
            }
            try Data(lines.joined(separator: "\n").utf8).write(to: tool.url("list.jsonl"))
            let words = ["batch", "list.jsonl", "--fill", "edge", "--steps", "0"]
            let made = try tool.run(words + ["--output-dir", "out"])
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.text == "out/p0.png\nout/p1.png\n")
            let other = try tool.run([
                "batch", "list.jsonl", "--verb", "outpaint", "--fill", "edge", "--steps", "0",
                "--set", "left=8", "--output-dir", "wide",
            ])
            #expect(other.status == 64, "\(other.errors)")
            #expect(other.errors.contains("in/p0.png has a mask, which nothing is done with"))
        }
    }

    @Test func aBadLineOfAListEndsItsOwnPictureOnly() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 3)
            let lines = [
                "{\"input\": \"in/p0.png\"}", "{\"input\": ", "[1]", "{\"mask\": \"alpha\"}",
                "{\"input\": \"in/p1.png\", \"strenght\": 0.5}",
                "{\"input\": \"in/p1.png\", \"strength\": 7}", "{\"input\": \"in/p2.png\"}",
            ]
            var list = Data(lines.joined(separator: "\n").utf8)
            list += Data("\n{\"input\": \"caf".utf8) + [0xE9] + Data(".png\"}\n".utf8)
            try list.write(to: tool.url("list.jsonl"))
            let words =
                ["batch", "list.jsonl", "--output-dir", "out", "--name", "{index}.{ext}"] + fill
            let planned = try tool.run(words + ["--dry-run"])
            #expect(planned.status == 3)
            #expect(
                planned.text.contains("2 to make, 0 there already, 0 skipped, 6 cannot be made"))
            let outcome = try tool.run(words + ["--quiet", "--report", "report.html"])
            #expect(outcome.status == 3)
            #expect(outcome.errorLines.count == 6)
            for (number, fault) in [
                (2, "not an object"), (3, "not an object"), (4, "no input"),
                (5, "strenght"), (6, "strength"), (8, "not UTF-8"),
            ] {
                #expect(
                    outcome.errorLines.contains {
                        $0.contains("list.jsonl:\(number):1") && $0.contains(fault)
                    }, "\(number): \(outcome.errors)")
            }
            #expect(try pictures(tool, "out").keys.sorted() == ["0001.png", "0007.png"])
            let first = try tool.run(words + ["--fail-fast", "--overwrite"])
            #expect(first.status == 64 && first.errors.contains("list.jsonl:2:1"))
        }
    }

    @Test func aBadLineOfAListOfPathsEndsItsOwnPictureOnly() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 1)
            try (Data("in/p0.png\n".utf8) + [0xFF, 0xFE, 0x0A]).write(to: tool.url("list.txt"))
            let outcome = try tool.run(["batch", "list.txt", "--output-dir", "out"] + fill)
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("not UTF-8: list.txt:2:1"))
            try Data([0xFF, 0xFE, 0x0A]).write(to: tool.url("list.txt"))
            #expect(try tool.run(["batch", "list.txt", "--output-dir", "no"] + fill).status == 3)
        }
    }

    @Test func thePageNeedsNothingBesideIt() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 2)
            try Data("<i>".utf8).write(to: tool.url("in/<b>.png"))
            let outcome = try tool.run(
                command("out", "--report", "page.html", "--contact-sheet", "sheet.png"))
            #expect(outcome.status == 3)
            let page = try String(contentsOf: tool.url("page.html"), encoding: .utf8)
            #expect(page.count(of: "data:image/jpeg;base64,") == 4)
            #expect(page.count(of: "class=failed") == 1)
            #expect(!page.contains("http") && !page.contains("<b>") && page.contains("&lt;b&gt;"))
            #expect(FileManager.default.fileExists(atPath: tool.url("sheet.png").path))
        }
    }

    @Test func notesOfTheModelComeOnce() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 2)
            let run = try tool(
                "batch", "in", "--output-dir", "out", "--preset", "watercolor", "--prompt", "x",
                "--set", "steps=2", "--report", "page.html")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.count(of: "is a small model that knows drawn landscapes only") == 1)
            #expect(run.errors.count(of: "in place of the preset's") == 1)
            #expect(run.text == "out/p0.png\nout/p1.png\npage.html\n")
        }
    }

    @Test func namesLeadNowhereElse() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 2)
            for name in ["../{stem}.png", "{prompt}.png", "same.png", "{stem}.gif", ".{stem}.png"] {
                let outcome = try tool.run(command("out", "--name", name))
                #expect(outcome.status == 64, "\(name)")
                #expect(outcome.errorLines.count == 1)
            }
            #expect(!FileManager.default.fileExists(atPath: tool.url("out").path))
        }
    }

    @Test func masksAreFoundByTheNamesThatOthersGiveThem() throws {
        try Tool.inFolder { tool in
            for folder in ["in", "masks"] {
                try FileManager.default.createDirectory(
                    at: tool.url(folder), withIntermediateDirectories: true)
            }
            for name in ["a", "b_001", "c", "E", "f.1", "g", "h"] {
                try tool.draw("in/\(name).png", 90)
            }
            for name in [
                "a.png", "b_001_mask.png", "c.PNG", "e_Mask.png", "f.1.mask.png", "mask_g.png",
                "h-MASK.PNG",
            ] { try tool.draw("masks/\(name)", 255) }
            let made = try tool(
                "batch", "in", "--verb", "inpaint", "--masks", "masks", "--fill", "edge",
                "--steps", "0", "--output-dir", "out")
            #expect(made.status == 0, "\(made.errors)")
            #expect(try pictures(tool, "out").count == 7)
            try tool.draw("in/d.png", 90)
            let one = try tool(
                "batch", "in", "--verb", "inpaint", "--masks", "masks", "--fill", "edge",
                "--steps", "0", "--output-dir", "out")
            #expect(one.status == 3)
            #expect(one.errors.contains("no mask for in/d.png: masks: "))
        }
    }

    @Test func aMaskBesideItsPictureIsNoPicture() throws {
        try Tool.inFolder { tool in
            try FileManager.default.createDirectory(
                at: tool.url("in"), withIntermediateDirectories: true)
            for name in ["x", "x_Mask", "y", "y.mask", "red_mask"] {
                try tool.draw("in/\(name).png", name.lowercased().hasSuffix("mask") ? 255 : 90)
            }
            let made = try tool(
                "batch", "in", "--verb", "inpaint", "--masks", "in", "--fill", "edge", "--steps",
                "0", "--output-dir", "out")
            #expect(made.status == 3)
            #expect(
                made.errors.contains("left out, for they are masks: in/x_Mask.png, in/y.mask.png"))
            #expect(
                made.errors.contains(
                    "no mask for in/red_mask.png: in: --masks: call it red_mask_mask.png\n"))
            #expect(try pictures(tool, "out").keys.sorted() == ["x.png", "y.png"])
        }
    }

    @Test func aNameThatIsTooLongEndsItsOwnPictureOnly() throws {
        try Tool.inFolder { tool in
            try furnish(tool, 2)
            let long = String(repeating: "n", count: 248)
            try tool.draw("in/\(long).png", 90)
            let words = command("out", "--name", "{stem}-{seed}{index}.{ext}")
            let planned = try tool.run(words + ["--dry-run"])
            #expect(planned.status == 3)
            #expect(planned.text.contains("1 cannot be made"))
            let made = try tool.run(words)
            #expect(made.status == 3)
            #expect(made.errors.contains("bytes long, 255 at most"))
            #expect(try pictures(tool, "out").count == 2)
        }
    }

    @Test func aPictureOfThatShapeIsSkipped() throws {
        try Tool.inFolder { tool in
            try FileManager.default.createDirectory(
                at: tool.url("in"), withIntermediateDirectories: true)
            try tool.draw("in/wide.png", width: 48, height: 32, 90)
            try tool.draw("in/square.png", width: 32, height: 32, 90)
            let made = try tool(
                "batch", "in", "--verb", "outpaint", "--set", "aspect=3:2", "--fill", "edge",
                "--steps", "0", "--output-dir", "out")
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.errors.contains("in/wide.png: the picture has that shape already"))
            #expect(made.errors.contains("1 made, 1 skipped"))
            #expect(try pictures(tool, "out").keys.sorted() == ["square.png"])
        }
    }
}

extension String {
    fileprivate func count(of part: String) -> Int { ranges(of: part).count }

    /// Editors of other systems end lines with CR LF and begin files with a byte order mark.
    @Test(arguments: ["\n", "\r\n"], ["", "\u{FEFF}"])
    func listsMayComeFromOtherSystems(_ end: String, _ mark: String) throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png")
            try tool.draw("b.png", 120)
            let lines = ["a", "b"].map { "{\"input\": \"\($0).png\", \"fill\": \"edge\"}" }
            try Data((mark + lines.map { $0 + end }.joined()).utf8).write(to: tool.url("l.jsonl"))
            try Data((mark + ["a.png", "b.png"].map { $0 + end }.joined()).utf8)
                .write(to: tool.url("l.txt"))
            for list in ["l.jsonl", "l.txt"] {
                let made = try tool(
                    "batch", list, "--verb", "inpaint", "--masks", "rect:1,1,9,9", "--fill", "edge",
                    "--set", "steps=0", "--output-dir", "out-" + list)
                #expect(made.status == 0, "\(made.errors)")
                #expect(made.text.contains("2 made") || made.errors.contains("2 made"))
            }
        }
    }

    @Test func everyPictureMayBringItsPrompt() throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png")
            try Data("{\"input\": \"a.png\", \"prompt\": \"a bench\"}".utf8)
                .write(to: tool.url("l.jsonl"))
            let made = try tool(
                "batch", "l.jsonl", "--set", "steps=1", "--strength", "1", "--output-dir", "out")
            #expect(made.status == 0, "\(made.errors)")
            try Data("{\"input\": \"a.png\"}".utf8).write(to: tool.url("none.jsonl"))
            let none = try tool("batch", "none.jsonl", "--output-dir", "none")
            #expect(none.status == 64)
            #expect(none.errors.contains("no prompt"))
        }
    }

    @Test func numbersBeyondAnIntAreRefused() throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png")
            for number in ["1e300", "-1e19", "9223372036854775808.0"] {
                try Data("{\"input\": \"a.png\", \"strength\": \(number)}".utf8)
                    .write(to: tool.url("l.jsonl"))
                let made = try tool(
                    "batch", "l.jsonl", "--prompt", "x", "--dry-run", "--output-dir", "out")
                #expect(made.status == 3, "\(made.errors)")
            }
        }
    }
}
