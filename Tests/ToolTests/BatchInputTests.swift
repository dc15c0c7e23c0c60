import Foundation
import TestSupport
import Testing

/// Folders and lists of a batch as other people and systems leave them.
@Suite struct BatchInputTests {
    private static let fill = [
        "--verb", "inpaint", "--fill", "edge", "--steps", "0", "--seed", "1", "--output-dir", "out",
    ]

    private func furnish(_ tool: Tool, _ names: String...) throws {
        for name in names {
            try FileManager.default.createDirectory(
                at: tool.url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
            try tool.draw(name, name.contains("mask") ? 255 : 90)
        }
    }

    private func made(_ tool: Tool) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: tool.url("out").path).sorted()
            .filter { !$0.hasPrefix(".") && $0.contains(".") }
    }

    /// A folder of masks inside of the pictures' is not one of pictures, however deep it is.
    @Test(arguments: ["in/masks", "in/deep/er"])
    func masksInAFolderInsideAreNoPictures(_ folder: String) throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/x.png", "in/sub/y.png")
            for name in ["x.png", "sub/y_mask.png"] {
                try FileManager.default.createDirectory(
                    at: tool.url("\(folder)/\(name)").deletingLastPathComponent(),
                    withIntermediateDirectories: true)
                try tool.draw("\(folder)/\(name)", 255)
            }
            let run = try tool.run(
                ["batch", "in", "--recursive", "--masks", folder] + Self.fill)
            #expect(run.status == 0, "\(run.errors)")
            #expect(
                run.errors.contains(
                    "left out, for they are masks: \(folder)/sub/y_mask.png, \(folder)/x.png"),
                "\(run.errors)")
            #expect(try made(tool) == ["sub/y.png", "x.png"])
            // A batch of that folder alone has its pictures.
            let own = try tool(
                "batch", folder, "--masks", folder + "/x.png", "--verb", "inpaint", "--fill",
                "edge",
                "--steps", "0", "--output-dir", "own")
            #expect(own.status == 0, "\(own.errors)")
        }
    }

    @Test func whatIsNotReadIsNamed() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png")
            for name in ["b.CR2", "c.psd", "d.jxl", "notes.txt", "Thumbs.db"] {
                try Data([1]).write(to: tool.url("in/" + name))
            }
            // A picture by its bytes, whose name does not say so.
            try Data(contentsOf: tool.url("in/a.png")).write(to: tool.url("in/e"))
            try FileManager.default.createSymbolicLink(
                atPath: tool.url("in/gone.png").path, withDestinationPath: "nowhere")
            let run = try tool.run(["batch", "in", "--masks", "rect:1,1,9,9"] + Self.fill)
            #expect(run.status == 3)
            #expect(
                run.errors.contains(
                    "left out, for they are not named as pictures that are read: in/b.CR2, in/c.psd, "
                        + "in/d.jxl, in/e\n"),
                "\(run.errors)")
            #expect(run.errors.contains("in/gone.png: cannot be read"), "\(run.errors)")
            #expect(try made(tool) == ["a.png"])
            let alone = try tool.run(["batch", "in/b.CR2", "--masks", "rect:1,1,9,9"] + Self.fill)
            #expect(alone.status == 65 || alone.status == 3)
        }
    }

    @Test func aNoteNamesAsManyAsALineHolds() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png")
            for number in 100..<150 { try Data([1]).write(to: tool.url("in/\(number).cr2")) }
            let run = try tool.run(["batch", "in", "--masks", "rect:1,1,9,9"] + Self.fill)
            let note = try #require(run.errorLines.first { $0.contains("left out") })
            #expect(note.contains("in/100.cr2") && note.contains("in/108.cr2"), "\(note)")
            #expect(note.hasSuffix(" more") && note.count <= 240 && !note.contains("…"), "\(note)")
        }
    }

    /// Comments, values that are null and names that become no file's name are one line's matter.
    @Test func oddLinesOfListsStandAlone() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png", "in/#b.png")
            let lists = [
                ("a.txt", "# two pictures\nin/a.png\n#\nin/#b.png\n", 0, "2 made\n"),
                ("b.txt", "in/a.png\n.\n/\n", 3, "1 made, 2 failed\n"),
                (
                    "c.jsonl",
                    #"{"input": "in/a.png", "mask": null, "prompt": null}"# + "\n"
                        + #"{"input": null}"# + "\n" + #"{"input": ""}"# + "\n",
                    3, "1 made, 2 failed\n"
                ),
                ("d.ndjson", #"{"input": "in/a.png"}"#, 0, "1 made\n"),
            ]
            for (name, text, status, summary) in lists {
                try Data(text.utf8).write(to: tool.url(name))
                let run = try tool.run(
                    ["batch", name, "--masks", "rect:1,1,9,9", "--overwrite"] + Self.fill)
                #expect(run.status == status, "\(run.errors)")
                #expect(run.errors.hasSuffix(summary), "\(name): \(run.errors)")
            }
            try Data("\n \n".utf8).write(to: tool.url("none.txt"))
            let none = try tool.run(["batch", "none.txt"] + Self.fill)
            #expect(none.status == 66)
            #expect(
                none.errors == "gesso: no pictures: none.txt: write one a line\n", "\(none.errors)")
        }
    }

    /// As in recipes, which people write, too. An escaped letter is the same letter.
    @Test(arguments: [
        (#""prompt": "a", "steps": 2, "prompt": "b""#, "prompt"),
        (#""mask": "rect:1,1,2,2", "m\u0061sk": null"#, "mask"),
        (#""prompt": "say \": \"", "input": "in/b.png""#, "input"),
    ])
    func aKeyGivenTwiceFailsAlone(_ keys: String, _ twice: String) throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png", "in/b.png")
            let lines = [
                #"{"input": "in/a.png", \#(keys)}"#,
                #"{"input": "in/b.png", "prompt": "\"input\": \"prompt\""}"#,
            ]
            try Data(lines.joined(separator: "\n").utf8).write(to: tool.url("l.jsonl"))
            let run = try tool.run(["batch", "l.jsonl", "--masks", "rect:1,1,9,9"] + Self.fill)
            #expect(run.status == 3)
            #expect(
                run.errors.contains("\(twice) is given twice: l.jsonl:1:1: keep one\n"),
                "\(run.errors)")
            #expect(try made(tool) == ["b.png"])
        }
    }

    /// Its masks, which decide what is done, are among what a pipe gives once.
    @Test func aListMayBeAPipe() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "a.png")
            #expect(mkfifo(tool.url("l.jsonl").path, 0o600) == 0)
            let run = try tool.shell(
                """
                echo '{"input": "a.png", "mask": "rect:1,1,9,9"}' > l.jsonl &
                exec "$0" batch l.jsonl --fill edge --steps 0 --seed 1 --output-dir out
                """)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try made(tool) == ["a.png"])
        }
    }

    /// Lists of paths as Windows writes them.
    @Test(arguments: [
        "in\\a.png\nin\\sub\\b.png\n", "\"in/a.png\"\r\n\"in\\sub\\b.png\"\r\n",
    ])
    func pathsMayBeOfWindows(_ list: String) throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png", "in/sub/b.png")
            for text in [Data(list.utf8), list.data(using: .utf16) ?? Data()] {
                try text.write(to: tool.url("list.txt"))
                let run = try tool.run(
                    ["batch", "list.txt", "--masks", "rect:1,1,9,9", "--overwrite"] + Self.fill)
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.text == "out/a.png\nout/b.png\n")
            }
        }
    }

    /// A backslash and quotes are letters of a name where there is such a file.
    @Test(arguments: ["a\\b.png", "\"a\".png"])
    func namesMayHaveSuchLetters(_ name: String) throws {
        try Tool.inFolder { tool in
            try furnish(tool, name)
            try Data((name + "\n").utf8).write(to: tool.url("list.txt"))
            let run = try tool.run(["batch", "list.txt", "--masks", "rect:1,1,9,9"] + Self.fill)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try made(tool) == [name])
        }
    }

    @Test(arguments: ["list.json", "list.csv", "list.TSV"])
    func otherListsAreRefusedByTheirKind(_ name: String) throws {
        try Tool.inFolder { tool in
            try Data("[{\"input\": \"a.png\"}]".utf8).write(to: tool.url(name))
            let run = try tool.run(["batch", name, "--masks", "rect:1,1,9,9"] + Self.fill)
            #expect(run.status == 64)
            #expect(run.errors.contains("is no list that is read: \(name): give a .jsonl file"))
        }
    }

    /// Of two pictures whose results would have one name, the second fails alone, and again in a second run.
    @Test(arguments: ["list.txt", "list.jsonl"])
    func resultsOfOneNameAreNamed(_ list: String) throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png", "other/a.png", "in/b.png")
            let paths = ["in/a.png", "other/a.png", "in/b.png"]
            let lines = list == "list.txt" ? paths : paths.map { "{\"input\": \"\($0)\"}" }
            try Data(lines.joined(separator: "\n").utf8).write(to: tool.url(list))
            let words = ["batch", list, "--masks", "rect:1,1,9,9"] + Self.fill
            let note = "in/a.png and other/a.png would both become a.png: "
            let plan = try tool.run(words + ["--dry-run"])
            #expect(plan.status == 3)
            #expect(plan.text.contains("fail ") && plan.text.contains(note), "\(plan.text)")
            let run = try tool.run(words)
            #expect(run.status == 3)
            #expect(run.errors.contains(note), "\(run.errors)")
            #expect(try made(tool) == ["a.png", "b.png"])
            let first = try Data(contentsOf: tool.url("out/a.png"))
            let again = try tool.run(words)
            #expect(again.status == 3 && again.errors.contains(note), "\(again.errors)")
            #expect(try Data(contentsOf: tool.url("out/a.png")) == first)
        }
    }

    /// So does a picture whose result would have the name of another one's in a format that is given.
    @Test func resultsOfOneFormatMayHaveOneName() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.jpg", "in/a.png", "in/b.png")
            let run = try tool.run(
                ["batch", "in", "--masks", "rect:1,1,9,9", "--format", "webp"] + Self.fill)
            #expect(run.status == 3)
            #expect(
                run.errors.contains("in/a.jpg and in/a.png would both become a.webp"),
                "\(run.errors)")
            #expect(try made(tool) == ["a.webp", "b.webp"])
            // A name that no picture has for itself is refused before anything is made.
            let one = try tool.run(
                ["batch", "in", "--masks", "rect:1,1,9,9", "--name", "x.webp", "--format", "webp"]
                    + Self.fill.dropLast() + ["one"])
            #expect(one.status == 64 && one.errors.contains("would both become x.webp"))
            #expect(!FileManager.default.fileExists(atPath: tool.url("one").path))
        }
    }

    @Test func aResultOlderThanItsPictureIsNoted() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png", "in/b.png", "mask.png")
            let words = ["batch", "in", "--masks", "mask.png"] + Self.fill
            #expect(try tool.run(words).status == 0)
            let again = try tool.run(words)
            #expect(again.errors.contains("0 made, 2 there already"))
            #expect(!again.errors.contains("older"), "\(again.errors)")
            let later = Date(timeIntervalSinceNow: 60)
            for (name, note) in [
                ("in/b.png", "note: b.png is older than what it was made from: remove it"),
                ("mask.png", "note: a.png and 1 more are older than what they were made from"),
            ] {
                try FileManager.default.setAttributes(
                    [.modificationDate: later], ofItemAtPath: tool.url(name).path)
                let stale = try tool.run(words)
                #expect(stale.errors.contains(note), "\(stale.errors)")
            }
            try FileManager.default.removeItem(at: tool.url("out/b.png"))
            #expect(try tool.run(words).text == "out/b.png\n")
        }
    }

    /// As the ending of `-o` does for one picture.
    @Test func theEndingOfNamesDecidesTheFormat() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png", "in/b.jpg")
            let words = ["batch", "in", "--masks", "rect:1,1,9,9", "--name"]
            let run = try tool.run(words + ["{stem}-{seed}.webp"] + Self.fill)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.text == "out/a-1.webp\nout/b-2.webp\n")
            for name in ["a-1.webp", "b-2.webp"] {
                let data = try Data(contentsOf: tool.url("out/" + name))
                #expect(data.dropFirst(8).prefix(4).elementsEqual("WEBP".utf8))
            }
            for name in [["{stem}.webp", "--format", "png"], ["{stem}"]] {
                let refused = try tool.run(words + name + Self.fill.dropLast() + ["other"])
                #expect(refused.status == 64)
                #expect(refused.errors.contains("is no name of a PNG: --name"))
            }
        }
    }

    /// A list of 16 MiB is read; one byte more is not.
    @Test func aListHasALimit() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "a.png")
            let line = Data("a.png\n".utf8)
            let words = ["batch", "list.txt", "--masks", "rect:1,1,9,9", "--dry-run"] + Self.fill
            for (extra, status) in [(0, Int32(0)), (1, 64)] {
                let blank = Data(repeating: 10, count: (16 << 20) - line.count + extra)
                try (line + blank).write(to: tool.url("list.txt"))
                let run = try tool.run(words)
                #expect(run.status == status, "\(run.errors)")
                #expect(status == 0 || run.errors.contains("too long for a list: list.txt"))
            }
        }
    }

    /// A list of a million lines is read; one line more is not.
    @Test func theLinesOfAListHaveALimit() throws {
        try Tool.inFolder { tool in
            let lines = Data(repeatElement(Array("x\n".utf8), count: 1_000_000).joined())
            for (more, reason) in [("", "not an object of texts"), ("x", "too long for a list")] {
                try (lines + Data(more.utf8)).write(to: tool.url("list.jsonl"))
                let run = try tool.run(
                    ["batch", "list.jsonl", "--masks", "rect:1,1,9,9"] + Self.fill)
                #expect(run.status == 64 && run.errors.contains(reason), "\(run.errors)")
            }
        }
    }

    /// An object of 100,000 keys, members and items is read, so that its first key is named; one more is not.
    @Test func aLineOfAListHasALimit() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "a.png")
            let keys = (0..<49_999).map { ",\"k\($0)\":1" }.joined()
            for (more, reason) in [("", "k0"), (",\"k\":1", "more keys than a picture can have")] {
                let lines = "{\"input\":\"a.png\"\(keys)\(more)}\n{\"input\":\"a.png\"}\n"
                try Data(lines.utf8).write(to: tool.url("list.jsonl"))
                let run = try tool.run(
                    ["batch", "list.jsonl", "--masks", "rect:1,1,9,9"] + Self.fill)
                #expect(run.status != 0)
                #expect(run.errors.contains(reason), "\(run.errors.prefix(400))")
                #expect(run.errors.utf8.count < 4096)
            }
        }
    }

    /// A line that is no path is a picture that fails.
    @Test func pathsHaveALimit() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "a.png", "mask.png")
            let long = String(repeating: "x", count: 65537)
            for (lines, status) in [("\(long)\n\n  \na.png\n", Int32(3)), (long + "\r\n", 3)] {
                try Data(lines.utf8).write(to: tool.url("list.txt"))
                let run = try tool.run(
                    ["batch", "list.txt", "--masks", "mask.png"] + Self.fill)
                #expect(run.status == status, "\(run.errors.prefix(400))")
                #expect(run.errors.contains("a path of more than 64 KiB"), "\(run.errors)")
                #expect(run.errors.utf8.count < 4096)
            }
        }
    }

    /// Other endings of JPEGs, and results with the same.
    @Test func picturesMayBeCalledJFIF() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "a.jpg")
            try FileManager.default.createDirectory(
                at: tool.url("in"), withIntermediateDirectories: true)
            for name in ["in/a.jfif", "in/b.JIF"] {
                try FileManager.default.copyItem(at: tool.url("a.jpg"), to: tool.url(name))
            }
            let run = try tool.run(["batch", "in", "--masks", "rect:1,1,9,9"] + Self.fill)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try made(tool) == ["a.jfif", "b.JIF"])
        }
    }

    /// UTF-16 without a mark, and with white space and quotes around paths.
    @Test(arguments: [String.Encoding.utf16LittleEndian, .utf16BigEndian])
    func listsMayBeOfUTF16WithoutAMark(_ encoding: String.Encoding) throws {
        try Tool.inFolder { tool in
            try furnish(tool, "a.png", "b.png")
            let list = "  a.png \r\n'b.png'\r\n"
            try list.data(using: encoding)?.write(to: tool.url("list.txt"))
            let run = try tool.run(["batch", "list.txt", "--masks", "rect:1,1,9,9"] + Self.fill)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try made(tool) == ["a.png", "b.png"])
        }
    }

    /// A mask beside its picture is none to be edited, whatever is done; one that is named is.
    @Test func masksBesidePicturesAreLeftOut() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/x.png", "in/x_mask.png", "in/carnival-mask.png")
            func extend(_ inputs: String...) throws -> Tool.Outcome {
                try tool.run(
                    ["batch"] + inputs + [
                        "--verb", "outpaint", "--set", "right=8", "--fill", "edge", "--steps", "0",
                        "--seed", "1", "--output-dir", "out", "--overwrite",
                    ])
            }
            let run = try extend("in")
            #expect(run.status == 0, "\(run.errors)")
            #expect(
                run.errors.contains("left out, for they are masks: in/x_mask.png"), "\(run.errors)")
            #expect(try made(tool) == ["carnival-mask.png", "x.png"])
            #expect(try extend("in/x.png", "in/x_mask.png").status == 0)
            #expect(try made(tool).contains("x_mask.png"))
        }
    }

    @Test func aNameThatLeadsToNothingFailsAlone() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png")
            let run = try tool.run(
                ["batch", "nowhere.png", "in/a.png", "x/*.png", "--masks", "rect:1,1,9,9"]
                    + Self.fill)
            #expect(run.status == 3)
            #expect(run.errors.contains("no such file or folder: nowhere.png"), "\(run.errors)")
            #expect(run.errors.contains("no picture has such a name: x/*.png"), "\(run.errors)")
            #expect(run.errors.contains("1 made, 2 failed"), "\(run.errors)")
            #expect(try made(tool) == ["a.png"])
            let alone = try tool.run(["batch", "nowhere.png"] + Self.fill)
            #expect(alone.status == 66 && alone.errorLines.count == 1)
        }
    }

    @Test func aPlaceThatIsTakenFailsAlone() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png", "in/b.png", "in/c.png", "in/d.png")
            for folder in ["out/b.png", "out/d.png.json"] {
                try FileManager.default.createDirectory(
                    at: tool.url(folder), withIntermediateDirectories: true)
            }
            let run = try tool.run(
                ["batch", "in", "--masks", "rect:1,1,9,9", "--overwrite", "--receipt"] + Self.fill)
            #expect(run.status == 3)
            #expect(run.errors.contains("2 made, 2 failed"), "\(run.errors)")
            #expect(
                run.errors.contains("its result cannot be written, it is a folder"), "\(run.errors)"
            )
            #expect(FileManager.default.fileExists(atPath: tool.url("out/c.png").path))
        }
    }

    /// A LoRA of another kind of model, of one picture alone, is the first one's or a later one's matter.
    @Test(arguments: ["a", "b"])
    func anAddOnThatDoesNotFitFailsAlone(_ odd: String) throws {
        try Tool.inFolder { tool in
            try furnish(tool, "a.png", "b.png", "c.png")
            try FileManager.default.copyItem(
                at: Fixtures.folder.appending(path: "Weights/LoRA/ia3.safetensors"),
                to: tool.url("ia3.safetensors"))
            let lines = ["a", "b", "c"].map { name in
                #"{"input": "\#(name).png""#
                    + (name == odd ? #", "lora": "ia3.safetensors"}"# : "}")
            }
            try Data(lines.joined(separator: "\n").utf8).write(to: tool.url("list.jsonl"))
            let run = try tool(
                "batch", "list.jsonl", "--prompt", "cat", "--steps", "2", "--strength", "0.6",
                "--seed", "1", "--output-dir", "out", "--model",
                Fixtures.parity.appending(path: "models/tiny-f16").path(percentEncoded: false))
            #expect(run.status == 3, "\(run.errors)")
            #expect(run.errors.contains("is IA3, which is not applied"), "\(run.errors)")
            #expect(run.errors.hasSuffix("2 made, 1 failed\n"), "\(run.errors)")
        }
    }

    /// What fits no picture ends a batch at once, unless a list has settings of single ones.
    @Test func settingsThatFitNoPictureAreRefusedOnce() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png", "in/b.png")
            let model = Fixtures.parity.appending(path: "models/tiny-f16").path()
            let settings = [
                "--verb", "img2img", "--prompt", "x", "--strength", "0.5", "--seed", "1", "--model",
                model, "--output-dir", "out",
            ]
            let all = try tool.run(["batch", "in", "--steps", "1"] + settings)
            #expect(all.status == 64)
            #expect(all.errors.ranges(of: "strength 0.5 leaves none of 1 steps").count == 1)
            #expect(!all.errors.contains("in/a.png:"), "\(all.errors)")
            let list = #"{"input": "in/a.png", "steps": 1}"# + "\n" + #"{"input": "in/b.png"}"#
            try Data(list.utf8).write(to: tool.url("l.jsonl"))
            let some = try tool.run(["batch", "l.jsonl", "--steps", "2"] + settings)
            #expect(some.status == 3)
            #expect(some.errors.contains("in/a.png: strength 0.5 leaves none"), "\(some.errors)")
            #expect(try made(tool) == ["b.png"])
        }
    }

    @Test func whatIsMissingIsNamedAtOnce() throws {
        try Tool.inFolder { tool in
            try furnish(tool, "in/a.png", "in/b.png", "masks/b.png", "sub/a.png")
            let none = try tool.run(["batch", "in", "--masks", "nowhere"] + Self.fill)
            #expect(none.status == 66 && none.errors.contains("no such file or folder: nowhere"))
            let one = try tool.run(["batch", "in", "--masks", "masks"] + Self.fill)
            #expect(one.status == 3)
            #expect(
                one.errors.contains(
                    "no mask for in/a.png: masks: --masks: call it a_mask.png or a.png"),
                "\(one.errors)")
            let option = try tool("batch", "in", "-o", "out")
            #expect(option.status == 64 && option.errors.contains("did you mean '--output-dir'?"))
            try Data("./sub/a.png\n./in/a.png\n".utf8).write(to: tool.url("list.txt"))
            let list = try tool.run(
                ["batch", "list.txt", "--masks", "rect:1,1,9,9", "--overwrite"] + Self.fill)
            #expect(
                list.errors.contains("sub/a.png and in/a.png would both become a.png"),
                "\(list.errors)")
            #expect(!list.errors.contains("./"), "\(list.errors)")
        }
    }
}
