import Files
import Foundation
import Testing

/// Checkpoints looked at, converted, added up and found.
@Suite(.serialized) struct ModelCommandTests {
    private static let parity = Snapshot.url("x").deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Parity")
    private static let inpaint = parity.appending(components: "families", "models", "tiny-inpaint")
    private static let single = parity.appending(
        components: "families", "single", "tiny-inpaint.safetensors")

    private static func path(_ url: URL) -> String { url.path(percentEncoded: false) }

    private struct Document: Decodable {
        let schema: String
        let kind: String
        let family: String?
        let channels: Int?
        let prediction: String?
        let components: [Component]
        let memory: Memory?
        let files: [File]?

        struct Component: Decodable {
            let name: String
            let parameters: [String: Int]
            let missing: Names
            let left_over: Names
            let non_finite: Names
        }
        struct Names: Decodable {
            let count: Int
            let names: [String]
        }
        struct Memory: Decodable {
            let width: Int
            let work_bytes: Int
        }
        struct File: Decodable {
            let path: String
            let sha256: String
            let auto_v2: String
        }
    }

    private func document(_ tool: Tool, _ arguments: String...) throws -> Document {
        let run = try tool.run(["model", "inspect", "--json"] + arguments)
        #expect(run.status == 0, "\(run.errors)")
        return try JSONDecoder().decode(Document.self, from: run.output)
    }

    @Test func inspectionHasADocument() throws {
        try Tool.inFolder { tool in
            let path = Self.path(Self.single)
            let small = try document(tool, path, "--hash", "--size", "64x48")
            #expect(small.schema == "gesso.model/1")
            #expect(small.kind == "checkpoint")
            #expect((small.channels, small.prediction) == (9, "epsilon"))
            #expect(small.components.map(\.name) == ["text_encoder", "unet", "vae"])
            #expect(small.components.allSatisfy { $0.missing.count + $0.left_over.count == 0 })
            let hash = Digest.sha256(try Data(contentsOf: Self.single))
            #expect(small.files?.map(\.sha256) == [hash])
            #expect(small.files?.first?.auto_v2 == String(hash.prefix(10)))
            let large = try document(tool, path, "--size", "640x480")
            #expect(large.files == nil)
            #expect(large.memory?.width == 640)
            #expect((large.memory?.work_bytes ?? 0) > (small.memory?.work_bytes ?? .max))
            for size in ["4x4", "256xx256", "x64x64", "64x"] {
                #expect(try tool("model", "inspect", path, "--size", size).status == 64)
            }
        }
    }

    @Test func theConfiguredModelIsInspected() throws {
        try Tool.inFolder { tool in
            var tool = tool
            tool.environment = ["GESSO_MODEL": "nope"]
            let unknown = try tool("model", "inspect")
            #expect(unknown.status == 66)
            #expect(unknown.errors.contains("no such model: nope"), "\(unknown.errors)")
            tool.environment = ["GESSO_MODEL": Self.path(Self.single)]
            #expect(try document(tool).channels == 9)
        }
    }

    /// Elsewhere, the tool does not find the models of the source tree.
    @Test func whatCanBeDownloadedIsListedAlone() throws {
        try Tool.inFolder { tool in
            var copied = tool
            copied.program = tool.url("gesso")
            try Tool.copyProgram(to: copied.program)
            let list = try copied("model", "list", "--available")
            #expect(list.status == 0, "\(list.errors)")
            #expect(list.text.hasPrefix("Download with"), "\(list.text)")
        }
    }

    @Test func inspectionTellsWhatIsMissingAndLeftOver() throws {
        try Tool.inFolder { tool in
            try FileManager.default.copyItem(at: Self.inpaint, to: tool.url("model"))
            let file = tool.url("model/unet/diffusion_pytorch_model.safetensors")
            // The same length, so that nothing else changes.
            var data = try Data(contentsOf: file)
            let name = try #require(data.range(of: Data("\"conv_out.bias\"".utf8)))
            data.replaceSubrange(name, with: Data("\"conv_uot.bias\"".utf8))
            try data.write(to: file)
            let unet = try #require(
                try document(tool, "model").components.first { $0.name == "unet" })
            #expect(unet.missing.names == ["conv_out.bias"])
            #expect(unet.left_over.names == ["conv_uot.bias"])
            let run = try tool("model", "inspect", "model")
            #expect(run.text.contains("unet, missing: 1, conv_out.bias\n"))
        }
    }

    @Test func otherFilesAreRecognised() throws {
        try Tool.inFolder { tool in
            let vae = Self.inpaint.appending(
                components: "vae", "diffusion_pytorch_model.safetensors")
            #expect(try document(tool, Self.path(vae)).kind == "a VAE")
            let header =
                "{\"emb_params\":{\"dtype\":\"F32\",\"shape\":[1,2],"
                + "\"data_offsets\":[0,8]}}"
            let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
            try (length + Data(header.utf8) + Data(count: 8)).write(to: tool.url("e.safetensors"))
            #expect(
                try document(tool, "e.safetensors").kind == "a textual inversion embedding")
            try Data("GGUF\u{3}\0\0\0".utf8).write(to: tool.url("g.safetensors"))
            let gguf = try tool("model", "inspect", "g.safetensors")
            #expect(gguf.status == 65)
            #expect(gguf.errorLines.count == 1)
        }
    }

    @Test func aConvertedModelGivesTheSamePicture() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try tool.draw("mask.png", 255)
            let run = try tool("model", "convert", Self.path(Self.inpaint), "-o", "m.safetensors")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.text == "m.safetensors\n")
            let back = try tool(
                "model", "convert", "m.safetensors", "-o", "back", "--json", "--tokenizer",
                Self.path(Self.inpaint))
            #expect(back.status == 0, "\(back.errors)")
            #expect(back.text.contains("\"schema\" : \"gesso.conversion/1\""))
            for (model, result) in [(Self.path(Self.inpaint), "a.png"), ("back", "b.png")] {
                let edit = try tool(
                    "inpaint", "in.png", "--mask", "mask.png", "--prompt", "x", "--steps", "2",
                    "--seed", "1", "--model", model, "-o", result)
                #expect(edit.status == 0, "\(edit.errors)")
            }
            #expect(try tool("compare", "a.png", "b.png").text.contains("infinite, equal"))
            #expect(try tool("model", "convert", "back", "-o", "m.safetensors").status == 73)
            #expect(try tool("model", "convert", "back", "-o", "x", "--type", "f8").status == 64)
        }
    }

    @Test func anInpaintingModelIsAddedUp() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let arguments = [
                "inpaint", "in.png", "--mask", "rect:0,0,32,32", "--prompt", "x", "--steps", "2",
                "--seed", "1", "-o", "out.png",
            ]
            let half = try tool.run(arguments + ["--inpaint-base", Self.path(Self.inpaint)])
            #expect(half.status == 64)
            // The built-in model is of another shape than the tiny ones.
            let other = try tool.run(
                arguments + [
                    "--inpaint-base", Self.path(Self.inpaint), "--inpaint-delta",
                    "gesso-builtin",
                ])
            #expect(other.status == 69)
            #expect(other.errorLines.count == 1)
            #expect(other.errors.contains("cannot be made an inpainting model"))
            #expect(try tool.files == ["in.png"])
        }
    }

    /// Where the model is what the inpainting one was made from, the sum has the inpainting one's UNet, but not it alone:
    /// its text encoders were trained along.
    @Test func theSumIsRecordedAndReplayed() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let xl = Self.parity.appending(components: "families", "models", "tiny-xl")
            let singles = Self.single.deletingLastPathComponent()
            for name in ["tiny-xl", "tiny-xl-inpaint"] {
                try FileManager.default.copyItem(
                    at: singles.appending(path: name + ".safetensors"),
                    to: tool.url(name + ".safetensors"))
            }
            let common = [
                "inpaint", "in.png", "--mask", "rect:16,8,24,24", "--prompt", "x", "--steps", "2",
                "--seed", "1", "--model", Self.path(xl),
            ]
            let sum = try tool.run(
                common + [
                    "--inpaint-base", "tiny-xl-inpaint.safetensors", "--inpaint-delta",
                    "tiny-xl.safetensors", "--receipt", "sum.json", "-o", "sum.png",
                ])
            #expect(sum.status == 0, "\(sum.errors)")
            let unet = try tool.run(
                common + ["--unet", "tiny-xl-inpaint.safetensors", "-o", "unet.png"])
            #expect(unet.status == 0, "\(unet.errors)")
            #expect(!(try tool("compare", "sum.png", "unet.png").text.contains("infinite, equal")))
            let again = try tool("replay", "sum.json", "-o", "again.png")
            #expect(again.text.hasPrefix("identical"), "\(again.text)\(again.errors)")
            try FileManager.default.removeItem(at: tool.url("tiny-xl.safetensors"))
            try FileManager.default.copyItem(
                at: tool.url("tiny-xl-inpaint.safetensors"), to: tool.url("tiny-xl.safetensors"))
            let nine = try tool("replay", "sum.json", "-o", "nine.png")
            #expect(nine.status == 69)
            #expect(
                nine.errors.contains(
                    "the checkpoint that it was made from must have a UNet of 4 channels"))
        }
    }

    /// A link to a folder above hides no model behind a longer path.
    @Test func aLoopOfLinksIsEnteredOnce() throws {
        try Tool.inFolder { tool in
            let folder = tool.url("all/sd15")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: Self.single, to: folder.appending(path: "tiny.safetensors"))
            for name in ["a", "sd15/z"] {
                try FileManager.default.createSymbolicLink(
                    at: tool.url("all/" + name), withDestinationURL: tool.url("all"))
            }
            var looped = tool
            looped.environment = ["GESSO_MODELS": "all"]
            let list = try looped.run(["model", "list"]).text
            let lines = list.split(separator: "\n").filter { $0.contains("tiny") }
            #expect(lines.count == 1 && lines.allSatisfy { $0.hasPrefix("sd15/tiny") }, "\(list)")
        }
    }

    /// What diffusers saves of a ControlNet alone is a folder with a configuration and weights.
    @Test func aControlNetsFolderIsInspected() throws {
        try Tool.inFolder { tool in
            let net = Self.parity.appending(components: "control", "nets", "edges")
            let run = try tool.run(["model", "inspect", "--hash", Self.path(net)])
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.text.contains("kind: a ControlNet"), "\(run.text)")
        }
    }

    @Test func modelsOfOtherToolsAreFound() throws {
        try Tool.inFolder { tool in
            let folder = tool.url("a1111/models/Stable-diffusion/sub")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                at: folder.appending(path: "tiny.safetensors"), withDestinationURL: Self.single)
            try Data(
                """
                # ComfyUI's own example
                a111:
                    base_path: a1111/

                    checkpoints: |
                        elsewhere
                        models/Stable-diffusion
                    vae: models/VAE   # none
                comfyui:
                    is_default: true
                    checkpoints: "models/checkpoints"
                """.utf8
            ).write(to: tool.url("extra_model_paths.yaml"))
            for environment in [
                ["GESSO_MODELS": "."], ["GESSO_MODEL_PATHS": "extra_model_paths.yaml"],
            ] {
                var found = tool
                found.environment = environment
                #expect(try document(found, "sub/tiny").family == "Stable Diffusion 1.x")
                #expect(try document(found, "sub/tiny.safetensors").channels == 9)
                #expect(try found("model", "inspect", "sub/other").status == 66)
            }
            for block in [">-", "|-", "|+"] {
                let text = "a:\n  checkpoints: \(block)\n    elsewhere\n\n    a1111/models\n"
                try Data(text.utf8).write(to: tool.url("folded.yaml"))
                var found = tool
                found.environment = ["GESSO_MODEL_PATHS": "folded.yaml"]
                #expect(try document(found, "sub/tiny").channels == 9)
            }
            try Data("a:\n  checkpoints: &x y\n".utf8)
                .write(to: tool.url("extra_model_paths.yaml"))
            var bad = tool
            bad.environment = ["GESSO_MODELS": "."]
            let run = try bad("model", "inspect", "sub/tiny")
            #expect(run.status == 64)
            #expect(run.errors.contains("extra_model_paths.yaml:2: "))
            bad.environment = ["GESSO_MODEL_PATHS": "nowhere.yaml"]
            #expect(try bad("model", "inspect", "sub/tiny").status == 66)
        }
    }

    /// What a touch beyond the end of a file that has shrunk comes to.
    @Test func aShrunkenFileIsALine() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let running = try tool.start(
                [
                    "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "999",
                    "--scheduler", "ddim",
                ])
            running.waitFor("seed")
            kill(running.process.processIdentifier, SIGBUS)
            let run = try running.end()
            #expect(run.status == 65)
            #expect(run.errors.contains("gesso: a file became shorter while it was read: "))
            #expect(try tool.files == ["in.png"])
        }
    }
}
