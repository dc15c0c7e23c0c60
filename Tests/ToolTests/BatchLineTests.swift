import Foundation
import Imaging
import TestSupport
import Testing

/// Lines of lists, and lines of documents.
@Suite struct BatchLineTests {
    private static let fill = [
        "--verb", "inpaint", "--masks", "rect:1,1,9,9", "--fill", "edge", "--steps", "0", "--seed",
        "5", "--output-dir", "out",
    ]

    private func write(_ tool: Tool, _ name: String, _ lines: String...) throws {
        try tool.write(name, lines.map { $0 + "\n" }.joined())
    }

    /// The documents of an output, one a line.
    private func documents(_ outcome: Tool.Outcome) throws -> [[String: Any]] {
        try outcome.text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test func anErrorIsALineToo() throws {
        try Tool.inFolder { tool in
            for name in ["a.png", "b.png", "c.png"] { try tool.draw(name) }
            try Data("%PDF-1.7".utf8).write(to: tool.url("b.png"))
            try write(tool, "l.txt", "a.png", "b.png", "c.png")
            let fast = try tool.run(["batch", "l.txt", "--json", "--fail-fast"] + Self.fill)
            #expect(fast.status == 65)
            let lines = try documents(fast)
            #expect(
                lines.map { $0["schema"] as? String }
                    == ["gesso.batch/1", "gesso.batch/1", "gesso.error/1"])
            #expect(lines.map { $0["status"] as? String } == ["made", "failed", nil])
            #expect(lines.last?["exit_code"] as? Int == 65)
            let none = try tool.run(["batch", "none.png", "--json"] + Self.fill)
            #expect(none.status == 66)
            #expect(try documents(none).map { $0["schema"] as? String } == ["gesso.error/1"])
        }
    }

    /// What has no result has neither a name nor a seed.
    @Test func badLinesAreToldWhereAllAreBad() throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png")
            try write(
                tool, "l.jsonl", "{\"input\": ", "{\"input\": \"a.png\", \"strenght\": 1}")
            for words in [[], ["--dry-run"]] {
                let run = try tool.run(["batch", "l.jsonl", "--json"] + words + Self.fill)
                #expect(run.status == 3, "\(run.errors)")
                let lines = try documents(run).prefix(2)
                #expect(
                    lines.map { $0["input"] as? String } == ["l.jsonl:1", "a.png"], "\(run.text)")
                #expect(lines.allSatisfy { $0["output"] == nil && $0["seed"] == nil })
            }
            #expect(
                try tool.run(["batch", "l.jsonl"] + Self.fill).errors.contains("2 failed"))
        }
    }

    /// The seed of the batch draws them, so that it goes on with the same.
    @Test func seedsOfLinesAreDrawn() throws {
        try Tool.inFolder { tool in
            for name in ["a.png", "b.png", "c.png"] { try tool.draw(name) }
            try write(
                tool, "l.jsonl", "{\"input\": \"a.png\", \"seed\": \"random\"}",
                "{\"input\": \"b.png\", \"seed\": -1}", "{\"input\": \"c.png\"}")
            let words = ["batch", "l.jsonl", "--json", "--name", "{stem}-{seed}.png"] + Self.fill
            let run = try tool.run(words)
            #expect(run.status == 0, "\(run.errors)")
            let seeds = try documents(run).compactMap { $0["seed"] as? Int }
            #expect(
                seeds.count == 3 && seeds[2] == 7 && Set(seeds + [5, 6]).count == 5, "\(seeds)")
            #expect(try tool.run(words).errors.contains("0 made, 3 there already"))
        }
    }

    @Test func aNameThatIsNoTextIsToldAsSuch() throws {
        try Tool.inFolder { tool in
            try tool.write("in/x.txt")
            try tool.draw("in/a.png")
            _ = try tool.shell(#"cp in/a.png "$(printf 'in/\377.png')""#)
            for input in ["in", "in/*.png"] {
                let run = try tool.run(["batch", input, "--overwrite"] + Self.fill)
                #expect(run.status == 3)
                #expect(run.errors.contains("its name is not UTF-8"), "\(run.errors)")
                #expect(run.errors.contains("1 failed"), "\(run.errors)")
            }
        }
    }

    @Test func filesOfALineLeadFromTheList() throws {
        try Tool.inFolder { tool in
            try tool.write("sub/l/x.txt")
            try tool.draw("sub/a.png")
            let mask = Mask(
                width: 64, height: 48, values: (0..<64 * 48).map { $0 % 64 >= 60 ? 255 : 0 })
            try mask.image.encoded(as: .png, quality: nil).write(to: tool.url("sub/l/k.png"))
            try FileManager.default.copyItem(
                at: Fixtures.parity.appending(path: "addons/kohya.safetensors"),
                to: tool.url("sub/l/own.safetensors"))
            try write(
                tool, "sub/fill.jsonl",
                #"{"input": "a.png", "mask": "rect:1,1,9,9", "avoid": "l/k.png;rect:0,0,1,1"}"#)
            let filled = try tool(
                "batch", "sub/fill.jsonl", "--fill", "patch", "--steps", "0", "--output-dir",
                "filled")
            #expect(filled.status == 0, "\(filled.errors)")
            try write(
                tool, "sub/lora.jsonl",
                #"{"input": "a.png", "lora": "l/own.safetensors:0.5"}"#)
            let made = try tool(
                "batch", "sub/lora.jsonl", "--prompt", "x", "--steps", "2", "--strength", "0.6",
                "--seed", "1", "--output-dir", "out", "--model",
                Fixtures.parity.appending(path: "models/tiny-f32").path(percentEncoded: false))
            #expect(made.status == 0, "\(made.errors)")
            #expect(try tool("info", "out/a.png").text.contains("<lora:own:0.5>"))
        }
    }
}
