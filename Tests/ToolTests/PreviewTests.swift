import Foundation
import Imaging
import TestSupport
import Testing

/// Looking on while a picture is made.
@Suite struct PreviewTests {
    private static let vae = Fixtures.builtInModel.appending(path: "vae")

    private func edit(_ output: String, _ more: String...) -> [String] {
        [
            "img2img", "in.png", "-o", output, "--prompt", "a lake", "--steps", "4", "--seed", "5",
            "--strength", "1", "--scheduler", "ddim",
        ] + more
    }

    @Test func lookingOnChangesNothing() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            #expect(try tool.run(edit("plain.png")).status == 0)
            let seen = try tool.run(
                edit(
                    "seen.png", "--preview", "every:3", "--preview-file", "now.png",
                    "--filmstrip", "strip.png"))
            #expect(seen.status == 0)
            #expect(seen.text == "seen.png\n")
            #expect(
                try Data(contentsOf: tool.url("plain.png"))
                    == Data(contentsOf: tool.url("seen.png")))
            #expect(try tool.files == ["in.png", "now.png", "plain.png", "seen.png", "strip.png"])
            // Steps 3 and 4 of 4, and the result.
            let strip = try Image(contentsOf: tool.url("strip.png"))
            #expect(strip.width > 3 * strip.height / 2)
        }
    }

    /// What is seen at the end is about what comes out: its colours at an eighth of the size.
    @Test func theLastPreviewLooksLikeTheResult() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png", width: 128, height: 128)
            let made = try tool.run(
                edit("out.png", "--preview", "every:4", "--preview-file", "now.png"))
            #expect(made.status == 0)
            let result = try Image(contentsOf: tool.url("out.png")).resized(width: 16, height: 16)
            let shown = try Image(contentsOf: tool.url("now.png")).resized(width: 16, height: 16)
            let differences = zip(result.samples, shown.samples).map { abs(Int($0) - Int($1)) }
            #expect(differences.reduce(0, +) / differences.count < 20)
        }
    }

    @Test func aVAEOfItsOwnMakesPreviews() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let made = try tool.run(
                edit(
                    "out.png", "--preview-file", "now.png", "--preview-vae",
                    Self.vae.path))
            #expect(made.status == 0)
            // With the model's own VAE the last preview is the picture, before it is cropped.
            let (result, shown) = (
                try Image(contentsOf: tool.url("out.png")),
                try Image(contentsOf: tool.url("now.png"))
            )
            #expect(shown.width >= result.width)
            let refused = try tool.run(
                edit("b.png", "--filmstrip", "s.png", "--preview-vae", "in.png"))
            #expect(refused.status == 65)
            #expect(try !tool.files.contains("b.png"))
        }
    }

    /// They are made before the step is found to have led nowhere.
    @Test func whatIsNotFiniteIsAnErrorWithPreviewsToo() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try FileManager.default.copyItem(
                at: Fixtures.parity.appending(path: "models/tiny-f32"), to: tool.url("model"))
            let file = tool.url("model/unet/config.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            let changed = text.replacing("\"norm_eps\": 1e-05", with: "\"norm_eps\": -1000")
            #expect(changed != text)
            try changed.write(to: file, atomically: true, encoding: .utf8)
            let made = try tool.run(
                edit("out.png", "--model", "model", "--preview-file", "now.png"))
            #expect(made.status == 65, "\(made.errors)")
            #expect(made.errors.contains("NaN at step 1 of 4"), "\(made.errors)")
            #expect(try !tool.files.contains("out.png"))
        }
    }

    @Test(arguments: [
        (["--preview", "every:0"], 64), (["--preview", "often"], 64),
        (["--preview-file", "in.png"], 64),
        (["--preview-file", "x.png", "--filmstrip", "x.png"], 64),
        (["--filmstrip", "out.png"], 64), (["--preview-vae", "in.png"], 64),
        (["--filmstrip", "nowhere/x.png"], 73),
    ])
    func whatCannotBeIsToldBeforehand(_ flags: [String], _ status: Int) throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let outcome = try tool.run(edit("out.png") + flags)
            #expect(Int(outcome.status) == status, "\(flags)")
            #expect(outcome.errorLines.count == 1)
            #expect(try tool.files == ["in.png"])
        }
    }

    @Test func aPlanSaysHowLongItTakes() throws {
        struct Plan: Decodable {
            let schema: String
            let estimated_seconds: Double
            let seconds: [String: Double]
            let files: [String]
        }
        try Tool.inFolder { tool in
            try tool.draw("in.png", width: 256, height: 256)
            func plan(_ steps: String) throws -> Plan {
                try JSONDecoder().decode(
                    Plan.self,
                    from: tool(
                        "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", steps,
                        "--scheduler", "ddim", "--strength", "0.75", "--dry-run", "--json",
                        "--filmstrip", "s.png"
                    ).output)
            }
            let (short, long) = (try plan("10"), try plan("40"))
            #expect(short.schema == "gesso.plan/1")
            #expect(short.files == ["out.png", "s.png"])
            #expect(short.estimated_seconds > 0)
            // The speed was kept, so four times the steps are four times the work.
            let ratio = try #require(long.seconds["denoise"]) / (short.seconds["denoise"] ?? 1)
            #expect(abs(ratio - 30.0 / 7) < 0.01)
            #expect(try tool.files == [".cache", "in.png"])
            let fill = try tool(
                "inpaint", "in.png", "--mask", "rect:1,1,9,9", "--fill", "patch", "--steps", "0",
                "-o", "out.png", "--dry-run")
            #expect(fill.text.contains("UNet calls: none"))
            #expect(fill.text.contains("files: out.png"))
        }
    }
}
