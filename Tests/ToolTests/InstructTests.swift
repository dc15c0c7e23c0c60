import Foundation
import Testing

/// Pictures changed as the prompt says.
@Suite struct InstructTests {
    private static let model = Snapshot.url("x").deletingLastPathComponent()
        .deletingLastPathComponent()
        .appending(components: "Parity", "families", "models", "tiny-instruct")
        .path(percentEncoded: false)

    @Test func anInstructionIsCarriedOutAndReplayed() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "instruct", "in.png", "-o", "out.png", "--prompt", "make it winter", "--model",
                Self.model, "--steps", "2", "--seed", "5", "--image-guidance-scale", "1.2",
                "--receipt", "out.json", "--json")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.text.contains("\"image_guidance_scale\" : 1.2"))
            #expect(try tool("info", "out.png").text.contains("setting Image CFG scale: 1.2"))
            let again = try tool("replay", "out.json", "-o", "again.png")
            #expect(again.text == "identical: again.png\n")
        }
    }

    @Test func itsThreeBranchesArePlannedFor() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "instruct", "in.png", "-o", "out.png", "--prompt", "x", "--model", Self.model,
                "--dry-run")
            #expect(run.text.contains("UNet calls: 21 with pndm, 3 branches each"))
        }
    }

    @Test func theImageScaleIsOneOrMoreAndForInstructionsOnly() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let rest = ["-o", "out.png", "--prompt", "x"]
            let small = try tool.run(
                ["instruct", "in.png", "--image-guidance-scale", "0.5"] + rest)
            #expect(small.status == 64)
            let other = try tool.run(
                ["img2img", "in.png", "--set", "image_guidance_scale=2"] + rest)
            #expect(other.status == 64)
            #expect(other.errors.contains("it is for instruct"))
            let model = try tool.run(["instruct", "in.png"] + rest)
            #expect(model.status == 69)
            #expect(model.errors.contains("follows no instructions"))
            #expect(try tool.files == ["in.png"])
        }
    }
}
