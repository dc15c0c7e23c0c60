import Foundation
import TestSupport
import Testing

/// Names that nearly fit, folders that hide files, and settings that lead nowhere.
@Suite(.serialized) struct FoundModelTests {
    private static let single = Fixtures.parity.appending(
        components: "families", "single", "tiny-inpaint.safetensors")
    private static let net = Fixtures.parity.appending(components: "control", "nets", "edges")
    private static let lora = Fixtures.parity.appending(components: "addons", "kohya.safetensors")

    private func tool(_ tool: Tool, models: String) -> Tool {
        var tool = tool
        tool.environment["GESSO_MODELS"] = models
        return tool
    }

    private static func words(_ more: String...) -> [String] {
        [
            "txt2img", "--prompt", "x", "--steps", "1", "--width", "32", "--height", "32", "-o",
            "out.png", "--overwrite", "--model",
            Fixtures.parity.appending(components: "models", "tiny-f32").path,
        ] + more
    }

    @Test("a kind of ControlNet is no other file, and one file with two names is one")
    func kindsOfControlNets() throws {
        try Tool.inFolder { tool in
            let extra = "app/extensions/sd-webui-controlnet/models/"
            try tool.write("app/models/Stable-diffusion/x.txt")
            try tool.write(extra + "control_v11p_sd15_canny.yaml", "model: x")
            try tool.write(extra + "control_v11p_sd15_canny.png")
            try tool.draw("in.png", width: 32, height: 32)
            let app = self.tool(tool, models: "app")
            let none = try app.run(Self.words("--control", "canny=in.png"))
            #expect(none.status == 66)
            #expect(none.errors.contains("no such control: canny"), "\(none.errors)")
            try tool.link("app/models/ControlNet/my_canny", to: Self.net)
            try tool.link(extra + "also_canny", to: Self.net)
            let one = try app.run(Self.words("--control", "canny=in.png"))
            #expect(one.status == 0, "\(one.errors)")
        }
    }

    @Test("the case of an ending is of no account")
    func endings() throws {
        try Tool.inFolder { tool in
            try tool.link("models/Upper.Safetensors", to: Self.single)
            try tool.link("models/sub/cap.SFT", to: Self.single)
            try tool.write("models/Old.CKPT")
            let shelf = self.tool(tool, models: "models")
            for name in [
                "Upper", "Upper.safetensors", "Upper.Safetensors", "cap", "sub/cap", "cap.sft",
            ] {
                #expect(try shelf.finds(name), "\(name)")
            }
            #expect(try shelf("model", "inspect", "Old").errors.contains("is a pickle"))
        }
    }

    @Test("a folder of other things hides no file of its name")
    func previews() throws {
        try Tool.inFolder { tool in
            try tool.link("b/tiny.safetensors", to: Self.single)
            try tool.write("b/tiny/preview.png")
            try tool.write("a/tiny/preview.png")
            #expect(try self.tool(tool, models: "b").finds("tiny"))
            #expect(try self.tool(tool, models: "a:b").finds("tiny"))
            let alone = try self.tool(tool, models: "a")("model", "inspect", "tiny")
            #expect(alone.status != 0 && alone.errorLines.count == 1)
            // A folder is no file, whatever its name.
            try tool.write("b/dir.safetensors/x.txt")
            let list = try self.tool(tool, models: "b")("model", "list").text
            #expect(!list.contains("dir.safetensors"), "\(list)")
        }
    }

    @Test("names in another case are suggested, with and without ending")
    func otherCases() throws {
        try Tool.inFolder { tool in
            try tool.link("models/UPPERNAME.safetensors", to: Self.single)
            try tool.link("models/loras/sub/STYLE.safetensors", to: Self.lora)
            let shelf = self.tool(tool, models: "models")
            for (name, meant) in [
                ("uppername", "UPPERNAME"), ("uppername.safetensors", "UPPERNAME.safetensors"),
                ("UPERNAME", "UPPERNAME"),
            ] {
                let errors = try shelf("model", "inspect", name).errors
                #expect(errors.contains("did you mean '\(meant)'?"), "\(errors)")
            }
            let lora = try shelf.run(Self.words("--lora", "style")).errors
            #expect(lora.contains("did you mean 'STYLE'?"), "\(lora)")
        }
    }

    @Test("paths of a project's file lead from its folder, and what is wrong names the file")
    func projectPaths() throws {
        try Tool.inFolder { tool in
            try tool.link("project/mods/tiny.safetensors", to: Self.single)
            try tool.link("project/one.safetensors", to: Self.single)
            try tool.write("project/.gesso.yaml", "models: mods:gone\nmodel: one.safetensors\n")
            try tool.write("project/sub/x.txt")
            for folder in ["project", "project/sub"] {
                let inside = Tool(folder: tool.url(folder), environment: ["HOME": tool.folder.path])
                #expect(try inside.finds("tiny"), "\(folder)")
                let shown = try inside("config", "show").text
                #expect(shown.contains("\nmodel: \(tool.url("project/one.safetensors").path)\n"))
                let note = try inside("model", "list").errors
                #expect(note.contains("project/gone/: no such folder: correct "), "\(note)")
                #expect(note.contains(".gesso.yaml:1:9\n"), "\(note)")
            }
        }
    }

    @Test("a ~ is the HOME of the environment")
    func home() throws {
        try Tool.inFolder { tool in
            try tool.link("mine/tiny.safetensors", to: Self.single)
            try tool.link("other/models/two.safetensors", to: Self.single)
            try tool.write("mine/extra_model_paths.yaml", "a:\n  checkpoints: ~/other/models\n")
            let shelf = self.tool(tool, models: "~/mine")
            #expect(try shelf.finds("tiny"))
            #expect(try shelf.finds("two"))
        }
    }

    @Test("model paths have variables, quoted keys and a first line of dashes")
    func modelPaths() throws {
        try Tool.inFolder { tool in
            try tool.link("app/models/two.safetensors", to: Self.single)
            var shelf = self.tool(tool, models: "mine")
            shelf.environment["APP"] = tool.url("app").path
            for base in ["$APP", "${APP}/"] {
                try tool.write(
                    "mine/extra_model_paths.yaml",
                    "---\n\"a\":\n  'base_path' : \(base)\n  checkpoints : models\n")
                let run = try shelf("model", "inspect", "two")
                #expect(run.status == 0, "\(run.errors)")
            }
        }
    }

    @Test(
        "settings that no edit can use are broken",
        arguments: [
            ("model", "nope", "no such model"), ("tokenizer", "nowhere", "no such folder"),
            ("credentials", "bob", "bob"),
        ])
    func settings(_ name: String, _ value: String, _ words: String) throws {
        try Tool.inFolder { tool in
            var tool = tool
            tool.environment = ["GESSO_\(name.uppercased())": value]
            let run = try tool("doctor")
            #expect(run.status == 1)
            let line = run.text.split(separator: "\n").first { $0.hasPrefix(name + ": broken: ") }
            #expect(line?.contains(words) == true, "\(run.text)")
            #expect(line?.hasSuffix("(environment: $GESSO_\(name.uppercased()))") == true)
        }
        guard name != "credentials" else { return }
        try Tool.inFolder { tool in
            try tool.write(".gesso.yaml", "\(name): \(value)\n")
            let run = try tool("doctor")
            #expect(run.status == 1)
            #expect(run.text.contains(".gesso.yaml:1:"), "\(run.text)")
        }
    }

    @Test("add-ons that cannot be used are named")
    func brokenAddOns() throws {
        try Tool.inFolder { tool in
            try tool.write("models/loras/bad.safetensors", "<!doctype html><title>Sign in")
            try tool.link("models/loras/good.safetensors", to: Self.lora)
            try tool.write("models/embeddings/old.pt")
            let shelf = self.tool(tool, models: "models")
            let list = try shelf("model", "list").text
            let bad = list.split(separator: "\n").first { $0.hasPrefix("--lora bad: ") }
            #expect(bad?.contains("is a web page") == true, "\(list)")
            struct Document: Decodable {
                let add_ons: [AddOn]
                struct AddOn: Decodable {
                    let name: String
                    let error: String?
                }
            }
            let document = try JSONDecoder().decode(
                Document.self, from: shelf("model", "list", "--json").output)
            let faults = document.add_ons.filter { $0.error != nil }.map(\.name)
            #expect(faults == ["bad"] && document.add_ons.map(\.name).contains("good"))
            let doctor = try shelf("doctor").text
            #expect(doctor.contains("\nlora: warning: "), "\(doctor)")
            #expect(doctor.contains("bad.safetensors: is a web page"), "\(doctor)")
            #expect(!doctor.contains("good.safetensors"))
            #expect(doctor.contains("\nembedding: warning: old.pt: a pickle"), "\(doctor)")
        }
    }

    @Test("a folder of models that is a file, or a model, is reported")
    func noFolders() throws {
        try Tool.inFolder { tool in
            try tool.write("file")
            let file = try self.tool(tool, models: "file")("doctor")
            #expect(file.status == 1)
            #expect(file.text.contains("file/: is no folder: correct GESSO_MODELS\n"))
            let model = Fixtures.parity.appending(components: "families", "models", "tiny-2")
            try tool.link("tiny", to: model)
            let whole = try self.tool(tool, models: "tiny")("doctor").text
            #expect(whole.contains("is a model itself: name the folder above it"), "\(whole)")
        }
    }

    @Test("models of one name in two folders are named by their folders")
    func sameNames() throws {
        try Tool.inFolder { tool in
            // Neither has a tokenizer.
            for folder in ["x", "y"] {
                try tool.write("models/\(folder)/x.txt")
                try FileManager.default.copyItem(
                    at: Self.single, to: tool.url("models/\(folder)/same.safetensors"))
            }
            let doctor = try self.tool(tool, models: "models")("doctor").text
            for name in ["x/same.safetensors", "y/same.safetensors"] {
                #expect(doctor.contains(name), "\(doctor)")
            }
        }
    }

    @Test("what may not be read is reported", .enabled(if: geteuid() != 0))
    func forbidden() throws {
        try Tool.inFolder { tool in
            try tool.link("shut/tiny.safetensors", to: Self.single)
            let path = tool.url("shut").path
            #expect(chmod(path, 0) == 0)
            defer { chmod(path, 0o700) }
            let shelf = self.tool(tool, models: "shut")
            let doctor = try shelf("doctor")
            #expect(doctor.status == 1)
            #expect(doctor.text.contains("shut/: may not be read: correct GESSO_MODELS\n"))
            #expect(try shelf("model", "list").errors.contains("shut/: may not be read"))
            let model = try tool("model", "inspect", path + "/tiny.safetensors")
            #expect(model.status == 66)
            #expect(model.errors.contains("it may not be read"), "\(model.errors)")
        }
    }

    @Test("an output that cannot be created is reported, and no pickle is made")
    func outputs() throws {
        try Tool.inFolder { tool in
            let model = Self.single.path
            for output in ["nodir/x", "nodir/x.safetensors", "x.ckpt", "x.PT", "x.bin"] {
                let tokenizer = Fixtures.parity.appending(
                    components: "families", "models", "tiny-inpaint")
                let run = try tool(
                    "model", "convert", model, "-o", output, "--tokenizer", tokenizer.path)
                #expect(run.status == 73, "\(output): \(run.errors)")
                #expect(run.errors.contains("cannot be created: "), "\(run.errors)")
            }
            #expect(try tool.files.isEmpty)
            for file in ["X.SAFETENSORS", "x.sft"] {
                let run = try tool("model", "convert", model, "-o", file)
                #expect(run.status == 0, "\(run.errors)")
                let values = try tool.url(file).resourceValues(forKeys: [.isDirectoryKey])
                #expect(values.isDirectory == false)
            }
        }
    }

    @Test("a ControlNet whose name says nothing must be told what it reads")
    func silentControlNets() throws {
        try Tool.inFolder { tool in
            try tool.link("mynet", to: Self.net)
            let run = try tool.run(Self.words("--control", "mynet"))
            #expect(run.status == 64)
            #expect(
                run.errors.contains(
                    "the name of 'mynet' does not say what it reads: give =canny, =picture or a map"
                ), "\(run.errors)")
        }
    }
}
