import Foundation
import Imaging
import Testing

/// Settings that save time or memory, and what they may change.
@Suite struct EngineOptionTests {
    private func pixels(_ options: String...) throws -> [UInt16] {
        var samples: [UInt16] = []
        try Tool.inFolder { tool in
            let run = try tool.run(
                [
                    "txt2img", "-o", "x.png", "--width", "64", "--height", "64", "--prompt",
                    "a hill", "--seed", "3", "--steps", "4", "--scheduler", "ddim",
                ] + options)
            #expect(run.status == 0, "\(run.errors)")
            samples = try Image(contentsOf: tool.url("x.png")).samples
        }
        return samples
    }

    @Test func guidanceCanBeLeftOutInPart() throws {
        let never = try pixels("--guidance-scale", "1")
        let always = try pixels()
        #expect(try pixels("--set", "guidance_start=0", "--set", "guidance_end=1") == always)
        #expect(try pixels("--set", "guidance_end=0") != always)
        #expect(try pixels("--set", "guidance_start=1") == never)
        let half = try pixels("--set", "guidance_end=0.5")
        #expect(half != always && half != never)
    }

    @Test func theDeepPartCanBeKept() throws {
        let all = try pixels()
        #expect(try pixels("--set", "deep_cache=1") == all)
        let kept = try pixels("--set", "deep_cache=2")
        #expect(kept != all)
        #expect(try pixels("--set", "deep_cache=2") == kept)
    }

    @Test func likePixelsCanBeMerged() throws {
        let all = try pixels()
        #expect(try pixels("--set", "token_merging=0") == all)
        let merged = try pixels("--set", "token_merging=0.5")
        #expect(try pixels("--set", "token_merging=0.5") == merged)
    }

    @Test(arguments: ["1", "2", "3", "7"])
    func bytesDoNotDependOnThreads(_ count: String) throws {
        #expect(try pixels("--threads", count) == pixels("--threads", "1"))
    }

    /// Where no model is asked for, masks and new sides have the one that was made to fill them.
    @Test func theBuiltInModelSuitsTheVerb() throws {
        func model(_ verb: String, _ options: String...) throws -> String? {
            var line: Substring?
            try Tool.inFolder { tool in
                try tool.draw("in.png", width: 64, height: 64)
                let plan = try tool.run(
                    [verb, "in.png", "-o", "x.png", "--prompt", "x", "--dry-run"] + options)
                line = plan.text.split(separator: "\n").first { $0.hasPrefix("model: ") }
            }
            return line.map { String($0.dropFirst("model: ".count)) }
        }
        #expect(try model("img2img") == "gesso-builtin")
        #expect(try model("inpaint", "--mask", "rect:10,10,20,20") == "gesso-builtin-inpaint")
        #expect(try model("outpaint", "--left", "8") == "gesso-builtin-inpaint")
        #expect(
            try model("outpaint", "--left", "8", "--model", "gesso-builtin") == "gesso-builtin")
    }

    @Test func aDryRunTellsAndDoesNothing() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png", width: 100, height: 60)
            let run = try tool(
                "img2img", "in.png", "-o", "x.png", "--prompt", "x", "--steps", "10", "--strength",
                "0.5", "--scheduler", "ddim", "--dry-run")
            #expect(run.status == 0 && run.errors.isEmpty)
            #expect(run.text.contains("picture: 100x60, worked on at 104x64\n"))
            #expect(run.text.contains("UNet calls: 5 with ddim, 2 branches each\n"))
            #expect(try tool.files == [".cache", "in.png"], "the speed alone is kept")
        }
    }

    /// Speeds in the file that no machine can have are measured anew.
    @Test func speedsThatCannotBeAreMeasuredAnew() throws {
        try Tool.inFolder { tool in
            func plan() throws -> Tool.Outcome {
                try tool(
                    "txt2img", "--prompt", "x", "--steps", "1", "--width", "64", "--height", "64",
                    "--dry-run", "-o", "a.png")
            }
            #expect(try plan().text.contains("measured now"))
            #expect(try !plan().text.contains("measured now"))
            let file = tool.url(".cache/gesso/speeds.json")
            let text = try String(contentsOf: file, encoding: .utf8)
                .replacing(/"callSeconds" : [^,]*/, with: "\"callSeconds\" : 1e300")
            try Data(text.utf8).write(to: file)
            let run = try plan()
            #expect(run.status == 0 && run.text.contains("measured now"), "\(run.errors)")
        }
    }
}
