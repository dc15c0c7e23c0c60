import Foundation
import Imaging
import TestSupport
import Testing

/// ControlNets and the maps that they read, by the tool.
@Suite(.serialized) struct ControlToolTests {
    private static func path(_ parts: String...) -> String {
        parts.reduce(Fixtures.parity) { $0.appending(path: $1) }.path(percentEncoded: false)
    }

    private static let model = path("models", "tiny-f32")

    /// A tool with the recorded networks on its shelf, a picture and a map.
    private func inFolder(_ body: (Tool) throws -> Void) throws {
        try Tool.inFolder { tool in
            try FileManager.default.createDirectory(
                at: tool.url("models/controlnet"), withIntermediateDirectories: true)
            for (net, name) in [("edges", "tiny_canny"), ("inpaint", "tiny_inpaint")] {
                try FileManager.default.copyItem(
                    atPath: Self.path("control", "nets", net),
                    toPath: tool.url("models/controlnet/" + name).path)
            }
            try FileManager.default.copyItem(
                atPath: Self.path("inputs", "picture-64x48.png"), toPath: tool.url("in.png").path)
            try FileManager.default.copyItem(
                atPath: Self.path("control", "edges.png"), toPath: tool.url("map.png").path)
            var shelf = tool
            shelf.environment = ["GESSO_MODELS": "models"]
            try body(shelf)
        }
    }

    private func edit(_ output: String, _ more: String...) -> [String] {
        [
            "img2img", "in.png", "--prompt", "x", "--steps", "3", "--seed", "1", "--model",
            Self.model,
        ]
            + ["-o", output] + more
    }

    @Test func aMapIsReadRecordedAndReplayed() throws {
        try inFolder { tool in
            let plain = try tool.run(edit("plain.png"))
            #expect(plain.status == 0, "\(plain.errors)")
            let run = try tool.run(
                edit(
                    "a.png", "--control", "tiny_canny:0.8@0-0.9", "--control-image", "map.png",
                    "--receipt", "a.json"))
            #expect(run.status == 0, "\(run.errors)")
            #expect(
                try Data(contentsOf: tool.url("a.png")) != Data(contentsOf: tool.url("plain.png")))
            let other = try tool.run(
                edit("b.png", "--set", "control=tiny_canny=map.png:0.8@0-0.9"))
            #expect(other.status == 0, "\(other.errors)")
            #expect(try tool("compare", "a.png", "b.png").text.contains("infinite, equal"))
            // The receipt alone knows the network and the map.
            var bare = tool
            bare.environment = [:]
            let again = try bare("replay", "a.json", "-o", "again.png")
            #expect(again.text.hasPrefix("identical"), "\(again.text)\(again.errors)")
        }
    }

    @Test func aKindReadsThePictureByItsNetworksName() throws {
        try inFolder { tool in
            let named = try tool.run(edit("a.png", "--control", "canny"))
            #expect(named.status == 0, "\(named.errors)")
            let made = try tool("control", "in.png", "--kind", "canny", "-o", "edges.png")
            #expect(made.status == 0, "\(made.errors)")
            let given = try tool.run(edit("b.png", "--control", "tiny_canny=edges.png"))
            #expect(given.status == 0, "\(given.errors)")
            #expect(try tool("compare", "a.png", "b.png").text.contains("infinite, equal"))
        }
    }

    @Test func theInpaintingControlNetSeesTheSurroundings() throws {
        try inFolder { tool in
            let words = [
                "inpaint", "in.png", "--mask", "rect:8,8,24,24", "--prompt", "x", "--steps", "3",
                "--seed", "1", "--model", Self.model, "--region", "mask",
            ]
            let plain = try tool.run(words + ["-o", "plain.png"])
            #expect(plain.status == 0, "\(plain.errors)")
            let run = try tool.run(words + ["-o", "a.png", "--control", "inpaint"])
            #expect(run.status == 0, "\(run.errors)")
            let difference = try tool("compare", "a.png", "plain.png").text
            #expect(!difference.contains("equal"))
        }
    }

    @Test func whatHasNothingToReadIsRefused() throws {
        try inFolder { tool in
            let before = try tool.files
            let words = [
                "txt2img", "--prompt", "x", "--steps", "2", "--width", "32", "--height", "32",
                "--model", Self.model, "-o", "a.png",
            ]
            let run = try tool.run(words + ["--control", "canny"])
            #expect(run.status == 64, "\(run.errors)")
            #expect(run.errors.contains("and there is none: give it a map"))
            let missing = try tool.run(words + ["--control", "depth=map.png"])
            #expect(missing.status == 66, "\(missing.errors)")
            let range = try tool.run(words + ["--control", "canny@0.8-0.2"])
            #expect(range.status == 64, "\(range.errors)")
            let images = try tool.run(words + ["--control-image", "map.png"])
            #expect(images.status == 64, "\(images.errors)")
            #expect(try tool.files == before)
        }
    }
}
