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

    /// Colours under full transparency steer nothing, neither in a map nor in a picture that a map is drawn of.
    @Test func hiddenColoursSteerNothing() throws {
        try inFolder { tool in
            for (name, hidden) in [("dark", UInt16(0)), ("light", 255)] {
                for file in ["in", "map"] {
                    var image = try Image(contentsOf: tool.url(file + ".png"))
                        .converted(channels: 4, depth: 8)
                    for pixel in 0..<image.width * image.height where pixel % image.width > 40 {
                        image.samples.replaceSubrange(
                            4 * pixel..<4 * pixel + 4, with: [hidden, hidden, hidden, 0])
                    }
                    try image.encoded(as: .png).write(to: tool.url("\(file)-\(name).png"))
                }
            }
            func result(_ input: String, _ control: String...) throws -> Image {
                var words = edit("out.png", "--overwrite") + control
                words[1] = input
                let run = try tool.run(words)
                #expect(run.status == 0, "\(run.errors)")
                return try Image(contentsOf: tool.url("out.png")).withoutHiddenColors
            }
            let maps = try ["dark", "light"].map {
                try result(
                    "in.png", "--control", "tiny_canny:3", "--control-image", "map-\($0).png")
            }
            #expect(maps[0].samples == maps[1].samples)
            let drawings = try ["dark", "light"].map {
                try result("in-\($0).png", "--control", "tiny_canny=soft-edge:3")
            }
            #expect(drawings[0].samples == drawings[1].samples)
        }
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

    @Test func aBatchReadsEachPicturesMapInAFolder() throws {
        try inFolder { tool in
            for folder in ["photos", "maps"] {
                try FileManager.default.createDirectory(
                    at: tool.url(folder), withIntermediateDirectories: true)
            }
            for name in ["a", "b", "c"] {
                try FileManager.default.copyItem(
                    at: tool.url("in.png"), to: tool.url("photos/\(name).png"))
            }
            try FileManager.default.copyItem(
                at: tool.url("map.png"), to: tool.url("maps/a.png"))
            let made = try tool("control", "in.png", "--kind", "invert", "-o", "maps/B.PNG")
            #expect(made.status == 0, "\(made.errors)")
            let settings = [
                "--prompt", "x", "--steps", "3", "--model", Self.model, "--control", "tiny_canny",
            ]
            let batch = try tool.run(
                [
                    "batch", "photos", "--output-dir", "out", "--control-image", "maps", "--seed",
                    "1",
                ]
                    + settings)
            // One has no map.
            #expect(batch.status == 3, "\(batch.errors)")
            #expect(batch.errors.contains("maps/c.png"), "\(batch.errors)")
            for (name, map, seed) in [("a", "maps/a.png", "1"), ("b", "maps/B.PNG", "2")] {
                let own = try tool.run(
                    ["img2img", "in.png", "-o", name + ".png", "--control-image", map]
                        + ["--seed", seed] + settings)
                #expect(own.status == 0, "\(own.errors)")
                #expect(
                    try tool("compare", name + ".png", "out/\(name).png").text.contains("equal"))
            }
        }
    }

    @Test func aGridVariesPartsOfControlsAndCheckpoints() throws {
        try inFolder { tool in
            let other = tool.url("models/second")
            try FileManager.default.copyItem(
                atPath: Self.path("families", "models", "tiny-2"), toPath: other.path)
            let words = [
                "grid", "in.png", "--prompt", "x", "--steps", "2", "--seed", "1", "--side", "64",
                "--json",
            ]
            let weights = try tool.run(
                words + ["--model", Self.model, "--control", "canny", "-o", "weights.png"]
                    + ["--x", "control:weight=0,1", "--y", "control:kind=canny,invert"])
            #expect(weights.status == 0, "\(weights.errors)")
            #expect(weights.text.contains("control weight 1, control kind invert"))
            let plain = try tool.run(
                words + ["--model", Self.model, "-o", "x.png", "--x", "control:weight=0,1"])
            #expect(plain.status == 64)
            #expect(plain.errors.contains("there is no control"), "\(plain.errors)")
            // All pictures of a checkpoint are made after each other, wherever they are in the table.
            let models = try tool.run(
                words + ["-o", "models.png", "--x", "model=\(Self.model),second"]
                    + ["--y", "strength=0.5,1"])
            #expect(models.status == 0, "\(models.errors)")
            let order = models.errorLines.filter { $0.contains("picture ") }.map {
                $0.contains("tiny-f32") ? "tiny" : "second"
            }
            #expect(order == ["tiny", "tiny", "second", "second"])
            let text = try tool("info", "models.png").text
            #expect(text.contains("X Values: model=") || text.contains("model="), "\(text)")
        }
    }

    @Test func tilesOfALargerPictureAreReadByTheTileControlNet() throws {
        try inFolder { tool in
            try FileManager.default.copyItem(
                atPath: Self.path("control", "nets", "edges"),
                toPath: tool.url("models/controlnet/tiny_tile").path)
            let words = [
                "upscale", "in.png", "--prompt", "x", "--steps", "8", "--seed", "1", "--model",
                Self.model, "--set", "tile_size=64", "--set", "tile_overlap=16",
            ]
            for (name, control) in [
                ("plain", [String]()), ("tile", ["--control", "tile"]),
                ("same", ["--control", "tiny_tile=picture"]),
                ("other", ["--control", "tiny_tile=invert"]),
            ] {
                let run = try tool.run(words + ["-o", name + ".png"] + control)
                #expect(run.status == 0, "\(run.errors)")
            }
            func isEqual(_ other: String) throws -> Bool {
                try tool("compare", "tile.png", other).text.contains("infinite, equal")
            }
            #expect(try isEqual("same.png"))
            #expect(try !isEqual("plain.png"))
            #expect(try !isEqual("other.png"))
        }
    }

    @Test func tilesThatGiveDetailAreReadByTheTileControlNet() throws {
        try inFolder { tool in
            try FileManager.default.copyItem(
                atPath: Self.path("control", "nets", "edges"),
                toPath: tool.url("models/controlnet/tiny_tile").path)
            let large = try tool(
                "upscale", "in.png", "--scale", "3", "--strength", "0", "--prompt", "x", "--model",
                Self.model, "-o", "large.png")
            #expect(large.status == 0, "\(large.errors)")
            let words = [
                "img2img", "large.png", "--prompt", "x", "--steps", "8", "--seed", "1", "--model",
                Self.model, "--set", "work_size=96", "--set", "detail=tiles",
            ]
            for (name, more) in [
                ("plain", []), ("tile", ["--control", "tile"]),
                // From the half on only the tiles' few steps are left.
                ("detail", ["--control", "tile", "--set", "detail_strength=0.5"]),
            ] {
                let run = try tool.run(words + more + ["-o", name + ".png"])
                #expect(run.status == 0, "\(run.errors)")
            }
            for other in ["plain.png", "detail.png"] {
                #expect(try !tool("compare", "tile.png", other).text.contains("infinite, equal"))
            }
        }
    }

    @Test func aPictureCarriesItsControlNets() throws {
        try inFolder { tool in
            let run = try tool.run(
                edit("a.png", "--control", "tiny_canny=canny(50,150):0.8:prompt@0-0.9"))
            #expect(run.status == 0, "\(run.errors)")
            let again = try tool(
                "img2img", "in.png", "-o", "b.png", "--from-image", "a.png", "--model", Self.model)
            #expect(again.status == 0, "\(again.errors)")
            #expect(try tool("compare", "a.png", "b.png").text.contains("infinite, equal"))
            // Where the network is not here, the rest is still a beginning.
            var bare = tool
            bare.environment = [:]
            let without = try bare(
                "img2img", "in.png", "-o", "c.png", "--from-image", "a.png", "--model", Self.model)
            #expect(without.status == 0, "\(without.errors)")
            #expect(
                without.errors.contains("not here, left out: ControlNet tiny_canny"),
                "\(without.errors)")
        }
    }

    @Test func masksBoundWhereANetworkReadsAndHasAnEffect() throws {
        try inFolder { tool in
            for (name, white) in [("white", 64), ("black", 0), ("half", 32)] {
                let mask = Mask(
                    width: 64, height: 48,
                    values: (0..<64 * 48).map { $0 % 64 < white ? 255 : 0 })
                try mask.image.encoded(as: .png).write(to: tool.url(name + ".png"))
            }
            func made(_ control: String?, _ more: String...) throws -> [UInt16] {
                let file = "\(UUID().uuidString).png"
                let run = try tool.run(
                    edit(file) + (control.map { ["--control", $0] } ?? []) + more)
                #expect(run.status == 0, "\(run.errors)")
                return try Image(contentsOf: tool.url(file)).samples
            }
            let net = "tiny_canny=map.png:2"
            let (plain, all) = (try made(nil), try made(net))
            #expect(try made(net + ":within=white.png") == all)
            #expect(try made(net + ":within=black.png") == plain)
            let half = try made(net + ":within=half.png")
            #expect(half != plain && half != all)

            let seen = "tiny_inpaint=picture:2"
            let blind = try made(seen + ":hides=half.png")
            #expect(try made(seen + ":hides=black.png") == made(seen))
            #expect(try blind != made(seen))
            #expect(try blind != made(seen + ":hides=white.png"))

            let hires = ["--hires-scale", "1.5", "--hires-steps", "2"]
            var found: Set<[UInt16]> = []
            for runs in ["", ":first", ":second"] {
                found.insert(try made(net + runs, hires[0], hires[1], hires[2], hires[3]))
                #expect(try made(net + runs) == all)
            }
            #expect(found.count == 3)
            let missing = try tool.run(edit("x.png", "--control", net + ":within=gone.png"))
            #expect(missing.status == 66 && missing.errors.contains("gone.png"))
            let recorded = try tool.run(
                edit(
                    "r.png", "--control", net + ":within=half.png:first", "--receipt", "r.json"))
            #expect(recorded.status == 0, "\(recorded.errors)")
            #expect(try tool("replay", "r.json", "-o", "s.png").text.hasPrefix("identical"))
            let stored = try tool(
                "img2img", "in.png", "--from-image", "r.png", "--model", Self.model, "-o", "t.png")
            #expect(stored.errors.contains("ControlNet tiny_canny"), "\(stored.errors)")
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
            let numbers = try tool.run(edit("a.png", "--control", "canny=canny(5)"))
            #expect(numbers.status == 64, "\(numbers.errors)")
            #expect(numbers.errors.contains("'canny(5)' has other numbers"), "\(numbers.errors)")
            let images = try tool.run(words + ["--control-image", "map.png"])
            #expect(images.status == 64, "\(images.errors)")
            #expect(try tool.files == before)
        }
    }
}
