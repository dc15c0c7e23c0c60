import Foundation
import Imaging
import Testing

/// What is read is never replaced by what is written beside a result.
@Suite struct InputsKeptTests {
    @Test(arguments: [
        "inpaint in.png --mask rect:1,1,9,9 --fill edge --steps 0 -o out.png --receipt in.png",
        "inpaint in.png --mask m.png --fill edge --steps 0 -o out.png --receipt link.png",
        "img2img in.png --prompt x --steps 1 -o out.png --preview 1 --preview-file ./in.png",
        "img2img in.png --prompt x --steps 1 -o out.png --filmstrip in.png",
        "mask in.png --mask rect:1,1,9,9 -o out.png --overlay in.png",
        "inpaint in.png --mask m.png --fill edge --steps 0 -o m.png",
        "inpaint in.png --mask m.png --fill edge --steps 0 -o link.png",
        "inpaint in.png --mask rect:1,1,9,9 --fill patch --avoid m.png --steps 0 -o m.png",
        "mask in.png --mask m.png -o in.png",
        "mask in.png --mask m.png -o m.png",
        "sheet in.png m.png -o in.png",
        "control in.png --kind canny -o in.png",
    ])
    func anEditKeepsItsPictures(_ line: String) throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try tool.draw("m.png", 255)
            try FileManager.default.createSymbolicLink(
                at: tool.url("link.png"), withDestinationURL: tool.url("m.png"))
            let before = try ["in.png", "m.png"].map { try Data(contentsOf: tool.url($0)) }
            let run = try tool.run(
                line.split(separator: " ").map(String.init) + ["--overwrite"])
            #expect(run.status == 64)
            #expect(
                run.errors.contains("it would replace a picture that is read: "), "\(run.errors)")
            #expect(try tool.files == ["in.png", "link.png", "m.png"])
            let after = try ["in.png", "m.png"].map { try Data(contentsOf: tool.url($0)) }
            #expect(before == after)
        }
    }

    /// A photo may be edited in place, with a mask of its own transparency or colours too.
    @Test(arguments: ["rect:1,1,9,9", "in.png"])
    func aPictureIsEditedInPlace(_ mask: String) throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png", 255)
            let run = try tool(
                "inpaint", "in.png", "--mask", mask, "--fill", "color:#336699", "--steps", "0",
                "-o", "in.png", "--overwrite")
            #expect(run.status == 0, "\(run.errors)")
            let after = try Image(contentsOf: tool.url("in.png"))
            #expect(!after[x: 5, y: 5].elementsEqual([255, 255, 255]))
        }
    }

    @Test func aReceiptMayNotReplaceThePictureByALink() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try tool.draw("out.png")
            try FileManager.default.createSymbolicLink(
                at: tool.url("link"), withDestinationURL: tool.url("out.png"))
            let run = try tool(
                "inpaint", "in.png", "--mask", "rect:1,1,9,9", "--fill", "edge", "--steps", "0",
                "-o", "out.png", "--receipt", "link", "--overwrite")
            #expect(run.status == 64)
            #expect(run.errors.contains("the receipt would replace the picture"))
        }
    }

    @Test(arguments: [
        "in --masks masks --output-dir masks",
        "in --masks masks --output-dir out --contact-sheet in/a.png",
        "in --masks masks --output-dir out --contact-sheet masks/a.png",
    ])
    func aBatchKeepsItsPicturesAndMasks(_ line: String) throws {
        try Tool.inFolder { tool in
            for folder in ["in", "masks"] {
                try FileManager.default.createDirectory(
                    at: tool.url(folder), withIntermediateDirectories: true)
            }
            try tool.draw("in/a.png")
            try tool.draw("masks/a.png", 255)
            let before = try ["in/a.png", "masks/a.png"].map { try Data(contentsOf: tool.url($0)) }
            let words = line.split(separator: " ").map(String.init)
            let run = try tool.run(
                ["batch"] + words
                    + ["--verb", "inpaint", "--fill", "edge", "--steps", "0", "--overwrite"])
            #expect(run.status == 64)
            #expect(run.errors.contains("would replace a picture"), "\(run.errors)")
            let after = try ["in/a.png", "masks/a.png"].map { try Data(contentsOf: tool.url($0)) }
            #expect(before == after)
        }
    }

    @Test func aLogIsNoPicture() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let before = try Data(contentsOf: tool.url("in.png"))
            let run = try tool("info", "in.png", "--log-file", "in.png")
            #expect(run.status == 64)
            #expect(run.errors == "gesso: a log is no picture: in.png: give another --log-file\n")
            #expect(try Data(contentsOf: tool.url("in.png")) == before)
        }
    }

    @Test func aLogThatCannotBeWrittenIsNamedOnce() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "inpaint", "in.png", "--mask", "rect:1,1,9,9", "--fill", "edge", "--steps", "0",
                "-o", "out.png", "--log-file", "/dev/full")
            #expect(run.status == 0)
            #expect(run.errorLines.count { $0.contains("the log cannot be written") } == 1)
        }
    }

    @Test func aPictureForStandardOutputThatIsClosedIsRefusedAtOnce() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let edit = "\"$0\" inpaint in.png --mask rect:1,1,9,9 --fill edge --steps 0"
            let refused = try tool.shell("\(edit) -o - >&-")
            #expect(refused.status == 73)
            #expect(
                refused.errors
                    == "gesso: standard output is closed: -o -: redirect it to a file\n")
            // Whoever closes it only does without the name of the file.
            #expect(try tool.shell("\(edit) -o out.png --quiet >&-").status == 0)
            #expect(try tool.files == ["in.png", "out.png"])
        }
    }

    @Test(arguments: ["--help", "inpaint --help", "--version", "--generate-completion-script bash"])
    func helpThatCannotBeWrittenIsAnError(_ words: String) throws {
        try Tool.inFolder { tool in
            let run = try tool.shell("\"$0\" \(words) > /dev/full")
            #expect(run.status == 74)
            #expect(run.errors.hasPrefix("gesso: cannot write: "))
        }
    }
}
