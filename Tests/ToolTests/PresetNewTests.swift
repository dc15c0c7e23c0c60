import Foundation
import Imaging
import Recipes
import TestSupport
import Testing

/// Presets made of pictures, and styles of AUTOMATIC1111.
@Suite struct PresetNewTests {
    @Test func aPictureBecomesAPreset() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let made = try tool(
                "img2img", "in.png", "-o", "a.png", "--prompt", "a \"{red}\" cat: 1", "--steps",
                "3", "--seed", "9", "--scheduler", "euler-a", "--quiet", "--receipt", "a.json",
                "--strength", "0.6")
            #expect(made.status == 0, "\(made.errors)")
            for source in ["a.png", "a.json"] {
                let preset = try tool("preset", "new", "mine", "--from", source, "--overwrite")
                #expect(preset.status == 0, "\(preset.errors)")
                #expect(preset.errors.isEmpty)
                let path = preset.text.dropLast()
                #expect(path.hasSuffix(".config/gesso/presets/mine.yaml"))
                let text = try String(contentsOfFile: String(path), encoding: .utf8)
                #expect(text.contains("verb: img2img\n"))
                #expect(text.contains("# seed: 9\n"))
                #expect(!text.contains("deep_cache"))
                let again = try tool(
                    "img2img", "in.png", "-o", "b.png", "--preset", "mine", "--seed", "9",
                    "--quiet", "--overwrite")
                #expect(again.status == 0, "\(again.errors)")
                #expect(
                    try Data(contentsOf: tool.url("a.png")) == Data(contentsOf: tool.url("b.png")))
            }
            let there = try tool("preset", "new", "mine", "--from", "a.png")
            #expect(there.status == 73)
            #expect(there.errors.contains("the preset exists"))
        }
    }

    @Test func aPresetOfAShippedNameIsNoted() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let words = ["outpaint", "in.png", "--right", "8", "--steps", "0", "-o", "a.png"]
            #expect(try tool.run(words).status == 0)
            let new = try tool("preset", "new", "watercolor", "--from", "a.png")
            #expect(new.status == 0)
            let note = "gesso: note: a shipped preset is called watercolor, too: yours is used\n"
            #expect(new.errors.contains(note), "\(new.errors)")
            let elsewhere = try tool("preset", "new", "night", "--from", "a.png", "-o", "n.yaml")
            #expect(!elsewhere.errors.contains("shipped"))
        }
    }

    /// The fill that an outpainting has of itself stands without steps, in a preset and a recipe, too.
    @Test func anOutpaintingWithoutStepsBecomesAPreset() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let made = try tool(
                "outpaint", "in.png", "--right", "8", "--steps", "0", "--seed", "1", "-o", "a.png")
            #expect(made.status == 0, "\(made.errors)")
            let new = try tool("preset", "new", "p", "--from", "a.png", "-o", "p.yaml")
            #expect(new.status == 0, "\(new.errors)")
            for verb in ["outpaint", "run"] {
                let words =
                    verb == "run" ? ["./p.yaml", "in.png"] : ["in.png", "--preset", "./p.yaml"]
                let again = try tool.run(
                    [verb] + words + ["--seed", "1", "-o", "b.png", "--overwrite"])
                #expect(again.status == 0, "\(again.errors)")
                #expect(
                    try Data(contentsOf: tool.url("a.png"))
                        == Data(contentsOf: tool.url("b.png")))
            }
        }
    }

    /// No preset was written that could be looked into.
    @Test func aValueThatIsRefusedIsInTheFileThatHasIt() throws {
        try Tool.inFolder { tool in
            let text = "a lake\nSteps: 0, Sampler: Euler a, CFG scale: 7, Seed: 12"
            try Data(text.utf8).write(to: tool.url("old.txt"))
            let made = try tool("preset", "new", "p", "--from", "old.txt", "-o", "p.yaml")
            #expect(made.status == 64, "\(made.errors)")
            #expect(made.errors.contains("steps is '0': old.txt: give"), "\(made.errors)")
            #expect(!FileManager.default.fileExists(atPath: tool.url("p.yaml").path))
        }
    }

    @Test func noWordsAreAPrompt() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let words = ["img2img", "in.png", "--seed", "9"]
            let made = try tool.run(
                words + ["--prompt", "", "--steps", "2", "-o", "a.png", "--receipt", "a.json"])
            #expect(made.status == 0, "\(made.errors)")
            for source in ["a.png", "a.json"] {
                let new = try tool(
                    "preset", "new", "none", "--from", source, "-o", "p.yaml", "--overwrite")
                #expect(new.status == 0, "\(new.errors)")
                let again = try tool.run(
                    words + ["--preset", "./p.yaml", "-o", "b.png", "--overwrite"])
                #expect(again.status == 0, "\(again.errors)")
                #expect(
                    try Data(contentsOf: tool.url("a.png"))
                        == Data(contentsOf: tool.url("b.png")))
            }
        }
    }

    /// What a picture and its receipt say is what was asked for.
    @Test func aPictureAndItsReceiptAgree() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let made = try tool(
                "inpaint", "in.png", "--mask", "rect:8,8,40,40", "--fill", "edge", "--steps", "0",
                "--mask-blur", "8", "--region", "mask", "--padding", "48", "--seed", "1", "-o",
                "a.png", "--receipt", "a.json", "--quiet")
            #expect(made.status == 0, "\(made.errors)")
            var presets: [String] = []
            for source in ["a.png", "a.json"] {
                let preset = try tool(
                    "preset", "new", "p", "--from", source, "-o", source + ".yaml")
                #expect(preset.status == 0 && preset.errors.isEmpty, "\(preset.errors)")
                let text = try String(contentsOf: tool.url(source + ".yaml"), encoding: .utf8)
                presets.append(text.split(separator: "\n").dropFirst(2).joined(separator: "\n"))
            }
            #expect(presets[0] == presets[1])
            #expect(
                presets[0] == """
                    verb: inpaint
                    steps: 0
                    fill: edge
                    mask_blur: 8
                    region: mask
                    mask_padding: 48
                    # seed: 1
                    """)
            let again = try tool(
                "inpaint", "in.png", "--mask", "rect:8,8,40,40", "--from-image", "a.png", "-o",
                "b.png")
            #expect(again.status == 0, "\(again.errors)")
            let replayed = try tool("replay", "a.json", "-o", "c.png")
            #expect(replayed.text.hasPrefix("identical"))
            #expect(try tool("compare", "a.png", "b.png").text.contains("difference: 0 of 255"))
        }
    }

    @Test func aPictureOfA1111BecomesAPreset() throws {
        try Tool.inFolder { tool in
            var image = Image(
                width: 8, height: 8, channels: 3, samples: Array(repeating: 9, count: 192))
            image.metadata.parameters = """
                a house, (red:1.2) {x}
                Negative prompt: people
                Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 12, \
                Size: 512x768, Model: v1-5, Denoising strength: 0.4, Version: v1.10
                """
            try image.encoded(as: .png).write(to: tool.url("old.png"))
            let made = try tool("preset", "new", "old", "--from", "old.png", "-o", "old.yaml")
            #expect(made.text == "old.yaml\n", "\(made.errors)")
            let preset = try Preset(Array(Data(contentsOf: tool.url("old.yaml"))), path: "old.yaml")
            #expect(preset.verbs == [.imageToImage])
            let recipe = try Recipe(.imageToImage, presets: [preset])
            #expect(recipe.prompt == "a house, (red:1.2) {x}")
            #expect(recipe.strength == 0.4)
            #expect(recipe.guidanceScale == 6.5)
            #expect(recipe.seed == nil)
            let odd = image.metadata.parameters?.replacing("DPM++ 2M", with: "Restart")
            image.metadata.parameters = odd
            try image.encoded(as: .png).write(to: tool.url("odd.png"))
            let note = try tool("preset", "new", "odd", "--from", "odd.png", "-o", "odd.yaml")
            #expect(note.status == 0)
            #expect(note.errors.contains("note: left out: scheduler 'Restart"))
        }
    }

    /// EXIF's user comment in a PNG, in UTF-8 although its code names UTF-16.
    @Test func aUserCommentIsReadWhateverItsCode() throws {
        try Tool.inFolder { tool in
            let text = "a lake\nSteps: 4, Sampler: Euler a, CFG scale: 7, Seed: 12"
            let comment = Array("UNICODE\0\(text)".utf8)
            var block: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0]
            func add(_ value: Int, _ size: Int) {
                for place in 0..<size {
                    block.append(UInt8(truncatingIfNeeded: value >> (8 * place)))
                }
            }
            // A directory that leads to the other, and that one with the comment behind it.
            for (tag, kind, count, value) in [(0x8769, 4, 1, 26), (0x9286, 7, comment.count, 44)] {
                for (number, size) in [(1, 2), (tag, 2), (kind, 2), (count, 4), (value, 4), (0, 4)]
                {
                    add(number, size)
                }
            }
            var image = Image(
                width: 8, height: 8, channels: 3, samples: Array(repeating: 9, count: 192))
            image.metadata.exif = block + comment
            for format in [ImageFormat.png, .jpeg] {
                try image.encoded(as: format).write(to: tool.url("a.png"))
                let made = try tool(
                    "preset", "new", "p", "--from", "a.png", "-o", "p.yaml", "--overwrite")
                #expect(made.status == 0, "\(made.errors)")
                let preset = try String(contentsOf: tool.url("p.yaml"), encoding: .utf8)
                #expect(preset.contains("prompt: \"a lake\"\n") && preset.contains("steps: 4\n"))
            }
        }
    }

    /// Settings beside the picture in a text file, and hidden in its pixels.
    @Test func settingsAreFoundWhereOtherProgramsPutThem() throws {
        try Tool.inFolder { tool in
            let text = "a lake\r\nSteps: 4, Sampler: Euler a, CFG scale: 7, Seed: 12"
            try Data(("\u{FEFF}" + text).utf8).write(to: tool.url("beside.txt"))
            try Data("just words".utf8).write(to: tool.url("words.txt"))
            let wide = try #require(text.data(using: .utf16))
            // The name of one letter is a case of its own to Foundation.
            try wide.write(to: tool.url("w"))
            let json = #"""
                {"prompt": "a lake", "steps": 4, "guidance_scale": 7, "sampler": "euler_ancestral",
                 "scheduler": "normal", "seed": "12", "base_model": "x", "metadata_scheme": "fooocus"}
                """#
            try Data(json.utf8).write(to: tool.url("other.txt"))
            let root = URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
            let hidden = root.appending(path: "Fixtures/Pictures/Hidden/novelai.png").path
            for (file, steps) in [
                ("beside.txt", 4), ("w", 4), ("other.txt", 4), (hidden, 28),
            ] {
                let made = try tool(
                    "preset", "new", "p", "--from", file, "-o", "p.yaml", "--overwrite")
                #expect(made.status == 0, "\(made.errors)")
                let preset = try String(contentsOf: tool.url("p.yaml"), encoding: .utf8)
                #expect(preset.contains("steps: \(steps)\n"))
                #expect(preset.contains("prompt: \"a lake\"\n"))
                let plan = try tool("txt2img", "--from-image", file, "--dry-run", "-o", "o.png")
                #expect(plan.status == 0, "\(plan.errors)")
            }
            let none = try tool("preset", "new", "p", "--from", "words.txt", "-o", "q.yaml")
            #expect(none.status == 65 && none.errors.contains("it contains no settings: words.txt"))
            // An older editor of Windows.
            let latin = try #require(
                text.replacing("lake", with: "café").data(using: .windowsCP1252))
            try latin.write(to: tool.url("latin.txt"))
            let cafe = try tool("preset", "new", "p", "--from", "latin.txt", "-o", "latin.yaml")
            #expect(cafe.status == 0, "\(cafe.errors)")
            #expect(
                try String(contentsOf: tool.url("latin.yaml"), encoding: .utf8)
                    .contains("prompt: \"a café\"\n"))
            for (count, status) in [(1 << 20, 0), ((1 << 20) + 1, 65)] {
                let padding = String(repeating: "x", count: count - text.utf8.count)
                try Data((padding + text).utf8).write(to: tool.url("long.txt"))
                let long = try tool(
                    "preset", "new", "p", "--from", "long.txt", "-o", "long.yaml", "--overwrite")
                #expect(long.status == status, "\(long.errors)")
                #expect(status == 0 || long.errors.contains("too long for settings"))
            }
            let info = try tool("info", hidden)
            #expect(info.text.contains("settings of: NovelAI\n"))
            #expect(info.text.contains("setting steps: 28\n"))
        }
    }

    @Test func aRunBecomesARecipe() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try Data(
                "prompt: x\nsteps: 2\nedits:\n  - verb: outpaint\n    left: 8\n"
                    .appending("  - verb: inpaint\n    mask: \"rect:1,1,9,9\"\n").utf8
            ).write(to: tool.url("r.yaml"))
            let run = try tool(
                "run", "r.yaml", "in.png", "-o", "a.png", "--seed", "4", "--receipt", "a.json",
                "--quiet")
            #expect(run.status == 0, "\(run.errors)")
            #expect(
                try tool("preset", "new", "again", "--from", "a.json", "-o", "again.yaml").status
                    == 0)
            let again = try tool(
                "run", "again.yaml", "in.png", "-o", "b.png", "--seed", "4", "--quiet",
                "--mask", "edit2=rect:-7,1,9,9")
            #expect(again.status == 0, "\(again.errors)")
            let (a, b) = try (image("a.png", tool), image("b.png", tool))
            #expect((a.width, a.height) == (b.width, b.height))
        }
    }

    private func image(_ name: String, _ tool: Tool) throws -> Image {
        try Image(decoding: Data(contentsOf: tool.url(name)), name: name)
    }

    @Test func aStyleNeedsItsFile() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "img2img", "in.png", "-o", "a.png", "--prompt", "x", "--style", "Oil")
            #expect(run.status == 66)
            #expect(run.errors.contains("cannot read the styles"), "\(run.errors)")
        }
    }

    @Test func stylesGoAroundThePrompt() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try FileManager.default.createDirectory(
                at: tool.url(".config/gesso"), withIntermediateDirectories: true)
            let text =
                "\u{FEFF}name,prompt,negative_prompt\nOil,\"oil, {prompt}\",photo\nNight,dark,\n"
            try Data(text.utf8).write(to: tool.url(".config/gesso/styles.csv"))
            let made = try tool(
                "img2img", "in.png", "-o", "a.png", "--prompt", "a cat", "--style", "Oil",
                "--style", "Night", "--steps", "2", "--quiet", "--receipt", "r.json")
            #expect(made.status == 0, "\(made.errors)")
            let parameters = try image("a.png", tool).metadata.parameters
            #expect(parameters?.hasPrefix("oil, a cat, dark\nNegative prompt: photo\n") == true)
            let again = try tool("replay", "r.json", "-o", "b.png", "--quiet")
            #expect(again.text == "identical: b.png\n", "\(again.errors)")
            let unknown = try tool(
                "img2img", "in.png", "-o", "c.png", "--prompt", "x", "--style", "Oill")
            #expect(unknown.status == 64)
            #expect(unknown.errors.contains("did you mean 'Oil'?"))
        }
    }

    /// Files of JSON that other programs save are not taken for receipts, and remarks on settings are made
    /// here, too.
    @Test func otherProgramsSaveJSON() throws {
        try Tool.inFolder { tool in
            func new(_ text: String, _ name: String) throws -> Tool.Outcome {
                try Data(text.utf8).write(to: tool.url(name))
                return try tool("preset", "new", "p", "--from", name, "-o", "p.yaml", "--overwrite")
            }
            let graph = """
                {"3": {"class_type": "KSampler", "inputs": {"seed": 5, "steps": 6, "cfg": 7,
                "sampler_name": "euler", "scheduler": "normal", "denoise": 1, "positive": ["8", 0],
                "negative": ["7", 0], "latent_image": ["5", 0]}},
                "8": {"class_type": "ControlNetApply", "inputs": {"conditioning": ["6", 0], "x": 1}},
                "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lake"}},
                "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "fog"}},
                "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 48}}}
                """
            let read = try new(graph, "graph.json")
            #expect(read.status == 0, "\(read.errors)")
            #expect(
                read.errors.contains("nodes without a counterpart here, left out: ControlNetApply"))
            let text = try String(contentsOf: tool.url("p.yaml"), encoding: .utf8)
            #expect(text.contains("prompt: \"a lake\"") && text.contains("steps: 6"))
            let editor = try new("{\"nodes\": [], \"links\": []}", "workflow.json")
            #expect(editor.status == 65 && editor.errors.contains("ComfyUI, a graph without nodes"))
            for name in ["r.json", "r.receipt"] {
                let receipt = try new("{\"schema\": \"gesso.receipt/99\"}", name)
                #expect(receipt.errors.contains("not a receipt of schema"), "\(receipt.errors)")
            }
        }
    }

    /// The comment that Windows shows is read where EXIF has no other.
    @Test func settingsMayBeInTheCommentOfWindows() throws {
        try Tool.inFolder { tool in
            let file = Fixtures.folder.appending(path: "Images/Good/windows-comment.jpg")
            let preset = try tool("preset", "new", "p", "--from", file.path, "-o", "p.yaml")
            #expect(preset.status == 0, "\(preset.errors)")
            let text = try String(contentsOf: tool.url("p.yaml"), encoding: .utf8)
            #expect(text.contains("negative_prompt: fog") && text.contains("# seed: 7"), "\(text)")
        }
    }
}
