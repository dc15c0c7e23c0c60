import Foundation
import Testing

/// Second runs and variations of a seed, from the command line to the picture's settings and back.
@Suite struct HiresToolTests {
    private let words = [
        "--prompt", "a lake", "--steps", "4", "--width", "32", "--height", "40", "--seed", "9",
        "--scheduler", "euler", "--rng", "nv", "--variation-seed", "5", "--variation-strength",
        "0.25",
    ]

    @Test(arguments: ["latent-bicubic", "lanczos"])
    func aPictureIsMadeAgainFromItsSettingsAndItsReceipt(_ upscaler: String) throws {
        try Tool.inFolder { tool in
            let second = [
                "--hires-scale", "2", "--hires-upscaler", upscaler, "--hires-steps", "6",
                "--hires-strength", "0.5", "--set", "hires_prompt=a sea, a boat",
                "--set", "hires_scheduler=DPM++ 2M Karras",
            ]
            let first = try tool.run(
                ["txt2img", "-o", "a.png", "--receipt", "a.json"] + words + second)
            #expect(first.status == 0, "\(first.errors)")
            let info = try tool("info", "a.png").text
            #expect(info.contains("64x80"), "\(info)")
            let again = try tool("txt2img", "-o", "b.png", "--from-image", "a.png")
            #expect(again.status == 0, "\(again.errors)")
            #expect(!again.errors.contains("left out"), "\(again.errors)")
            #expect(try tool("compare", "a.png", "b.png").text.contains("difference: 0 of 255"))
            let replayed = try tool("replay", "a.json", "-o", "c.png")
            #expect(replayed.status == 0, "\(replayed.errors)")
        }
    }

    @Test func thePlanCountsBothRuns() throws {
        try Tool.inFolder { tool in
            let plan = try tool.run(
                ["txt2img", "-o", "a.png", "--dry-run"] + words
                    + ["--hires-size", "64x64", "--hires-strength", "0.5"])
            #expect(plan.status == 0, "\(plan.errors)")
            #expect(
                plan.text.contains("picture: 64x64, worked on at 64x64 at most\n"), "\(plan.text)")
            #expect(plan.text.contains("UNet calls: 6 with euler, 2 branches each\n"))
        }
    }
}
