import Foundation
import Testing

/// What is added to a checkpoint by flags.
@Suite(.serialized) struct AddOnToolTests {
    private static let parity = Snapshot.url("x").deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Parity")
    private static let model = parity.appending(components: "models", "tiny-f32")
        .path(percentEncoded: false)
    private static let lora = parity.appending(components: "addons", "kohya.safetensors")

    private static func words(_ output: String) -> [String] {
        [
            "txt2img", "--width", "32", "--height", "32", "--steps", "2", "--seed", "1", "--model",
            model, "-o", output,
        ]
    }

    @Test func aLoRAIsRecordedAndReplayed() throws {
        try Tool.inFolder { tool in
            try FileManager.default.createDirectory(
                at: tool.url("models/loras"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: Self.lora, to: tool.url("models/loras/tiny.safetensors"))
            var shelf = tool
            shelf.environment = ["GESSO_MODELS": "models"]
            let flag = try shelf.run(
                Self.words("a.png")
                    + ["--prompt", "x", "--lora", "tiny:0.5", "--receipt", "a.json"])
            #expect(flag.status == 0, "\(flag.errors)")
            let tag = try shelf.run(Self.words("b.png") + ["--prompt", "x<lora:tiny:0.5>"])
            #expect(tag.status == 0, "\(tag.errors)")
            #expect(try shelf("compare", "a.png", "b.png").status == 0)
            let info = try tool("info", "a.png").text
            #expect(info.contains("<lora:tiny:0.5>"))
            #expect(info.contains("tiny: "))
            // The receipt alone says where the file lies.
            let again = try tool("replay", "a.json", "-o", "again.png")
            #expect(again.text.hasPrefix("identical"), "\(again.text)\(again.errors)")
        }
    }

    @Test func badAddOnsAreRefused() throws {
        try Tool.inFolder { tool in
            let path = Self.lora.path(percentEncoded: false)
            for (flags, status) in [
                (["--lora", path + ":1e9"], 64), (["--lora", path, "--lora", "/./" + path], 64),
                (["--lora", "nowhere"], 66), (["--vae", path], 69), (["--embedding", path], 69),
                (["--clip-skip", "0"], 64),
            ] as [([String], Int32)] {
                let run = try tool.run(Self.words("out.png") + ["--prompt", "x"] + flags)
                #expect(run.status == status, "\(flags) \(run.errors)")
                #expect(run.errorLines.count == 1)
                #expect(try tool.files.isEmpty)
            }
            let literal = try tool.run(
                Self.words("out.png") + ["--prompt", "a<lora:../../x:1>"])
            #expect(literal.status == 0)
            #expect(literal.errors.contains("<lora:../../x:1> names no LoRA: it stays text"))
        }
    }
}
