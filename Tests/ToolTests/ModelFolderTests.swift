import Foundation
import Testing

/// Models where other programs keep them.
@Suite(.serialized) struct ModelFolderTests {
    private static let families = Snapshot.url("x").deletingLastPathComponent()
        .deletingLastPathComponent().appending(components: "Parity", "families")
    private static let single = families.appending(
        components: "single", "tiny-inpaint.safetensors")
    private static let folder = families.appending(components: "models", "tiny-2")

    /// A repository in the Hugging Face cache, at `main`.
    private func cache(_ tool: Tool, _ repository: String, _ target: URL) throws {
        let folder = ".cache/huggingface/hub/models--" + repository.replacing("/", with: "--")
        try tool.link(folder + "/snapshots/0123abcd", to: target)
        try tool.write(folder + "/refs/main", "0123abcd")
    }

    @Test(
        "the folder of a program is understood as a whole",
        arguments: [
            ("AUTOMATIC1111", ["models/Stable-diffusion", "models/Lora", "webui.py"]),
            ("Forge", ["models/Stable-diffusion", "models/Lora", "modules_forge/x"]),
            ("ComfyUI", ["models/checkpoints", "models/loras", "comfy/x"]),
            ("InvokeAI", ["models/sd-1/main", "models/sd-1/lora", "invokeai.yaml"]),
        ])
    func programs(_ program: String, _ paths: [String]) throws {
        try Tool.inFolder { tool in
            try withVocabulary(Self.single, 49408).write(to: tool.url("tiny.safetensors"))
            try tool.link("app/\(paths[0])/sub/tiny.safetensors", to: tool.url("tiny.safetensors"))
            try tool.link("app/\(paths[0])/second", to: Self.folder)
            try tool.write("app/\(paths[1])/ink.safetensors")
            try tool.write("app/\(paths[2])")
            var tool = tool
            for root in ["app", "app/models"] {
                tool.environment = ["GESSO_MODELS": root]
                for name in ["tiny", "sub/tiny", "sub/tiny.safetensors", "second"] {
                    #expect(try tool.finds(name), "\(name) in \(root)")
                }
                let list = try tool("model", "list").text
                #expect(list.contains("sub/tiny.safetensors: Stable Diffusion 1.x, 512x512, "))
                #expect(list.contains("second: Stable Diffusion 2.x, "))
                #expect(list.contains("--lora ink: "))
                #expect(!list.contains("\nink"))
            }
            tool.environment = ["GESSO_MODELS": "app"]
            #expect(try tool("doctor").text.contains("/app/, the folder of \(program)\n"))
        }
    }

    @Test(
        "Stability Matrix, SwarmUI, Easy Diffusion and SD.Next have names and cases of their own",
        arguments: [
            [
                "Models/StableDiffusion", "Models/Lora", "Models/TextualInversion",
                "Models/ControlNet",
            ],
            ["Models/Stable-Diffusion", "Models/Lora", "Models/Embedding", "Models/controlnet"],
            ["models/stable-diffusion", "models/lora", "models/embeddings", "models/controlnet"],
            [
                "models/Stable-diffusion", "models/Lora", "models/embeddings",
                "models/control/controlnet",
            ],
        ])
    func spelled(_ paths: [String]) throws {
        try Tool.inFolder { tool in
            try tool.link("app/\(paths[0])/tiny.safetensors", to: Self.single)
            for (path, name) in zip(paths.dropFirst(), ["ink", "word", "canny"]) {
                try tool.write("app/\(path)/\(name).safetensors")
            }
            var tool = tool
            tool.environment = ["GESSO_MODELS": "app"]
            #expect(try tool.finds("tiny"))
            let list = try tool("model", "list").text
            for line in ["--lora ink: ", "--embedding word: ", "--control canny: "] {
                #expect(list.contains(line), "\(list)")
            }
            #expect(("\n" + list).contains("\ntiny.safetensors: "), "\(list)")
            #expect(!list.lowercased().contains("\nmodels/"), "\(list)")
        }
    }

    @Test("a VAE beside a checkpoint is no checkpoint, and found by its name")
    func ownVAE() throws {
        try Tool.inFolder { tool in
            let parity = Self.families.deletingLastPathComponent()
            try tool.link("app/models/Stable-diffusion/tiny.safetensors", to: Self.single)
            let vae = parity.appending(
                components: "models", "tiny-f32", "vae", "diffusion_pytorch_model.safetensors")
            try tool.link("app/models/Stable-diffusion/tiny.vae.safetensors", to: vae)
            var tool = tool
            tool.environment = ["GESSO_MODELS": "app"]
            #expect(try !tool("model", "list").text.contains("tiny.vae"))
            let folder = parity.appending(components: "models", "tiny-f32")
                .path(percentEncoded: false)
            func run(_ output: String, _ more: [String]) throws -> String {
                let run = try tool.run(
                    [
                        "txt2img", "--prompt", "x", "--steps", "1", "--width", "16", "--height",
                        "16", "-o", output,
                    ] + more)
                #expect(run.status == 0, "\(run.errors)")
                return run.errors
            }
            let named = try run("a.png", ["--model", folder, "--vae", "tiny.vae"])
            #expect(!named.contains("beside the checkpoint"))
            #expect(try tool("model", "convert", folder, "-o", "own.safetensors").status == 0)
            try tool.link("own.vae.safetensors", to: vae)
            let noted = try run(
                "b.png", ["--model", "own.safetensors", "--tokenizer", folder + "/tokenizer"])
            #expect(
                noted.contains("own.vae.safetensors is beside the checkpoint and is not used"),
                "\(noted)")
        }
    }

    @Test("InvokeAI's folders of single models are distinguished by their tensors")
    func mixed() throws {
        try Tool.inFolder { tool in
            try tool.write("invoke/invokeai.yaml")
            try withVocabulary(Self.single, 49408).write(to: tool.url("whole.safetensors"))
            try tool.link("invoke/models/5f1a/tiny.safetensors", to: tool.url("whole.safetensors"))
            let vae = Self.folder.appending(
                components: "vae", "diffusion_pytorch_model.safetensors")
            try tool.link("invoke/models/77b2/vae.safetensors", to: vae)
            var tool = tool
            tool.environment = ["GESSO_MODELS": "invoke"]
            let list = try tool("model", "list").text
            #expect(list.contains("5f1a/tiny.safetensors: Stable Diffusion 1.x"))
            #expect(!list.contains("\n77b2/vae"))
            #expect(list.contains("--vae 77b2/vae: a VAE, "))
            #expect(!list.contains("--lora"))
            #expect(try tool.finds("tiny"))
        }
    }

    @Test("folders are separated by colons, and subfolders are searched")
    func several() throws {
        try Tool.inFolder { tool in
            try tool.link("a/sd/one.safetensors", to: Self.single)
            try tool.link("b/two.safetensors", to: Self.single)
            try tool.link("b/four.sft", to: Self.single)
            try tool.link("c:d/three.safetensors", to: Self.single)
            var tool = tool
            tool.environment = ["GESSO_MODELS": "a:b"]
            #expect(try tool.finds("one"))
            #expect(try tool.finds("two"))
            #expect(try tool.finds("four"))
            tool.environment = ["GESSO_MODELS": "c:d"]
            #expect(try tool.finds("three"))
        }
    }

    @Test("of several models of one name one is asked for")
    func ambiguous() throws {
        try Tool.inFolder { tool in
            try tool.link("models/a/tiny.safetensors", to: Self.single)
            try tool.write("models/b/tiny.safetensors", "other")
            var tool = tool
            tool.environment = ["GESSO_MODELS": "models"]
            let run = try tool("model", "inspect", "tiny")
            #expect(run.status == 64)
            #expect(
                run.errors
                    == "gesso: 2 models have this name: a/tiny.safetensors, b/tiny.safetensors: "
                    + "tiny: give its folder, too\n")
            #expect(try tool.finds("a/tiny"))
        }
    }

    @Test("a bare name finds the one repository of that name in the Hugging Face cache")
    func bareNames() throws {
        try Tool.inFolder { tool in
            try cache(tool, "org/name", Self.folder)
            #expect(try tool.finds("name"))
            #expect(try tool.finds("org/name"))
            #expect(try tool("model", "list").text.contains("org/name: Stable Diffusion 2.x"))
            try cache(tool, "other/name", Self.folder)
            let run = try tool("model", "inspect", "name")
            #expect(run.status == 64)
            #expect(run.errors.contains("2 models have this name: org/name, other/name"))
            try tool.link("single/tiny.safetensors", to: Self.single)
            try cache(tool, "org/files", tool.url("single"))
            #expect(try tool.finds("org/files/tiny.safetensors"))
            #expect(try tool("model", "list").text.contains("org/files/tiny.safetensors: "))
        }
    }

    @Test(
        "a name of the catalogue is found in the cache, and how to get it is said where it is not")
    func catalogue() throws {
        try Tool.inFolder { tool in
            let run = try tool("model", "inspect", "sd15")
            #expect(run.status == 66)
            #expect(
                run.errors
                    == "gesso: this model is not here: sd15: download it first: "
                    + "`gesso model get sd15`\n")
            try cache(tool, "stable-diffusion-v1-5/stable-diffusion-v1-5", Self.folder)
            #expect(try tool.finds("sd15"))
            #expect(try tool.finds("stable-diffusion-v1-5"))
            let list = try tool("model", "list", "--available").text
            #expect(list.contains("\nsd15 (here): Stable Diffusion 1.x"))
            #expect(list.contains("\nsdxl: Stable Diffusion XL"))
            try tool.draw("in.png")
            let lora = try tool(
                "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--lora", "lcm-lora-sd15")
            #expect(lora.status == 66)
            #expect(lora.errors.contains("`gesso model get lcm-lora-sd15`"))
        }
    }

    @Test("the doctor finds what fails in practice")
    func doctor() throws {
        try Tool.inFolder { tool in
            try tool.write("models/old.ckpt", "PK")
            try tool.write("models/cut.safetensors", "version https://git-lfs.github.com/spec/v1")
            try tool.write("models/extra_model_paths.yaml", "a:\n  checkpoints: nowhere\n")
            var tool = tool
            tool.environment = ["GESSO_MODELS": "models"]
            let run = try tool("doctor")
            #expect(run.status == 0)
            #expect(run.text.contains("model: warning: old.ckpt: a pickle, which can run code, "))
            #expect(run.text.contains("is a git-LFS pointer, not safetensors"))
            #expect(run.text.contains("nowhere/: no such folder, though extra_model_paths.yaml"))
            tool.environment = ["GESSO_MODELS": "models:gone"]
            let gone = try tool("doctor")
            #expect(gone.status == 1)
            #expect(gone.text.contains("models folder: broken: "))
            #expect(gone.text.contains("gone/: no such folder: correct GESSO_MODELS\n"))
        }
    }

    @Test("a single file with CLIP's vocabulary needs nothing beside it")
    func vocabulary() throws {
        try Tool.inFolder { tool in
            try withVocabulary(Self.single, 49408).write(to: tool.url("sd.safetensors"))
            try tool.draw("in.png")
            try tool.draw("mask.png", 255)
            let run = try tool(
                "inpaint", "in.png", "--mask", "mask.png", "--prompt", "a red armchair", "--steps",
                "2", "--seed", "1", "--model", "sd.safetensors", "-o", "out.png")
            #expect(run.status == 0, "\(run.errors)")
            let folder = try tool("model", "convert", "sd.safetensors", "-o", "sd")
            #expect(folder.status == 0, "\(folder.errors)")
            let numbers = try JSONDecoder().decode(
                [String: Int].self, from: Data(contentsOf: tool.url("sd/tokenizer/vocab.json")))
            #expect(numbers.count == 49408)
            #expect(numbers["photo</w>"] == 1125)
            let again = try tool(
                "inpaint", "in.png", "--mask", "mask.png", "--prompt", "a red armchair", "--steps",
                "2", "--seed", "1", "--model", "sd", "-o", "again.png")
            #expect(again.status == 0, "\(again.errors)")
            #expect(try tool("compare", "out.png", "again.png").text.contains("infinite, equal"))
        }
    }

    /// A single file with so many token embeddings in place of its own.
    private func withVocabulary(_ file: URL, _ count: Int) throws -> Data {
        let data = try Data(contentsOf: file)
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        var header = try #require(
            try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any])
        let name = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
        var (body, entries) = (Data(), [String: Any]())
        header["__metadata__"] = nil
        for (key, value) in header.sorted(by: { $0.key < $1.key }) {
            var entry = try #require(value as? [String: Any])
            let range = try #require(entry["data_offsets"] as? [Int])
            var bytes = data[(8 + length + range[0])..<(8 + length + range[1])]
            if key == name {
                let width = try #require(entry["shape"] as? [Int])[1]
                entry["shape"] = [count, width]
                let size = count * width * 2
                bytes = Data((0..<size).map { bytes[bytes.startIndex + $0 % bytes.count] })[...]
            }
            entry["data_offsets"] = [body.count, body.count + bytes.count]
            entries[key] = entry
            body += bytes
        }
        let text = try JSONSerialization.data(withJSONObject: entries, options: .sortedKeys)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + body
    }

    @Test("the built-in model's own settings are taken where the choice is open")
    func ownSettings() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            func notes(_ arguments: String...) throws -> String {
                try tool.run(
                    ["img2img", "in.png", "-o", "out.png", "--prompt", "x", "--dry-run"] + arguments
                ).errors
            }
            #expect(try notes().isEmpty)
            #expect(
                try notes("--preset", "watercolor")
                    .contains(
                        "gesso: note: guidance 3 and strength 0.5 are used in place of the preset's: "
                            + "they suit gesso-builtin\n"))
            // A preset that keeps more of the picture goes on to.
            #expect(
                try notes("--preset", "light-retouch").contains(
                    "gesso: note: guidance 3 is used in place of the preset's: "
                        + "it suits gesso-builtin\n"))
            #expect(
                try notes("--preset", "watercolor", "--strength", "0.7", "--guidance-scale", "8")
                    .isEmpty)
            let made = try tool(
                "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "2", "--json")
            let recipe = String(decoding: made.output, as: UTF8.self)
            #expect(recipe.contains("\"guidance_scale\" : 3,"))
            #expect(recipe.contains("\"strength\" : 0.5,"))
        }
    }
}
