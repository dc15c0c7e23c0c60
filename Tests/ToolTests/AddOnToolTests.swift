import Files
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

    /// The tool with a folder of models that holds one LoRA.
    private static func shelf(_ tool: Tool) throws -> Tool {
        try FileManager.default.createDirectory(
            at: tool.url("models/loras"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: lora, to: tool.url("models/loras/tiny.safetensors"))
        var shelf = tool
        shelf.environment = [
            "GESSO_MODELS": "models", "XDG_CACHE_HOME": tool.url("cache").path,
        ]
        return shelf
    }

    @Test func aLoRAIsRecordedAndReplayed() throws {
        try Tool.inFolder { tool in
            let shelf = try Self.shelf(tool)
            let flag = try shelf.run(
                Self.words("a.png")
                    + ["--prompt", "x", "--lora", "tiny:0.5", "--receipt", "a.json"])
            #expect(flag.status == 0, "\(flag.errors)")
            let tag = try shelf.run(Self.words("b.png") + ["--prompt", "x<lora:tiny:0.5>"])
            #expect(tag.status == 0, "\(tag.errors)")
            #expect(try shelf("compare", "a.png", "b.png").text.contains("infinite, equal"))
            let info = try tool("info", "a.png").text
            #expect(info.contains("<lora:tiny:0.5>"))
            #expect(info.contains("tiny: "))
            // The receipt alone says where the file is.
            let again = try tool("replay", "a.json", "-o", "again.png")
            #expect(again.text.hasPrefix("identical"), "\(again.text)\(again.errors)")
        }
    }

    /// One vector more would take the place of the end mark.
    @Test func ofManyVectorsSeventyFiveAreUsed() throws {
        try Tool.inFolder { tool in
            for count in [75, 76, 80] {
                let floats = (0..<count * 32).map { Float($0 % 97) / 50 - 1 }
                let header = Data(
                    ("{\"emb_params\":{\"dtype\":\"F32\",\"shape\":[\(count),32],"
                        + "\"data_offsets\":[0,\(4 * floats.count)]}}").utf8)
                let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
                let folder = tool.url("\(count)")
                try FileManager.default.createDirectory(
                    at: folder, withIntermediateDirectories: true)
                try (length + header + floats.withUnsafeBytes { Data($0) })
                    .write(to: folder.appending(path: "zork.safetensors"))
                let run = try tool.run(
                    Self.words("\(count).png")
                        + ["--prompt", "zork", "--embedding", "\(count)/zork.safetensors"])
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.errors.contains("of which the first 75 are used") == (count > 75))
            }
            for other in ["76.png", "80.png"] {
                let found = try tool("compare", "75.png", other).text
                #expect(found.contains("infinite, equal"), "\(found)")
            }
        }
    }

    @Test func aLoRAThatIsMissingIsAnErrorOnlyWhereItWasAskedFor() throws {
        try Tool.inFolder { tool in
            try Data(
                "a lake <lora:gone:0.5>\nSteps: 2, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 32x32, RNG: CPU\n"
                    .utf8
            ).write(to: tool.url("s.txt"))
            let words = ["txt2img", "--model", Self.model]
            let stored = try tool.run(words + ["--from-image", "s.txt", "-o", "a.png"])
            #expect(stored.status == 0, "\(stored.errors)")
            #expect(
                stored.errors.contains("note: s.txt: not here, left out: LoRA gone\n"),
                "\(stored.errors)")
            let plain = try tool.run(
                words + [
                    "--from-image", "s.txt", "--prompt", "a lake", "-o", "b.png",
                ])
            #expect(plain.status == 0)
            #expect(try tool("compare", "a.png", "b.png").text.contains("infinite, equal"))
            #expect(try !tool("info", "a.png").text.contains("lora"))
            for own in [["--prompt", "x <lora:gone:1>"], ["--lora", "gone"]] {
                let typed = try tool.run(
                    words + ["--from-image", "s.txt", "-o", "c.png"] + own)
                #expect(typed.status == 66, "\(typed.errors)")
                #expect(typed.errors.contains("gone"), "\(typed.errors)")
            }
        }
    }

    /// diffusers and PEFT write a LoRA into a folder of its own, PEFT's alpha into a file beside it.
    @Test func aLoRAMayBeAFolder() throws {
        let corpus = Self.parity.deletingLastPathComponent().appending(path: "Weights/LoRA")
        try Tool.inFolder { tool in
            let shelf = try Self.shelf(tool)
            func put(_ name: String, at place: String, _ configuration: String? = nil) throws {
                let folder = tool.url("models/loras/" + place)
                try FileManager.default.createDirectory(
                    at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
                try FileManager.default.copyItem(
                    at: corpus.appending(path: name + ".safetensors"), to: folder)
                try configuration.map {
                    try Data($0.utf8).write(
                        to: folder.deletingLastPathComponent()
                            .appending(path: "adapter_config.json"))
                }
            }
            try put("diffusers-names", at: "trained/pytorch_lora_weights.safetensors")
            try put(
                "diffusers-names", at: "peft/adapter_model.safetensors",
                "{\"r\": 2, \"lora_alpha\": 1, \"use_rslora\": false}")
            try put("diffusers-names", at: "two/a.safetensors")
            try put("diffusers-names", at: "two/b.safetensors")
            try FileManager.default.createDirectory(
                at: tool.url("models/loras/empty"), withIntermediateDirectories: true)
            let words = ["--prompt", "x"]
            let model = Self.parity.appending(components: "models", "tiny-f16").path(
                percentEncoded: false)
            func run(_ lora: String, _ output: String) throws -> Tool.Outcome {
                let own = Self.words(output).map { $0 == Self.model ? model : $0 }
                return try shelf.run(own + words + ["--lora", lora])
            }
            #expect(try run("trained/pytorch_lora_weights", "a.png").status == 0)
            for (lora, name) in [("trained", "b"), ("models/loras/trained", "c")] {
                let made = try run(lora, name + ".png")
                #expect(made.status == 0, "\(made.errors)")
                #expect(
                    try tool("compare", "a.png", name + ".png").text.contains("infinite, equal"))
            }
            // An alpha of half the rank is half the weight.
            #expect(try run("trained:0.5", "d.png").status == 0)
            #expect(try run("peft", "e.png").status == 0)
            #expect(try tool("compare", "d.png", "e.png").text.contains("infinite, equal"))
            let two = try run("two", "f.png")
            #expect(
                two.status == 64
                    && two.errors.contains("2 files are in the folder, such as two/a.safetensors"))
            let empty = try run("empty", "f.png")
            #expect(
                empty.status == 66 && empty.errors.contains("no .safetensors file in the folder"))
            // The name that AUTOMATIC1111 writes into prompts is in the file.
            try put("called-by-its-writer", at: "drawn.safetensors")
            for (lora, name) in [("drawn", "g"), ("ink drawing", "h")] {
                let made = try run(lora, name + ".png")
                #expect(made.status == 0, "\(made.errors)")
            }
            #expect(try tool("compare", "g.png", "h.png").text.contains("infinite, equal"))
            // A second folder that leads to the same files adds none.
            try FileManager.default.createSymbolicLink(
                at: tool.url("models/LyCORIS"), withDestinationURL: tool.url("models/loras"))
            #expect(try run("ink drawing", "i.png").status == 0)
            try put("called-by-its-writer", at: "drawn-2.safetensors")
            let both = try run("ink drawing", "f.png")
            #expect(both.status == 64 && both.errors.contains("2 files have this name"))
            #expect(both.errors.contains("ink drawing: give the file's own name"))
            let other = try run("Tiny", "f.png")
            #expect(other.status == 66 && other.errors.contains("did you mean 'tiny'"))
        }
    }

    @Test func blocksThatWereDrawnAreKeptAndReplayed() throws {
        try Tool.inFolder { tool in
            let shelf = try Self.shelf(tool)
            let letters = Array(repeating: "R", count: 17).joined(separator: ",")
            let run = try shelf.run(
                Self.words("a.png")
                    + ["--prompt", "x <lora:tiny:1:lbw=\(letters)>", "--receipt", "a.json"])
            #expect(run.status == 0, "\(run.errors)")
            let info = try tool("info", "a.png").text
            #expect(info.contains("<lora:tiny:1:lbw=0.") && !info.contains("R,R"))
            let again = try shelf(
                "txt2img", "--from-image", "a.png", "--model", Self.model, "-o", "b.png")
            #expect(again.status == 0, "\(again.errors)")
            #expect(try tool("compare", "a.png", "b.png").text.contains("infinite, equal"))
            #expect(try shelf("replay", "a.json", "-o", "c.png").text.hasPrefix("identical"))
            // Both hashes of the file, with its header and without, are kept.
            let book = try String(contentsOf: tool.url("cache/gesso/hashes.json"), encoding: .utf8)
            #expect(book.contains(" from "))
            let whole = try Digest.sha256(file: tool.url("models/loras/tiny.safetensors"))
            #expect(book.contains(whole))
        }
    }

    /// Before a model is loaded: the one named here lacks its UNet's weights, which nothing asks for.
    @Test func aDecoderAloneCannotEncode() throws {
        try Tool.inFolder { tool in
            let addons = Self.lora.deletingLastPathComponent()
            try FileManager.default.copyItem(
                at: addons.appending(path: "taesd_decoder.safetensors"),
                to: tool.url("taesd_decoder.safetensors"))
            try FileManager.default.copyItem(
                at: URL(filePath: Self.model), to: tool.url("model"))
            try FileManager.default.removeItem(
                at: tool.url("model/unet/diffusion_pytorch_model.safetensors"))
            try tool.draw("in.png")
            let before = try tool.files
            let common = [
                "-o", "out.png", "--prompt", "x", "--steps", "2", "--vae",
                "taesd_decoder.safetensors", "--model", "model",
            ]
            for verb in [
                ["img2img", "in.png"], ["inpaint", "in.png", "--mask", "rect:8,8,16,16"],
                ["outpaint", "in.png", "--left", "8"], ["upscale", "in.png"],
                ["instruct", "in.png"],
            ] {
                let run = try tool.run(verb + common)
                #expect(run.status == 69, "\(verb) \(run.errors)")
                #expect(run.errorLines.count == 1)
                #expect(run.errors.contains("taesd_decoder.safetensors: is the decoder of a VAE"))
                #expect(try tool.files == before)
            }
            let flags = ["--prompt", "x", "--vae", "taesd_decoder.safetensors"]
            let words = try tool.run(Self.words("words.png") + flags)
            #expect(words.status == 0, "\(words.errors)")
            try FileManager.default.copyItem(
                at: addons.appending(path: "taesd_encoder.safetensors"),
                to: tool.url("taesd_encoder.safetensors"))
            let whole = try tool.run(
                ["img2img", "in.png"] + common.dropLast() + [Self.model])
            #expect(whole.status == 0, "\(whole.errors)")
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

    /// Trials with one model, each with words of what the tool reports.
    @Test func loRAsAreFoundByNameInAnyFolder() throws {
        try Tool.inFolder { tool in
            for place in ["loras/sub/reference", "loras/one/twin", "loras/two/twin"] {
                let file = tool.url("models/\(place).safetensors")
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try FileManager.default.copyItem(at: Self.lora, to: file)
            }
            var shelf = tool
            shelf.environment = ["GESSO_MODELS": "models"]
            func picture(_ prompt: String, _ name: String) throws -> String {
                let run = try shelf.run(Self.words(name) + ["--prompt", prompt])
                #expect(run.status == 0, "\(prompt): \(run.errors)")
                return run.errors
            }
            _ = try picture("x<lora:reference:0.5>", "bare.png")
            _ = try picture("x<lora:sub\\reference:0.5>", "backslash.png")
            _ = try picture("x<lyco:sub/reference:0.5:0.5>", "lyco.png")
            let notes = try picture(
                "x<hypernet:old:1><lora:reference:te=0.5:unet=0.5>", "named.png")
            #expect(notes.contains("<hypernet:old:1>: hypernetworks are not loaded"))
            for name in ["backslash", "lyco", "named"] {
                #expect(
                    try shelf("compare", "bare.png", name + ".png").text
                        .contains("infinite, equal"), "\(name)")
            }
            _ = try picture("x<lora:reference:0:0.5>", "unet.png")
            #expect(!(try shelf.run(["compare", "bare.png", "unet.png"])).text.contains("equal"))
            #expect(try tool("info", "unet.png").text.contains("<lora:reference:0:0.5>"))
            let twins = try shelf.run(Self.words("no.png") + ["--prompt", "x<lora:twin:1>"])
            #expect(twins.status == 64 && twins.errors.contains("2 files have this name"))
        }
    }

    @Test func embeddingsOfTheShelfAreFoundByTheirNames() throws {
        try Tool.inFolder { tool in
            let corpus = Self.parity.deletingLastPathComponent()
                .appending(components: "Weights", "Embeddings")
            try FileManager.default.createDirectory(
                at: tool.url("models/embeddings"), withIntermediateDirectories: true)
            for name in ["reference", "other-family"] {
                try FileManager.default.copyItem(
                    at: corpus.appending(path: name + ".safetensors"),
                    to: tool.url("models/embeddings/\(name).safetensors"))
            }
            let alone = corpus.appending(path: "reference.safetensors").path(percentEncoded: false)
            let given = try tool.run(
                Self.words("given.png") + ["--prompt", "a reference", "--embedding", alone])
            #expect(given.status == 0, "\(given.errors)")
            var shelf = tool
            shelf.environment = ["GESSO_MODELS": "models"]
            let found = try shelf.run(
                Self.words("found.png")
                    + ["--prompt", "a Reference", "--receipt", "found.json"])
            #expect(found.status == 0, "\(found.errors)")
            #expect(try tool("compare", "given.png", "found.png").text.contains("infinite, equal"))
            #expect(try tool("info", "found.png").text.contains("setting TI hashes: reference: "))
            // The receipt alone knows the file.
            let again = try tool("replay", "found.json", "-o", "again.png")
            #expect(again.text.hasPrefix("identical"), "\(again.text)\(again.errors)")
            // A word that the model has no embedding for is a word.
            let other = try shelf.run(
                Self.words("other.png") + ["--prompt", "a other-family house"])
            #expect(other.status == 0, "\(other.errors)")
            #expect(other.errors.contains("'other-family' stays a word: "), "\(other.errors)")
            let plain = try tool.run(
                Self.words("plain.png") + ["--prompt", "a other-family house"])
            #expect(plain.status == 0)
            #expect(try tool("compare", "plain.png", "other.png").text.contains("infinite, equal"))
            // So is the name of a pickle; a LoRA or a checkpoint that is asked for is refused.
            for name in [
                "embeddings/oldstyle.pt", "loras/old.pt", "old.ckpt", "loras/late.safetensors.part",
                "small.gguf",
            ] {
                let file = tool.url("models/" + name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data([0x80, 2, 0x7D]).write(to: file)
            }
            let pickle = try shelf.run(
                Self.words("pickle.png") + ["--prompt", "an oldstyle house"])
            #expect(pickle.status == 0, "\(pickle.errors)")
            #expect(pickle.errors.contains("'oldstyle' stays a word: "), "\(pickle.errors)")
            #expect(pickle.errors.contains("is a PyTorch pickle"), "\(pickle.errors)")
            for (words, what) in [
                (
                    Self.words("refused.png") + ["--prompt", "x <lora:old:1>"],
                    "this lora is a pickle"
                ),
                (
                    Self.words("refused.png") + ["--prompt", "x", "--lora", "late"],
                    "this lora is a download that is not finished"
                ),
                (
                    ["txt2img", "--prompt", "x", "--model", "old", "-o", "refused.png"],
                    "this model is a pickle"
                ),
                (
                    ["txt2img", "--prompt", "x", "--model", "small", "-o", "refused.png"],
                    "this model is a GGUF file: small.gguf"
                ),
            ] {
                let refused = try shelf.run(words)
                #expect(refused.status == 65 && refused.errors.contains(what), "\(refused.errors)")
            }
            // Others' pictures say which they had.
            try Data(
                "x\nSteps: 2, Sampler: Euler, CFG scale: 7, Seed: 1, TI hashes: \"reference: 12, gone: 34\"\n"
                    .utf8
            ).write(to: tool.url("s.txt"))
            let stored = try shelf.run(
                Self.words("stored.png") + ["--from-image", "s.txt"])
            #expect(
                stored.errors.contains("not here, left out: embedding gone"), "\(stored.errors)")
        }
    }

    /// Vectors of an embedding that are more for one text encoder of XL than for the other.
    @Test func unevenEmbeddingsOfXLAreNamed() throws {
        try Tool.inFolder { tool in
            let corpus = Self.parity.deletingLastPathComponent()
                .appending(components: "Weights", "Embeddings")
            let model = Self.parity.appending(components: "families", "models", "tiny-xl")
            func notes(_ name: String, _ prompt: String) throws -> String {
                let run = try tool.run(
                    Self.words("\(name).png").map { $0 == Self.model ? model.path : $0 }
                        + ["--prompt", prompt, "--overwrite"]
                        + ["--embedding", corpus.appending(path: name + ".safetensors").path])
                #expect(run.status == 0, "\(run.errors)")
                return run.errors
            }
            let uneven = "has 3 vectors for CLIP L and 2 for CLIP G"
            #expect(try notes("xl-uneven", "a xl-uneven").contains("xl-uneven \(uneven)"))
            #expect(try !notes("xl-uneven", "a lake").contains(uneven))
            #expect(try !notes("xl-reference", "a xl-reference").contains("vectors for"))
            // More chunks for one than for the other.
            let long = try notes("xl-long-for-one", "a xl-long-for-one")
            #expect(long.contains("what is beyond 77 tokens for one of its text encoders"))
        }
    }

    @Test func anEmbeddingOfTheShelfMayBeGivenToo() throws {
        try Tool.inFolder { tool in
            let file = Self.parity.deletingLastPathComponent()
                .appending(components: "Weights", "Embeddings", "reference.safetensors")
            for name in ["word", "two words", "neg(v2)"] {
                try FileManager.default.createDirectory(
                    at: tool.url("models/embeddings"), withIntermediateDirectories: true)
                try FileManager.default.copyItem(
                    at: file, to: tool.url("models/embeddings/\(name).safetensors"))
            }
            // Not read, and no word of its own within the longer name.
            try Data("PK".utf8).write(to: tool.url("models/embeddings/two.pt"))
            var shelf = tool
            shelf.environment = ["GESSO_MODELS": "models"]
            func run(_ prompt: String, _ name: String, _ more: [String] = []) throws -> String {
                let run = try shelf.run(Self.words(name) + ["--prompt", prompt] + more)
                #expect(run.status == 0, "\(run.errors)")
                return run.errors
            }
            _ = try run("a word", "a.png")
            let path = "models/embeddings/word.safetensors"
            _ = try run("a word", "b.png", ["--embedding", path])
            let spaced = try run("a embedding:two words", "c.png")
            #expect(!spaced.contains("no embedding"), "\(spaced)")
            #expect(!spaced.contains("two.pt"), "\(spaced)")
            // A name with brackets is found by its escaped form, as a word and in ComfyUI's notation.
            _ = try run(#"a neg\(v2\)"#, "d.png")
            let escaped = try run(#"a embedding:neg\(v2\)"#, "e.png")
            #expect(!escaped.contains("no embedding"), "\(escaped)")
            for name in ["b", "c", "d", "e"] {
                #expect(
                    try tool("compare", "a.png", name + ".png").text.contains("infinite, equal"))
            }
        }
    }

    @Test func embeddingsOfAFolderAreLeftOutWithANote() throws {
        try Tool.inFolder { tool in
            let corpus = Self.parity.deletingLastPathComponent()
                .appending(components: "Weights", "Embeddings")
            try FileManager.default.createDirectory(
                at: tool.url("mixed"), withIntermediateDirectories: true)
            try FileManager.default.createDirectory(
                at: tool.url("mixed/sub"), withIntermediateDirectories: true)
            for (name, place) in [
                ("reference", "sub/reference.SAFETENSORS"),
                ("other-family", "other-family.safetensors"),
            ] {
                try FileManager.default.copyItem(
                    at: corpus.appending(path: name + ".safetensors"),
                    to: tool.url("mixed/" + place))
            }
            try Data([0x80, 2, 0x7D]).write(to: tool.url("mixed/pickled.pt"))
            try Data([1]).write(to: tool.url("mixed/broken.safetensors"))
            let alone = corpus.appending(path: "reference.safetensors").path(percentEncoded: false)
            func run(_ prompt: String, _ file: String, _ name: String) throws -> (Int32, String) {
                let run = try tool.run(
                    Self.words(name) + ["--prompt", prompt, "--embedding", file])
                return (run.status, run.errors)
            }
            #expect(try run("a reference", alone, "alone.png").0 == 0)
            let (status, notes) = try run("a reference", "mixed", "mixed.png")
            #expect(status == 0 && notes.contains("3 embeddings are left out ("), "\(notes)")
            for name in ["broken", "other-family", "pickled"] { #expect(notes.contains(name)) }
            #expect(try run("a embedding:reference", alone, "comfy.png").0 == 0)
            let (_, folders) = try run(
                "a embedding:some/folder/Reference.safetensors", alone, "folders.png")
            #expect(!folders.contains("read as words"))
            // Windows' folders, in a weight too.
            let (_, deep) = try run("a embedding:deep\\reference", alone, "deep.png")
            let (_, deeper) = try run(
                "a (embedding:very\\deep\\reference.safetensors:1)", alone, "deeper.png")
            let (_, swarm) = try run("a <embed:deep/reference>", alone, "swarm.png")
            // As InvokeAI writes it.
            #expect(try run("a <Reference>", alone, "angled.png").0 == 0)
            #expect(!(deep + deeper + swarm).contains("read as words"))
            #expect(!(folders + deep + deeper + swarm).contains("no embedding"))
            let fog = try run("a (embedding:fog:1.2)", alone, "fog.png").1
            #expect(fog.contains("no embedding 'fog': embedding:fog stays words"))
            #expect(!fog.contains("there is no embedding"))
            for name in ["mixed", "comfy", "folders", "deep", "deeper", "swarm", "angled"] {
                #expect(
                    try tool("compare", "alone.png", name + ".png").text
                        .contains("infinite, equal"), "\(name)")
            }
            #expect(try run("a pickled", "mixed", "no.png").1.contains("a PyTorch pickle"))
            #expect(try run("a other-family", "mixed", "no.png").0 == 69)
            #expect(
                try run("a cat", alone, "unused.png").1
                    .contains("no prompt uses the embedding reference"))
        }
    }
}
