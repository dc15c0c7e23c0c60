import Foundation
import Imaging
import TestSupport
import Testing

/// Limits that are seen from outside only, each just reached and just passed (Limits.md).
@Suite struct LimitToolTests {
    private func paint(_ tool: Tool, _ prompt: String) throws -> Tool.Outcome {
        let model = Fixtures.parity.appending(path: "models/tiny-f32").path
        return try tool(
            "txt2img", "--model", model, "--prompt", prompt, "--steps", "1", "--width", "64",
            "--height", "64", "--seed", "1", "--overwrite", "-o", "a.png")
    }

    /// So many words of a prompt are used, and of one more a note says what is left out.
    private func expectMost(_ count: Int, by separator: String, note: String) throws {
        func words(_ count: Int) -> String {
            Array(repeating: "cat", count: count).joined(separator: separator)
        }
        try Tool.inFolder { tool in
            let some = try paint(tool, words(count))
            #expect(some.status == 0 && !some.errors.contains("left out"), "\(some.errors)")
            let more = try paint(tool, words(count + 1))
            #expect(more.status == 0)
            #expect(more.errors.contains(note), "\(more.errors)")
        }
    }

    @Test func soManyPromptsAreJoined() throws {
        try expectMost(
            16, by: " AND ", note: "AND joins 17 prompts: those behind 16 are left out")
    }

    /// 32 chunks of 75 tokens.
    @Test func aPromptHasSoManyChunks() throws {
        try expectMost(32 * 75, by: " ", note: "left out: what is beyond 2400 tokens")
    }

    @Test func soManyRecipesExtendEachOther() throws {
        try Tool.inFolder { tool in
            for number in 1...17 {
                let text =
                    number == 1 ? "prompt: a lake\n" : "extends: ./\(number - 1).yaml\n"
                try Data(text.utf8).write(to: tool.url("\(number).yaml"))
            }
            #expect(try tool("preset", "validate", "16.yaml").status == 0)
            let more = try tool("preset", "validate", "17.yaml")
            #expect(more.status == 64)
            #expect(
                more.errors.contains("the 16th recipe that extends another: ./2.yaml:1:10"),
                "\(more.errors)")
        }
    }

    /// Searched for each among all the others, these names of variables would take minutes.
    @Test func manyEditsExtendOneRecipe() throws {
        try Tool.inFolder { tool in
            for number in 0..<3 {
                let base = number == 0 ? "" : "extends: ./\(number - 1).yaml\n"
                let variables = (0..<999).map { "  v\(number)-\($0): x\n" }
                try Data("\(base)verb: img2img\nprompt: x\nvars:\n\(variables.joined())".utf8)
                    .write(to: tool.url("\(number).yaml"))
            }
            let edits = String(repeating: "  - extends: ./2.yaml\n", count: 64)
            try Data("edits:\n\(edits)".utf8).write(to: tool.url("all.yaml"))
            let start = ContinuousClock.now
            #expect(try tool("preset", "validate", "all.yaml").status == 0)
            #expect(ContinuousClock.now - start < .seconds(60))
        }
    }

    @Test func modelPathsHaveSoManyBytes() throws {
        try Tool.inFolder { tool in
            for (extra, isRead) in [(0, true), (1, false)] {
                let text = "a:\n  base_path: .\n"
                let blank = String(repeating: "\n", count: 256 << 10 - text.utf8.count + extra)
                try Data((text + blank).utf8).write(to: tool.url("extra_model_paths.yaml"))
                var other = tool
                other.environment["GESSO_MODEL_PATHS"] = "extra_model_paths.yaml"
                let run = try other("doctor")
                #expect(run.text.contains("cannot read the model paths") != isRead, "\(run.text)")
                let list = try other("model", "list")
                #expect(list.status == 0 && list.text.contains("gesso-builtin"))
                #expect(
                    list.errors.contains(
                        "note: its folders are left out: cannot read the model paths")
                        != isRead, "\(list.errors)")
            }
        }
    }

    @Test func certificatesHaveSoManyBytes() throws {
        try Tool.inFolder { tool in
            let file = Fixtures.folder.appending(path: "Credentials/png.png")
            let roots = try Data(
                contentsOf: Fixtures.folder.appending(path: "Credentials/roots.pem"))
            for (extra, isRead) in [(0, true), (1, false)] {
                let blank = Data(repeating: 10, count: 1 << 20 - roots.count + extra)
                try (roots + blank).write(to: tool.url("roots.pem"))
                let run = try tool("verify", file.path, "--credentials", "--trust", "roots.pem")
                #expect(
                    run.errors.contains("larger than 1 MiB, not PEM") != isRead, "\(run.errors)")
                #expect((run.status == 0) == isRead)
            }
        }
    }

    /// A picture's store of 16 MiB goes on into the result's; a larger one does not.
    @Test func credentialsThatGoOnHaveSoManyBytes() throws {
        try Tool.inFolder { folder in
            var tool = folder
            tool.environment = ["XDG_DATA_HOME": folder.url("data").path]
            #expect(try tool("credentials", "new", "--name", "Jane Doe").status == 0)
            let signed = try Data(
                contentsOf: Fixtures.folder.appending(path: "Credentials/png.png"))
            let embedded = try #require(EmbeddedManifest(in: signed))
            let plain = signed.replacing(embedded.blocks, with: Data())
            for (extra, isKept) in [(0, true), (1, false)] {
                let store = embedded.store.filledStore(to: 16 << 20 + extra)
                try ManifestPlace(in: plain, .png).file(with: store).write(to: tool.url("in.png"))
                let run = try tool(
                    "inpaint", "in.png", "--mask", "rect:1,1,4,4", "--steps", "0", "--fill", "edge",
                    "--overwrite", "-o", "out.png")
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.errors.contains("broken or too large") != isKept, "\(run.errors)")
                // libpng's words of a chunk that is none of its own are not handed on.
                #expect(!run.errors.contains("caBX"), "\(run.errors)")
                let told = try tool("info", "out.png").text
                #expect(told.contains("has no credentials") != isKept, "\(told)")
            }
        }
    }
}

extension Data {
    fileprivate func replacing(_ range: Range<Int>, with other: Data) -> Data {
        prefix(range.lowerBound) + other + dropFirst(range.upperBound)
    }

    /// The same store of Content Credentials of so many bytes, by a box of zeros behind its description.
    fileprivate func filledStore(to count: Int) -> Data {
        func number(_ value: Int) -> Data {
            Data((0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) })
        }
        let bytes = Data(self)
        let described = 8 + bytes[8..<12].reduce(0) { $0 << 8 | Int($1) }
        let free = count - bytes.count
        return number(count) + bytes[4..<described] + number(free) + Data("free".utf8)
            + Data(count: free - 8) + bytes[described...]
    }
}
