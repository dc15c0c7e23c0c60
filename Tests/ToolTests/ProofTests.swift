import Foundation
import Imaging
import Testing

/// Commands that measure, and what an edit tells of the pixels it kept.
@Suite struct ProofTests {
    private struct Outside: Decodable {
        let pixels: Int
        let changed: Int
        let largest_difference: Int
        let bounds: Bounds?

        struct Bounds: Decodable, Equatable {
            let x: Int
            let y: Int
            let width: Int
            let height: Int
        }
    }

    private func save(_ image: Image, _ name: String, _ tool: Tool) throws {
        try image.encoded(as: .png).write(to: tool.url(name))
    }

    /// White on the left half.
    private func halfMask(width: Int = 64, height: Int = 48) -> Image {
        Image(
            width: width, height: height, channels: 1,
            samples: (0..<width * height).map { $0 % width < width / 2 ? 255 : 0 })
    }

    @Test func aSingleChangedPixelIsFound() throws {
        struct Document: Decodable {
            let schema: String
            let verified: Bool
            let outside: Outside
        }
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try save(halfMask(), "mask.png", tool)
            var image = try Image(contentsOf: tool.url("in.png"))
            image.samples[(20 * 64 + 10) * 3] ^= 1
            try save(image, "inside.png", tool)
            image.samples[(21 * 64 + 50) * 3 + 2] ^= 1
            try save(image, "outside.png", tool)
            let same = try tool("verify", "in.png", "inside.png", "--mask", "mask.png")
            #expect(same.status == 0)
            #expect(same.text == "0 of 1536 pixels outside the mask changed\n")
            let other = try tool("verify", "in.png", "outside.png", "--mask", "mask.png")
            #expect(other.status == 1)
            #expect(other.errors.isEmpty)
            #expect(
                other.text == "1 of 1536 pixels outside the mask changed, "
                    + "by 1 of 255 at most, within 1x1 at 50,21\n")
            let json = try tool(
                "verify", "in.png", "outside.png", "--mask", "mask.png", "--json", "--invert-mask")
            #expect(json.status == 1)
            let document = try JSONDecoder().decode(Document.self, from: json.output)
            #expect(document.schema == "gesso.verify/1")
            #expect(!document.verified)
            #expect(document.outside.bounds == .init(x: 10, y: 20, width: 1, height: 1))
        }
    }

    /// A mask is shaped afterwards as the edit shaped it.
    @Test func aMaskIsShapedAsForTheEdit() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let small = halfMask(width: 32, height: 24)
            try save(small, "small.png", tool)
            try save(
                Image(
                    width: 64, height: 48, channels: 1,
                    samples: (0..<64 * 48).map { UInt16($0 % 64 * 4) }), "grey.png", tool)
            for words in [
                ["--mask", "rect:20,20,10,9", "--mask-grow", "6"],
                ["--mask", "small.png", "--fit-mask", "--mask-grow", "-3"],
                ["--mask", "grey.png", "--mask-threshold", "100"],
                [
                    "--mask", "grey.png", "--mask-threshold", "128", "--invert-mask", "--mask-grow",
                    "2",
                ],
            ] {
                let edit = try tool.run(
                    ["inpaint", "in.png", "--fill", "color:#ff00ff", "--steps", "0"] + words
                        + ["--mask-feather", "0", "-o", "out.png", "--overwrite"])
                #expect(edit.status == 0, "\(edit.errors)")
                let run = try tool.run(["verify", "in.png", "out.png"] + words)
                #expect(run.status == 0, "\(words): \(run.text)\(run.errors)")
                // By exactly so much: one pixel less leaves changes outside.
                let less = try tool.run(
                    ["verify", "in.png", "out.png"]
                        + (words.firstIndex(of: "--mask-grow").map { Array(words[..<$0]) } ?? words)
                        + ["--mask-grow", words.contains("--mask-grow") ? grown(words) : "-1"])
                #expect(less.status == 1, "\(words): \(less.text)")
                let compared = try tool.run(["compare", "in.png", "out.png"] + words)
                #expect(compared.text.contains("outside the mask: 0 of "))
            }
            #expect(try tool("verify", "in.png", "out.png", "--mask", "small.png").status == 65)
            let alone = try tool("compare", "in.png", "out.png", "--mask-grow", "3")
            #expect(alone.status == 64)
            #expect(
                try tool("verify", "in.png", "out.png", "--mask", "grey.png", "--mask-grow", "x")
                    .status == 64)
        }
    }

    /// One pixel less than options grow a mask by.
    private func grown(_ words: [String]) -> String {
        words.last.flatMap(Int.init).map { "\($0 - 1)" } ?? ""
    }

    @Test func comparingTellsAllFigures() throws {
        struct Document: Decodable {
            let schema: String
            let identical: Bool
            let psnr: Double?
            let ssim: Double?
            let largest_difference: Int
            let differing: Int
            let share: Double
        }
        try Tool.inFolder { tool in
            try tool.draw("a.png")
            var image = try Image(contentsOf: tool.url("a.png"))
            image.samples[0] += 5
            try save(image, "b.png", tool)
            let told = try tool(
                "compare", "a.png", "b.png", "--heatmap", "map.png", "--side-by-side", "both.png")
            #expect(told.status == 0)
            // 10 log10(255² · 64 · 48 · 3 / 25) = 73.7968 dB
            #expect(told.text.hasPrefix("psnr: 73.7968 dB\nssim: 1.000000\n"))
            #expect(
                told.text.hasSuffix(
                    "largest difference: 5 of 255\npixels that differ: 1 of 3072, 0.0326 %\n"))
            let map = try Image(contentsOf: tool.url("map.png"))
            #expect(Array(map.samples.prefix(6)) == [255, 255, 255, 0, 0, 0])
            #expect(try Image(contentsOf: tool.url("both.png")).width > 128)
            let json = try tool("compare", "a.png", "a.png", "--json")
            let document = try JSONDecoder().decode(Document.self, from: json.output)
            #expect(document.schema == "gesso.compare/1")
            #expect(document.identical)
            #expect(document.psnr == nil)
            #expect(document.ssim == 1)
        }
    }

    @Test func keptBlocksAreVerified() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.jpg")
            let edit = try tool(
                "inpaint", "in.jpg", "--mask", "rect:20,20,9,9", "--fill", "color:#ff0000",
                "--steps", "0", "-o", "out.jpg")
            #expect(edit.status == 0)
            let line = edit.errorLines.first { $0.contains("outside the mask") } ?? ""
            #expect(line.hasPrefix("gesso: verified: all "))
            #expect(line.contains(" blocks outside the mask are unchanged; in blocks at its "))
            let check = try tool("verify", "in.jpg", "out.jpg", "--mask", "rect:20,20,9,9")
            #expect(check.status == 0)
            #expect("gesso: verified: \(check.text)" == line + "\n")
        }
    }

    @Test(arguments: ["png", "jpg"])
    func anEditProvesItself(_ ending: String) throws {
        struct Document: Decodable {
            let verified: Outside?
        }
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try save(halfMask(), "mask.png", tool)
            let common = ["--prompt", "x", "--steps", "2", "--seed", "1", "--json", "-o"]
            let inpaint = try tool.run(
                ["inpaint", "in.png", "--mask", "mask.png"] + common + ["a.\(ending)"])
            let line = inpaint.errorLines.first { $0.contains("outside the mask") } ?? ""
            let document = try JSONDecoder().decode(Document.self, from: inpaint.output)
            #expect(document.verified?.pixels == 1536)
            if ending == "png" {
                #expect(line == "gesso: verified: 0 of 1536 pixels outside the mask changed")
                #expect(document.verified?.changed == 0)
            } else {
                #expect(line.hasPrefix("gesso: changed outside the mask: "))
                #expect(line.contains(" of 1536 pixels, by "))
                #expect((document.verified?.largest_difference ?? 0) > 0)
            }
            let outpaint = try tool.run(
                ["outpaint", "in.png", "--left", "16", "--overlap", "8"] + common
                    + ["b.\(ending)"])
            let grown = try JSONDecoder().decode(Document.self, from: outpaint.output)
            #expect(grown.verified?.pixels == 56 * 48)
            if ending == "png" { #expect(grown.verified?.changed == 0) }
            let all = try tool.run(["img2img", "in.png"] + common + ["c.\(ending)"])
            #expect(try JSONDecoder().decode(Document.self, from: all.output).verified == nil)
        }
    }

    @Test func contentCredentialsAreToldAndLeftOut() throws {
        try Tool.inFolder { tool in
            try tool.draw("plain.png")
            let file = try Data(contentsOf: tool.url("plain.png"))
            // "caBX", empty, with its checksum (Python: zlib.crc32(b"caBX")).
            let chunk = Data([0, 0, 0, 0] + Array("caBX".utf8) + [0xE6, 0x3D, 0xD2, 0xA7])
            try (file.prefix(33) + chunk + file.dropFirst(33)).write(to: tool.url("in.png"))
            let run = try tool(
                "img2img", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "2")
            #expect(run.status == 0)
            let notes = run.errorLines.filter { $0.contains("C2PA") }
            #expect(
                notes == [
                    "gesso: note: in.png: its Content Credentials (C2PA) do not hold for the result "
                        + "and were left out"
                ])
            #expect(try EmbeddedManifest(in: Data(contentsOf: tool.url("out.png"))) == nil)
            #expect(try tool("info", "in.png").text.contains("metadata: C2PA\n"))
        }
    }

    @Test func infoTellsWhatAFileHolds() throws {
        struct Document: Decodable {
            let schema: String
            let width: Int
            let channels: Int
            let metadata: [String]
            let digital_source_type: String?
            let parameters: Parameters?

            struct Parameters: Decodable {
                let prompt: String
                let settings: [String: String]
            }
        }
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            #expect(try tool("info", "in.png").text.contains("metadata: none\n"))
            _ = try tool(
                "img2img", "in.png", "-o", "out.jpg", "--prompt", "a: b", "--steps", "2", "--seed",
                "5")
            let json = try tool("info", "out.jpg", "--json")
            let document = try JSONDecoder().decode(Document.self, from: json.output)
            #expect(document.schema == "gesso.info/1")
            #expect(document.width == 64)
            #expect(document.channels == 3)
            #expect(document.metadata == ["EXIF", "XMP", "parameters"])
            #expect(
                document.digital_source_type?.hasSuffix("compositeWithTrainedAlgorithmicMedia")
                    == true)
            #expect(document.parameters?.prompt == "a: b")
            #expect(document.parameters?.settings["Seed"] == "5")
            #expect(document.parameters?.settings["Size"] == "64x48")
            let text = try tool("info", "out.jpg").text
            #expect(text.contains("size: 64x48 pixels\nsamples: RGB, 8 bit\nformat: JPEG\n"))
            #expect(text.contains("setting Seed: 5\n"))
        }
    }
}
