import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// A receipt holds what is needed to make a picture again.
@Suite struct ReceiptTests {
    private struct Receipt: Decodable {
        let schema: String
        let kernels: String
        let request: Request
        let checkpoint: Model
        let result: Result

        struct Request: Decodable {
            let edits: [Edit]
            let pictures: [String: File]
            let recipes: [Recipe]
        }

        struct Edit: Decodable {
            let verb: String
            let settings: [String: Value]
            let mask: Mask
        }

        struct Mask: Decodable {
            let parts: [Part]
        }

        struct Part: Decodable {
            let picture: String
        }

        struct File: Decodable {
            let path: String?
            let sha256: String
        }

        struct Recipe: Decodable {
            let name: String
            let sha256: String
        }

        struct Model: Decodable {
            let files: [File]
        }

        struct Result: Decodable {
            let path: String?
            let sha256: String
            let pixels_sha256: String
        }

        /// Any value; what it is plays no part here.
        struct Value: Decodable {
            init(from decoder: any Decoder) throws {}
        }
    }

    private func sha256(_ data: some DataProtocol) -> String {
        Digest.sha256(data)
    }

    private func furnish(_ tool: Tool) throws {
        try tool.draw("in.png")
        let mask = Image(
            width: 64, height: 48, channels: 1,
            samples: (0..<64 * 48).map { $0 % 64 < 30 ? 255 : 0 })
        try mask.encoded(as: .png).write(to: tool.url("mask.png"))
    }

    private let inpaint = [
        "inpaint", "in.png", "--mask", "mask.png", "--prompt", "x", "--steps", "2", "--receipt",
        "r.json", "--quiet", "-o",
    ]

    @Test func allThatMattersIsWrittenDown() throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            let preset = Data("prompt: \"{prompt}, y\"\nguidance_scale: 3.25\n".utf8)
            try preset.write(to: tool.url("p.yaml"))
            let run = try tool.run(inpaint + ["out.png", "--preset", "p.yaml"])
            #expect(run.status == 0)
            let document = try Data(contentsOf: tool.url("r.json"))
            let receipt = try JSONDecoder().decode(Receipt.self, from: document)
            let output = try Data(contentsOf: tool.url("out.png"))
            let pixels = try Image(decoding: output, name: "it").samples.map { UInt8($0) }
            #expect(receipt.schema == "gesso.receipt/2")
            let request = receipt.request
            let edit = try #require(request.edits.first)
            #expect(request.edits.count == 1 && edit.verb == "inpaint")
            #expect(request.pictures["source"]?.path == "in.png")
            #expect(
                try request.pictures["source"]?.sha256
                    == sha256(Data(contentsOf: tool.url("in.png"))))
            #expect(edit.mask.parts.map(\.picture) == ["mask"])
            #expect(
                try request.pictures["mask"]?.sha256
                    == sha256(Data(contentsOf: tool.url("mask.png"))))
            #expect(request.recipes.map(\.sha256) == [sha256(preset)])
            #expect(receipt.checkpoint.files.count == 11)
            #expect(receipt.result.path == "out.png")
            #expect(receipt.result.sha256 == sha256(output))
            #expect(receipt.result.pixels_sha256 == sha256(pixels))
            let keys = try tool("preset", "keys").text.split(separator: "\n")
                .filter { !$0.hasPrefix(" ") }.compactMap { $0.split(separator: " ").first }
            #expect(keys.count > 20)
            let others = [
                "width", "height", "left", "right", "top", "bottom", "aspect", "size", "overlap",
                "gravity", "canvas_passes", "scale", "tile_size", "tile_overlap",
                "image_guidance_scale",
            ]
            #expect(
                Set(edit.settings.keys)
                    == Set(keys.map(String.init).filter { !$0.hasPrefix("hires_") })
                    .subtracting(others))
        }
    }

    @Test func whatAReceiptHasNoUseForIsRefused() throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            #expect(try tool.run(inpaint + ["out.png"]).status == 0)
            let words = ["replay", "r.json", "-o", "again.png", "--mask", "mask.png"]
            #expect(try tool.run(words).status == 0)
            let more = try tool.run(words + ["--mask", "mask.png", "--overwrite"])
            #expect(more.status == 64)
            #expect(more.errors.contains("the receipt has files of masks: 1, not 2: --mask"))
            let made = try tool(
                "txt2img", "--prompt", "x", "--steps", "1", "--width", "64", "--height", "64",
                "-o", "a.png", "--receipt", "a.json", "--quiet")
            #expect(made.status == 0, "\(made.errors)")
            let masks = try tool("replay", "a.json", "-o", "b.png", "--mask", "mask.png")
            #expect(masks.status == 64)
            #expect(masks.errors.contains("files of masks: 0, not 1: --mask: leave it out"))
            let source = try tool("replay", "a.json", "-o", "b.png", "--source", "in.png")
            #expect(source.status == 64)
            #expect(source.errors.contains("the receipt has no source: --source: leave it out"))
        }
    }

    /// A TIFF has no quality: the picture is the same nevertheless.
    @Test func aPictureWithAQualityIsMadeAgainAsATIFF() throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            let words = ["out.jpg", "--quality", "80"]
            #expect(try tool.run(inpaint + words).status == 0)
            for (name, format) in [("again.tif", "TIFF"), ("again.webp", "WebP")] {
                let again = try tool("replay", "r.json", "-o", name, "--quiet")
                let drift = "drifted: the file has other pixels, for it is a \(format), not a JPEG"
                #expect(again.text == "identical: \(name)\n\(drift)\n", "\(again.errors)")
            }
        }
    }

    @Test(arguments: ["out.png", "out.jpg"])
    func anInpaintingIsMadeAgain(_ name: String) throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            #expect(try tool.run(inpaint + [name]).status == 0)
            let again = try tool("replay", "r.json", "-o", "again-" + name, "--quiet")
            #expect(again.status == 0)
            #expect(again.text == "identical: again-\(name)\n")
            #expect(
                try Data(contentsOf: tool.url(name))
                    == Data(contentsOf: tool.url("again-" + name)))
            // In the other format it is the same picture still.
            let other = try tool("replay", "r.json", "-o", "other.jpg", "--quiet")
            let drift = "drifted: the file has other pixels, for it is a JPEG, not a PNG\n"
            #expect(other.text == "identical: other.jpg\n" + (name == "out.png" ? drift : ""))
        }
    }

    @Test(arguments: [
        ["img2img", "in.png", "--strength", "0.5", "--scheduler", "euler-a"],
        ["img2img", "in.png", "--strength", "0"],
        ["outpaint", "in.png", "--aspect", "2:1", "--seed", "18446744073709551615"],
        ["upscale", "in.png", "--scale", "1.5", "--tile-size", "64"],
        ["outpaint", "in.png", "--left", "12.5%", "--overlap", "3", "--compat", "diffusers"],
        [
            "txt2img", "--width", "40", "--height", "48", "--sigmas", "karras", "--scheduler",
            "euler",
        ],
    ])
    func everyVerbIsMadeAgain(_ words: [String]) throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            let made = try tool.run(
                words + ["--prompt", "{prompt} \"é\"", "--steps", "4", "-o", "out.png"]
                    + ["--receipt", "r.json", "--quiet"])
            #expect(made.status == 0, "\(made.errors)")
            let again = try tool("replay", "r.json", "-o", "again.png", "--quiet")
            #expect(again.text == "identical: again.png\n", "\(again.errors)")
            #expect(again.status == 0)
        }
    }

    @Test func aReceiptIsNoPictureWithSettings() throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            #expect(try tool.run(inpaint + ["out.png"]).status == 0)
            let run = try tool("img2img", "in.png", "--from-image", "r.json", "-o", "b.png")
            #expect(run.status == 65)
            #expect(run.errors.contains("a receipt, not a picture with settings: r.json: use it"))
        }
    }

    /// A receipt holds what follows from other settings, too, which nobody asked for.
    @Test func aReplayNotesNothingThatWasNotAskedFor() throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            let words = ["inpaint", "in.png", "--mask", "mask.png", "--fill", "edge"]
            let painted = ["--prompt", "x", "--steps", "2", "--compat"]
            for more in [["--steps", "0"], painted + ["comfy"], painted + ["diffusers"]] {
                let made = try tool.run(
                    words + more + ["-o", "out.png", "--receipt", "r.json", "--overwrite"])
                #expect(made.status == 0)
                let again = try tool("replay", "r.json", "-o", "again.png", "--overwrite")
                #expect(again.text == "identical: again.png\n", "\(again.errors)")
                #expect(!again.errors.contains("mask_latent") && !again.errors.contains("rng"))
                #expect(
                    try Data(contentsOf: tool.url("out.png"))
                        == Data(contentsOf: tool.url("again.png")))
            }
        }
    }

    @Test func whatDriftedIsTold() throws {
        struct Document: Decodable {
            let schema: String
            let identical: Bool
            let drift: [String]
        }
        try Tool.inFolder { tool in
            try furnish(tool)
            _ = try tool.run(inpaint + ["out.png"])
            try tool.draw("in.png", 91)
            let changed = try tool("replay", "r.json", "-o", "a.png", "--quiet")
            let hash = try sha256(Data(contentsOf: tool.url("in.png")))
            #expect(changed.status == 1)
            #expect(changed.errors.isEmpty)
            #expect(
                changed.text
                    == "not identical: a.png\ndrifted: the source is another file: sha256 \(hash)\n"
            )
            // Another program and machine are told too, even where the picture came out the same.
            try tool.draw("in.png")
            let text = try String(contentsOf: tool.url("r.json"), encoding: .utf8)
                .replacing(/"version" : "[^"]*"/, with: "\"version\" : \"0.0.1\"")
                .replacing(/"kernels" : "[^"]*"/, with: "\"kernels\" : \"abacus\"")
            try Data(text.utf8).write(to: tool.url("old.json"))
            let json = try tool("replay", "old.json", "-o", "b.png", "--quiet", "--json")
            #expect(json.status == 0)
            let document = try JSONDecoder().decode(Document.self, from: json.output)
            #expect(document.schema == "gesso.replay/1")
            #expect(document.identical)
            #expect(document.drift.count == 2)
            #expect(document.drift.last?.hasSuffix("was abacus") == true)
        }
    }

    /// Receipts of the form before, recorded with fills, which are the same on every machine.
    @Test(arguments: ["inpaint.json", "run.json"])
    func earlierReceiptsAreRead(_ name: String) throws {
        try Tool.inFolder { tool in
            let recorded = Fixtures.folder.appending(path: "Receipts")
            for file in ["in.png", "mask.png", name] {
                try FileManager.default.copyItem(
                    at: recorded.appending(path: file), to: tool.url(file))
            }
            let again = try tool("replay", name, "-o", "again.png", "--quiet")
            #expect(again.text.hasPrefix("identical: again.png\n"), "\(again.text)\(again.errors)")
            #expect(!again.text.contains("another file"))
            #expect(again.status == 0)
        }
    }

    @Test func pathsLeadFromTheReceipt() throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            for folder in ["a/notes", "b"] {
                try FileManager.default.createDirectory(
                    at: tool.url(folder), withIntermediateDirectories: true)
            }
            for name in ["in.png", "mask.png"] {
                try FileManager.default.moveItem(at: tool.url(name), to: tool.url("a/" + name))
            }
            let made = try tool(
                "inpaint", "a/in.png", "--mask", "a/mask.png", "--prompt", "x", "--steps", "2",
                "-o", "a/out.png", "--receipt", "a/notes/r.json", "--quiet")
            #expect(made.status == 0)
            let text = try String(contentsOf: tool.url("a/notes/r.json"), encoding: .utf8)
            #expect(text.contains("\"path\" : \"../in.png\""))
            // The whole folder goes elsewhere.
            try FileManager.default.moveItem(at: tool.url("a"), to: tool.url("b/c"))
            let again = try tool("replay", "b/c/notes/r.json", "-o", "again.png", "--quiet")
            #expect(again.text == "identical: again.png\n", "\(again.errors)")
        }
    }

    @Test func aPipedSourceIsGivenAtReplay() throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            let picture = try Data(contentsOf: tool.url("in.png"))
            let made = try tool.run(
                [
                    "img2img", "-", "--prompt", "x", "--steps", "2", "-o", "-", "--quiet",
                    "--receipt", "r.json",
                ], input: picture)
            #expect(made.status == 0)
            let lost = try tool("replay", "r.json", "-o", "again.png")
            #expect(lost.status == 64)
            #expect(lost.errors.contains("it was standard input: --source"))
            let again = try tool(
                "replay", "r.json", "-o", "again.png", "--source", "in.png", "--quiet")
            #expect(again.text == "identical: again.png\n")
            #expect(try Data(contentsOf: tool.url("again.png")) == made.output)
        }
    }

    @Test func anExistingReceiptIsReplacedOnlyOnDemand() throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            try Data("precious".utf8).write(to: tool.url("r.json"))
            #expect(try tool.run(inpaint + ["out.png"]).status == 73)
            #expect(try tool.files == ["in.png", "mask.png", "r.json"])
            #expect(try Data(contentsOf: tool.url("r.json")) == Data("precious".utf8))
            #expect(try tool.run(inpaint + ["out.png", "--overwrite"]).status == 0)
            #expect(try tool("replay", "r.json", "-o", "again.png", "--quiet").status == 0)
        }
    }
}
