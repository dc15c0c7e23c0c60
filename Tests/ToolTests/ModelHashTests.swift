import Files
import Foundation
import TestSupport
import Testing

/// Checkpoints by the hash that pictures have of them.
@Suite struct ModelHashTests {
    private static let single = Fixtures.parity.appending(path: "families/single")
    private static let tokenizer = Fixtures.parity.appending(
        path: "families/models/tiny-xl/tokenizer"
    )
    .path(percentEncoded: false)

    /// A tool with a shelf of single files, and a picture made with one of them.
    private func inFolder(_ body: (Tool, String) throws -> Void) throws {
        try Tool.inFolder { tool in
            try FileManager.default.createDirectory(
                at: tool.url("models"), withIntermediateDirectories: true)
            for name in ["tiny-xl", "tiny-2"] {
                try FileManager.default.copyItem(
                    at: Self.single.appending(path: name + ".safetensors"),
                    to: tool.url("models/\(name).safetensors"))
            }
            try FileManager.default.copyItem(
                at: Fixtures.parity.appending(path: "inputs/picture-64x48.png"),
                to: tool.url("in.png"))
            var shelf = tool
            shelf.environment = [
                "GESSO_MODELS": "models", "XDG_CACHE_HOME": tool.url("cache").path,
            ]
            let made = try shelf.run(
                edit("a.png", ["--model", "tiny-xl.safetensors", "--prompt", "x", "--seed", "3"]))
            #expect(made.status == 0, "\(made.errors)")
            let hash = try Digest.sha256(file: tool.url("models/tiny-xl.safetensors")).prefix(10)
            try body(shelf, String(hash))
        }
    }

    private func edit(_ output: String, _ more: [String]) -> [String] {
        [
            "img2img", "in.png", "-o", output, "--steps", "2", "--tokenizer", Self.tokenizer,
            "--overwrite",
        ] + more
    }

    private func write(_ settings: String, _ tool: Tool) throws {
        try Data("x\nSteps: 2, Sampler: Euler, CFG scale: 7, Seed: 1, \(settings)\n".utf8)
            .write(to: tool.url("settings.txt"))
    }

    @Test func aSingleFileIsNamedByItsHash() throws {
        try inFolder { tool, hash in
            let text = try tool("info", "a.png").text
            #expect(text.contains("setting Model hash: \(hash)\n"), "\(text)")
            #expect(text.contains("setting Model: tiny-xl\n"))
            // The file is read for it once.
            let book = tool.url("cache/gesso/hashes.json")
            #expect(try String(contentsOf: book, encoding: .utf8).contains(hash))
        }
    }

    @Test func aFolderHasNone() throws {
        try inFolder { tool, _ in
            let folder = Fixtures.parity.appending(path: "models/tiny-f32").path(
                percentEncoded: false)
            let made = try tool.run([
                "img2img", "in.png", "-o", "b.png", "--steps", "2", "--prompt", "x", "--model",
                folder,
            ])
            #expect(made.status == 0, "\(made.errors)")
            #expect(try !tool("info", "b.png").text.contains("Model hash"))
        }
    }

    @Test func aModelOfAnotherNameIsFoundByItsHash() throws {
        try inFolder { tool, hash in
            let again = try tool.run(edit("b.png", ["--from-image", "a.png"]))
            #expect(again.status == 0, "\(again.errors)")
            #expect(!again.errors.contains("it was made with"))
            #expect(try tool("compare", "a.png", "b.png").text.contains("infinite, equal"))
            try FileManager.default.moveItem(
                at: tool.url("models/tiny-xl.safetensors"),
                to: tool.url("models/renamed.safetensors"))
            // Another file has taken its name.
            try FileManager.default.copyItem(
                at: tool.url("models/tiny-2.safetensors"),
                to: tool.url("models/tiny-xl.safetensors"))
            let found = try tool.run(edit("c.png", ["--from-image", "a.png"]))
            #expect(found.status == 0, "\(found.errors)")
            #expect(
                found.errors.contains(
                    "it was made with 'tiny-xl' [\(hash)], which is 'renamed.safetensors' here"))
            #expect(try tool("compare", "a.png", "c.png").text.contains("infinite, equal"))
        }
    }

    @Test func whatIsNotHereAndWhatIsOtherIsNoted() throws {
        try inFolder { tool, hash in
            try write("Model hash: 0123456789, Model: elsewhere", tool)
            let none = try tool.run(edit("b.png", ["--from-image", "settings.txt"]))
            #expect(
                none.errors.contains(
                    "it was made with 'elsewhere' [0123456789], which is not here"),
                "\(none.errors)")
            try write("Model hash: 0123456789, Model: tiny-xl", tool)
            let other = try tool.run(edit("b.png", ["--from-image", "settings.txt"]))
            #expect(other.status == 0, "\(other.errors)")
            #expect(
                other.errors.contains(
                    "'tiny-xl' [0123456789]; 'tiny-xl.safetensors' here is another file of that name"
                ),
                "\(other.errors)")
            let chosen = try tool.run(
                edit("b.png", ["--from-image", "a.png", "--model", "tiny-2.safetensors"]))
            #expect(
                chosen.errors.contains(
                    "it was made with a model of Stable Diffusion XL, not of Stable Diffusion 2.x"),
                "\(chosen.errors)")
        }
    }

    @Test func anotherFamilyIsRefusedByItsName() throws {
        try inFolder { tool, _ in
            let name = "model.diffusion_model.double_blocks.0.img_attn.qkv.weight"
            let header = Data(
                "{\"\(name)\":{\"dtype\":\"F16\",\"shape\":[4,4],\"data_offsets\":[0,32]}}".utf8)
            var file = Data()
            withUnsafeBytes(of: UInt64(header.count).littleEndian) { file.append(contentsOf: $0) }
            file += header + Data(count: 32)
            try file.write(to: tool.url("models/flux.safetensors"))
            try write(
                "Model hash: \(Digest.sha256(file).prefix(10)), Model: flux1-dev", tool)
            let run = try tool.run(edit("b.png", ["--from-image", "settings.txt"]))
            #expect(run.status == 69, "\(run.errors)")
            #expect(run.errors.contains("single-file Flux checkpoint"), "\(run.errors)")
        }
    }
}
