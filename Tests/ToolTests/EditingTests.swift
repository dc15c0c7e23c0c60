import Foundation
import Imaging
import Testing

/// What a run on the stand-in model leaves behind.
@Suite(.serialized) struct EditingTests {
    private struct Document: Decodable {
        let schema: String
        let verb: String
        let output: String
        let seed: UInt64
        let width: Int
        let height: Int
        let recipe: Settings

        struct Settings: Decodable {
            let prompt: String
            let steps: Int
            let seed: UInt64
        }
    }

    @Test func theOutputsPathIsAllOfStandardOutput() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "2")
            #expect(run.status == 0)
            #expect(run.text == "out.png\n")
            #expect(try tool.files == ["in.png", "out.png"])
            let image = try Image(contentsOf: tool.url("out.png"))
            #expect(image.width == 64)
            #expect(image.height == 48)
            #expect(image.metadata.parameters?.hasPrefix("x\nSteps: 2, Sampler: ") == true)
        }
    }

    @Test func aDrawnSeedIsToldAndMakesTheSamePicture() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let arguments = ["img2img", "in.png", "--prompt", "x", "--steps", "2", "--json"]
            let first = try tool.run(arguments + ["-o", "a.png"])
            let document = try JSONDecoder().decode(Document.self, from: first.output)
            #expect(document.schema == "gesso.edit/1")
            #expect(document.verb == "img2img")
            #expect(document.output == "a.png")
            #expect(document.recipe.prompt == "x")
            #expect(document.recipe.steps == 2)
            #expect(document.recipe.seed == document.seed)
            #expect(first.errorLines.first == "gesso: seed \(document.seed)")
            _ = try tool.run(arguments + ["-o", "b.png", "--seed", "\(document.seed)"])
            _ = try tool.run(arguments + ["-o", "c.png", "--seed", "\(document.seed ^ 1)"])
            let files = try ["a.png", "b.png", "c.png"].map { try Data(contentsOf: tool.url($0)) }
            #expect(files[0] == files[1])
            #expect(files[0] != files[2])
        }
    }

    @Test func picturesGoThroughPipes() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let picture = try Data(contentsOf: tool.url("in.png"))
            let arguments = ["--prompt", "x", "--steps", "2", "--seed", "1"]
            let piped = try tool.run(["img2img", "-", "-o", "-"] + arguments, input: picture)
            #expect(piped.status == 0)
            #expect(try tool.files == ["in.png"])
            _ = try tool.run(["img2img", "in.png", "-o", "out.png"] + arguments)
            #expect(try piped.output == Data(contentsOf: tool.url("out.png")))
            let jpeg = try tool.run(
                ["img2img", "in.png", "-o", "-", "--format", "jpg"] + arguments)
            #expect(ImageFormat(sniffing: jpeg.output) == .jpeg)
        }
    }

    @Test func anExistingFileIsReplacedOnlyOnDemand() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try Data("precious".utf8).write(to: tool.url("out.png"))
            let arguments = ["img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "2"]
            #expect(try tool.run(arguments).status == 73)
            #expect(try Data(contentsOf: tool.url("out.png")) == Data("precious".utf8))
            #expect(try tool.run(arguments + ["--overwrite"]).status == 0)
            #expect(try Image(contentsOf: tool.url("out.png")).width == 64)
        }
    }

    @Test func everyVerbMakesItsPicture() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try tool.draw("mask.png", 255)
            let common = ["--prompt", "x", "--steps", "2", "--quiet", "-o"]
            let inpaint = try tool.run(
                ["inpaint", "in.png", "--mask", "mask.png"] + common + ["a.png"])
            let outpaint = try tool.run(
                ["outpaint", "in.png", "--left", "50%"] + common + ["b.png"])
            let text = try tool.run(
                ["txt2img", "--width", "40", "--height", "64"] + common + ["c.png"])
            for run in [inpaint, outpaint, text] {
                #expect(run.status == 0)
                #expect(run.errors.isEmpty)
            }
            let sizes = try ["a.png", "b.png", "c.png"].map {
                let image = try Image(contentsOf: tool.url($0))
                return [image.width, image.height]
            }
            #expect(sizes == [[64, 48], [96, 48], [40, 64]])
        }
    }

    @Test func aPresetIsCompleteAsItStands() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "img2img", "in.png", "-o", "out.png", "--preset", "watercolor", "--set", "steps=2")
            #expect(run.status == 0)
            let parameters = try Image(contentsOf: tool.url("out.png")).metadata.parameters
            #expect(parameters?.hasPrefix("watercolor painting, ") == true)
            #expect(parameters?.contains("\nNegative prompt: photo") == true)
        }
    }

    @Test func progressIsPlainLinesAwayFromATerminal() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "txt2img", "-o", "out.png", "--width", "64", "--height", "64", "--prompt", "x",
                "--steps", "40", "--scheduler", "ddim", "--verbose")
            let steps = run.errorLines.filter { $0.hasPrefix("gesso: step ") }
            #expect(steps.count == 10)
            #expect(steps.last?.hasPrefix("gesso: step 40 of 40") == true)
            #expect(!run.errors.contains("\r"))
            #expect(!run.errors.contains("\u{1B}"))
            let stages = run.errorLines.filter { $0.contains(" took ") }
            #expect(
                stages.map { $0.split(separator: " ")[1] } == [
                    "load", "prompt", "denoise", "decode",
                ])
        }
    }

    @Test func theStandInSaysWhatItIs() throws {
        try Tool.inFolder { tool in
            let arguments = [
                "txt2img", "--width", "64", "--height", "64", "--prompt", "x", "--steps", "1", "-o",
            ]
            let told = try tool.run(arguments + ["a.png"])
            #expect(told.errorLines.filter { $0.contains("is a small model") }.count == 1)
            #expect(try tool.run(arguments + ["b.png", "--quiet"]).errors.isEmpty)
        }
    }

    @Test func aNoteIsAShortLineHoweverLongThePrompt() throws {
        try Tool.inFolder { tool in
            let run = try tool(
                "txt2img", "-o", "out.png", "--width", "64", "--height", "64", "--steps", "2",
                "--prompt", String(repeating: "word ", count: 5000))
            let notes = run.errorLines.filter { $0.hasPrefix("gesso: note: ") }
            #expect(run.status == 0)
            #expect(notes.count == 1)
            #expect(notes.allSatisfy { $0.count <= 240 })
        }
    }

    @Test(arguments: [
        (SIGINT, Int32(130)), (SIGTERM, Int32(143)), (SIGQUIT, Int32(131)), (SIGALRM, Int32(142)),
        (SIGXCPU, Int32(152)),
    ])
    func aSignalEndsTheRunAndLeavesNothing(_ signal: Int32, _ status: Int32) throws {
        try Tool.inFolder { tool in
            let running = try tool.start([
                "txt2img", "-o", "out.png", "--width", "512", "--height", "512", "--prompt", "x",
                "--steps", "500",
            ])
            running.waitFor("gesso: seed ")
            #expect(running.process.isRunning)
            kill(running.process.processIdentifier, signal)
            let outcome = try running.end()
            #expect(outcome.status == status)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errorLines.last == "gesso: interrupted: gesso: nothing was written")
            #expect(try tool.files.isEmpty)
        }
    }

    @Test func aProcessThatMayOpenTooFewFilesSaysSo() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool.shell("ulimit -n 5; exec \"$0\" info in.png")
            #expect(run.status == 75)
            #expect(
                run.errors
                    == "gesso: this process may open too few files: gesso: raise the limit (ulimit -n)\n"
            )
        }
    }

    @Test func anIgnoredSignalStaysIgnored() throws {
        try Tool.inFolder { tool in
            let run = try tool.shell(
                "trap '' HUP; \"$0\" txt2img -o out.png --width 256 --height 256 --prompt x "
                    + "--steps 30 & sleep 0.3; kill -HUP $!; wait $!")
            #expect(run.status == 0)
            #expect(try tool.files == ["out.png"])
        }
    }

    @Test func namesAreTakenLiterally() throws {
        try Tool.inFolder { tool in
            try tool.draw("~in.png")
            let run = try tool(
                "img2img", "~in.png", "-o", "~out.png", "--strength", "0", "--prompt", "x")
            #expect(run.status == 0)
            #expect(try tool.files == ["~in.png", "~out.png"])
        }
    }

    @Test func namesOfResultsFollowThePicture() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.jpg")
            try FileManager.default.createDirectory(
                at: tool.url("out"), withIntermediateDirectories: true)
            func place(_ output: String, _ more: String...) throws -> String {
                try tool.run(
                    ["img2img", "in.jpg", "-o", output, "--prompt", "x", "--seed", "7", "-q"]
                        + ["--strength", "0"] + more
                ).text
            }
            #expect(try place("out/") == "out/in.jpg\n")
            #expect(try place("out/", "--format", "png") == "out/in.png\n")
            let counted = "out/{stem}-{seed}-{index}.{ext}"
            #expect(try place(counted) == "out/in-7-0001.jpg\n")
            #expect(try place(counted) == "out/in-7-0002.jpg\n")
            #expect(try place("{verb}.webp") == "img2img.webp\n")
            #expect(try place("{other}.png") == "{other}.png\n")
            #expect(try place("{other}{seed}.png").isEmpty)
            #expect(try place("nowhere/").isEmpty)
        }
    }

    @Test func aReaderThatLeavesIsNoError() throws {
        try Tool.inFolder { tool in
            let run = try tool.shell(
                "{ \"$0\" txt2img -o - --width 64 --height 64 --prompt x --steps 1 --quiet; "
                    + "echo $? >&2; } | true")
            #expect(run.errors == "0\n")
        }
    }

    @Test func aFullDiskIsToldOnStandardOutput() throws {
        try Tool.inFolder { tool in
            let run = try tool.shell(
                "\"$0\" txt2img -o - --width 64 --height 64 --prompt x --steps 1 --quiet > /dev/full"
            )
            #expect(run.status == 74)
            #expect(
                run.errors
                    == "gesso: cannot write: No space left on device: standard output: redirect it elsewhere\n"
            )
        }
    }
}
