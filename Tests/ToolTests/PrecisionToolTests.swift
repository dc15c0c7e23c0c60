import Foundation
import Imaging
import Testing

/// `--precision`, from the flag to the receipt.
@Suite struct PrecisionToolTests {
    private let edit = [
        "img2img", "in.png", "--prompt", "a hill", "--steps", "4", "--strength", "0.5", "--seed",
        "3",
    ]

    private struct Receipt: Decodable {
        struct Edit: Decodable {
            let precision: String
            let kernels: [String]
        }
        let edits: [Edit]
    }

    private func samples(_ tool: Tool, _ options: String...) throws -> [UInt16] {
        let run = try tool.run(edit + ["-o", "x.png", "--overwrite"] + options)
        #expect(run.status == 0, "\(run.errors)")
        return try Image(contentsOf: tool.url("x.png")).samples
    }

    @Test func exactIsTheDefault() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png", width: 64, height: 64)
            let usual = try samples(tool, "--receipt", "r.json")
            #expect(try samples(tool, "--precision", "exact") == usual)
            let receipt = try JSONDecoder().decode(
                Receipt.self, from: Data(contentsOf: tool.url("r.json")))
            #expect(receipt.edits.map(\.precision) == ["exact"])
            #expect(receipt.edits[0].kernels.count == 1)
        }
    }

    @Test(arguments: ["bf16", "int8"])
    func roundedNumbersAreTheSameForAllThreads(_ precision: String) throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png", width: 64, height: 64)
            let alone = try samples(tool, "--precision", precision, "--threads", "1")
            for threads in ["2", "5"] {
                let options = ["--precision", precision, "--threads", threads]
                let run = try tool.run(edit + options + ["-o", "y.png", "--overwrite"])
                #expect(run.status == 0, "\(run.errors)")
                #expect(try Image(contentsOf: tool.url("y.png")).samples == alone)
            }
        }
    }

    /// A plan and a run name the precision and the kernels; where another one is used, a single note says so.
    @Test(arguments: ["bf16", "int8"])
    func whatIsUsedIsNamed(_ precision: String) throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png", width: 64, height: 64)
            let asked = edit + ["--precision", precision, "-o", "x.png"]
            let plan = try tool.run(asked + ["--dry-run"])
            let line = try #require(
                plan.text.split(separator: "\n").first { $0.hasPrefix("precision: ") })
            let run = try tool.run(asked + ["--receipt", "r.json"])
            #expect(run.status == 0, "\(run.errors)")
            let receipt = try JSONDecoder().decode(
                Receipt.self, from: Data(contentsOf: tool.url("r.json"))
            ).edits[0]
            #expect(
                line
                    == "precision: \(receipt.precision), by \(receipt.kernels.joined(separator: ", "))"
            )
            let notes = run.errors.split(separator: "\n").filter { $0.contains(": exact is used") }
            #expect(notes.count == (receipt.precision == "exact" ? 1 : 0), "\(run.errors)")
            #expect(["exact", precision].contains(receipt.precision))
        }
    }

    /// Without its vectors a processor has no unit.
    @Test func withoutAUnitExactIsUsed() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png", width: 64, height: 64)
            var plain = tool
            plain.environment["GESSO_KERNELS"] = "portable"
            let run = try plain.run(edit + ["--precision", "int8", "-o", "x.png"])
            #expect(run.errors.contains("precision int8"), "\(run.errors)")
            #expect(run.errors.contains(": exact is used"), "\(run.errors)")
        }
    }

    @Test func settingsTextsCarryIt() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png", width: 64, height: 64)
            _ = try samples(tool, "--precision", "bf16")
            let info = try tool.run(["info", "x.png"])
            #expect(info.text.contains("precision: bf16"), "\(info.text)")
            let again = try tool.run([
                "img2img", "in.png", "--from-image", "x.png", "-o", "y.png", "--seed", "3",
                "--dry-run", "--json",
            ])
            #expect(again.text.contains("\"precision\""), "\(again.text)")
        }
    }
}
