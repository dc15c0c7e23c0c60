import Foundation
import Testing

/// How checkpoints are named and found.
@Suite(.serialized) struct ModelLayoutTests {
    private static let families = Snapshot.url("x").deletingLastPathComponent()
        .deletingLastPathComponent().appending(components: "Parity", "families")

    private static let edit = [
        "inpaint", "in.png", "--mask", "mask.png", "--prompt", "x", "--steps", "2", "--seed", "1",
        "--quiet", "--overwrite", "-o", "out.png",
    ]

    @Test func singleFilesFindATokenizer() throws {
        let single = Self.families.appending(components: "single", "tiny-inpaint.safetensors")
        let folder = Self.families.appending(components: "models", "tiny-inpaint")
        try Tool.inFolder { tool in
            var tool = tool
            tool.program = tool.url("gesso")
            try Tool.copyProgram(to: tool.program)
            try tool.draw("in.png")
            try tool.draw("mask.png", 255)
            try tool.link("file.safetensors", to: single)
            let arguments = Self.edit + ["--model", "file.safetensors"]
            let none = try tool.run(arguments)
            #expect(none.status == 66)
            #expect(
                none.errors
                    == "gesso: file.safetensors comes without a tokenizer: give --tokenizer FOLDER, "
                    + "or put share/gesso/Models beside gesso's folder\n")

            let named = arguments + ["--tokenizer", folder.path(percentEncoded: false)]
            #expect(try tool.run(named).status == 0)
            #expect(try tool.run(arguments + ["--tokenizer", "nowhere"]).status == 66)

            try tool.link("models/any", to: folder)
            var shelf = tool
            shelf.environment = ["GESSO_MODELS": "models"]
            #expect(try shelf.run(arguments).status == 0)

            try tool.link(
                ".cache/huggingface/hub/models--openai--clip/snapshots/0a/vocab.json",
                to: folder.appending(components: "tokenizer", "vocab.json"))
            try tool.link(
                ".cache/huggingface/hub/models--openai--clip/snapshots/0a/merges.txt",
                to: folder.appending(components: "tokenizer", "merges.txt"))
            #expect(try tool.run(arguments).status == 0)
        }
    }

    @Test func theHuggingFaceCacheIsReadOffline() throws {
        let folder = Self.families.appending(components: "models", "tiny-2")
        try Tool.inFolder { tool in
            try tool.link("hub/models--org--name/snapshots/0123abcd", to: folder)
            try FileManager.default.createDirectory(
                at: tool.url("hub/models--org--name/refs"), withIntermediateDirectories: true)
            try Data("0123abcd".utf8).write(to: tool.url("hub/models--org--name/refs/main"))
            for environment in [["HF_HOME": "."], ["HF_HUB_CACHE": "hub", "HF_HOME": "x"]] {
                var cached = tool
                cached.environment = environment
                let run = try cached("model", "inspect", "org/name")
                #expect(run.status == 0)
                #expect(run.text.hasPrefix("family: Stable Diffusion 2.x\n"))
                #expect(try cached("model", "inspect", "org/other").status == 66)
                #expect(try cached("model", "inspect", "../name").status == 66)
            }
            try tool.draw("in.png")
            var cached = tool
            cached.environment = ["HF_HOME": "."]
            let run = try cached(
                "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "2", "--json",
                "--model", "org/name")
            #expect(run.text.contains("\"org\\/name\"") || run.text.contains("\"org/name\""))
        }
    }

    @Test func inspectionTellsTheFamily() throws {
        try Tool.inFolder { tool in
            let single = Self.families.appending(components: "single", "tiny-inpaint.safetensors")
            let run = try tool("model", "inspect", single.path(percentEncoded: false))
            #expect(
                run.text == """
                    family: Stable Diffusion 1.x
                    layout: single file
                    size: 512x512 pixels, 8 to a latent
                    scheduler: PNDMScheduler, epsilon prediction
                    prediction: usual for its kind
                    made for: inpainting and outpainting only, 9 channels
                    text_encoder: 48864 F16, 77 I64
                    unet: 53644 F16
                    vae: 14291 F16
                    of no part: 2, alphas_cumprod, model_ema.decay
                    memory: 0.00 GB of weights and 0.03 GB of work at 512x512

                    """)
        }
    }

    @Test func anInpaintingModelDoesNothingElse() throws {
        let folder = Self.families.appending(components: "models", "tiny-inpaint")
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let path = folder.path(percentEncoded: false)
            for words in [["img2img", "in.png"], ["txt2img"]] {
                let run = try tool.run(words + ["-o", "out.png", "--prompt", "x", "--model", path])
                #expect(run.status == 69)
                #expect(run.errorLines.count == 1)
                #expect(run.errors.contains("is for inpainting and outpainting only"))
                #expect(try tool.files == ["in.png"])
            }
        }
    }
}
