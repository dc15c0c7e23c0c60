import Foundation
import Imaging
import TestSupport
import Testing

/// The picture's container through every verb: what was outside the mask, and what was in the file.
@Suite(.serialized) struct PictureFilesTests {
    private static let corpus = Fixtures.images

    /// A kind of picture.
    struct Kind: Sendable, CustomTestStringConvertible {
        let name: String
        var size = (width: 64, height: 48)
        var channels = 3
        var depth = 8
        var profile: String?
        var format = ImageFormat.png
        /// As a camera says it in EXIF, 1...8.
        var orientation = 1

        var testDescription: String { name }
    }

    private static let kinds =
        [
            Kind(name: "adobe-rgb", profile: "adobe-rgb"),
            Kind(name: "display-p3, 16 bit", depth: 16, profile: "display-p3"),
            Kind(name: "grey with profile, 16 bit", channels: 1, depth: 16, profile: "grey"),
            Kind(name: "grey and alpha", channels: 2),
            Kind(name: "alpha and profile", channels: 4, profile: "adobe-rgb"),
            Kind(
                name: "webp with alpha and profile", channels: 4, profile: "display-p3",
                format: .webp),
            Kind(name: "1x1", size: (1, 1)), Kind(name: "7x5", size: (7, 5), depth: 16),
            Kind(name: "webp 7x5", size: (7, 5), format: .webp),
            Kind(name: "strip", size: (301, 17)), Kind(name: "427x640", size: (43, 64)),
        ] + turned

    /// All at once: every orientation with depth, alpha, grey, profile and odd sizes.
    private static let turned = (1...8).map { orientation in
        let isWebP = orientation % 4 == 0
        let channels = isWebP ? 4 : [1, 2, 3, 4][orientation % 4]
        return Kind(
            name: "turned \(orientation)", size: orientation % 3 == 0 ? (61, 7) : (33, 42),
            channels: channels, depth: isWebP || orientation == 3 ? 8 : 16,
            profile: channels < 3 ? "grey" : orientation < 5 ? "adobe-rgb" : "display-p3",
            format: isWebP ? .webp : .png, orientation: orientation)
    }

    private func draw(_ kind: Kind, _ file: URL) throws {
        let most = kind.depth == 16 ? 65_535 : 255
        var image = Image(
            width: kind.size.width, height: kind.size.height, channels: kind.channels,
            depth: kind.depth,
            samples: (0..<kind.size.width * kind.size.height * kind.channels).map {
                UInt16(($0 * 7919 + $0 / 13 * 31) % (most + 1))
            })
        image.metadata.exif =
            [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1]
            + [0, UInt8(kind.orientation), 0, 0, 0, 0, 0, 0]
        image.metadata.xmp = Array("<x:xmpmeta><rdf:RDF></rdf:RDF></x:xmpmeta>".utf8)
        if let profile = kind.profile {
            image.metadata.iccProfile = Array(
                try Data(contentsOf: Self.corpus.appending(path: "Profiles/\(profile).icc")))
        }
        try image.encoded(as: kind.format).write(to: file)
    }

    @Test(arguments: kinds)
    func everyVerbKeepsWhatItMust(kind: Kind) throws {
        try Tool.inFolder { tool in
            let ending = kind.format == .webp ? "webp" : "png"
            try draw(kind, tool.url("in." + ending))
            let source = try Image(contentsOf: tool.url("in." + ending))
            let (width, height) = (source.width, source.height)
            let isTurned = kind.orientation > 4
            #expect(width == (isTurned ? kind.size.height : kind.size.width))
            let common = [
                "--prompt", "x", "--steps", "2", "--guidance-scale", "1", "--quiet", "-o",
            ]
            func made(_ arguments: [String], _ name: String) throws -> Image {
                let run = try tool.run(arguments + common + [name + "." + ending])
                #expect(run.status == 0, "\(run.errors)")
                let image = try Image(contentsOf: tool.url(name + "." + ending))
                #expect(image.metadata.iccProfile == source.metadata.iccProfile)
                #expect(image.metadata.exif != nil && image.metadata.warnings.isEmpty)
                #expect(image.channels == source.channels && image.depth == source.depth)
                return image
            }
            let same = try made(["img2img", "in." + ending, "--strength", "0"], "same")
            #expect(same.samples == source.samples)
            let hole = "rect:0,0,\((width + 1) / 2),\((height + 1) / 2)"
            let inpainted = try made(["inpaint", "in." + ending, "--mask", hole], "inpainted")
            var mask = Mask(width: width, height: height, filledWith: 0)
            for y in 0..<(height + 1) / 2 {
                for x in 0..<(width + 1) / 2 { mask.values[y * width + x] = 255 }
            }
            #expect(try Comparison(source, inpainted, outside: mask).differing == 0)
            #expect(inpainted.samples != source.samples)
            #expect(
                inpainted.metadata.statedDigitalSourceType
                    == DigitalSourceType.compositeWithTrainedAlgorithmicMedia.rawValue)
            #expect(inpainted.metadata.parameters?.contains("Steps: 2") == true)
            let wide = try made(
                ["outpaint", "in." + ending, "--right", "8", "--overlap", "0"], "wide")
            #expect(wide.width == width + 8)
            let kept = wide.cropped(x: 0, y: 0, width: width, height: height)
            #expect(kept.samples == source.samples)
        }
    }

    @Test(arguments: 1...8)
    func everyOrientationComesBackUpright(orientation: Int) throws {
        try Tool.inFolder { tool in
            for ending in ["png", "webp"] {
                let file = "orientation-\(orientation).\(ending)"
                try FileManager.default.copyItem(
                    at: Self.corpus.appending(path: "Good/" + file), to: tool.url(file))
                let source = try Image(contentsOf: tool.url(file))
                let run = try tool(
                    "inpaint", file, "--mask", "rect:0,0,4,4", "--prompt", "x", "--steps", "1",
                    "-o", "out." + ending, "--overwrite", "--json")
                #expect(run.status == 0, "\(run.errors)")
                let result = try Image(contentsOf: tool.url("out." + ending))
                #expect(result.width == source.width && result.height == source.height)
                var mask = Mask(width: source.width, height: source.height, filledWith: 0)
                for y in 0..<4 { for x in 0..<4 { mask.values[y * source.width + x] = 255 } }
                #expect(try Comparison(source, result, outside: mask).differing == 0)
            }
        }
    }

    @Test func webPIsLosslessUnlessAQualityIsGiven() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let arguments = [
                "inpaint", "in.png", "--mask", "rect:0,0,20,20", "--prompt", "x", "--steps", "1",
            ]
            let kept = try tool.run(arguments + ["-o", "a.webp", "--receipt", "a.json"])
            #expect(kept.status == 0)
            #expect(kept.errors.contains("verified: 0 of"))
            #expect(!kept.errors.contains("encoded anew"))
            let lossy = try tool.run(arguments + ["-o", "b.webp", "--quality", "70"])
            #expect(lossy.status == 0)
            #expect(lossy.errors.contains("the WebP is encoded anew as a whole"))
            #expect(try tool("replay", "a.json", "-o", "c.webp").text.hasPrefix("identical"))
            let piped = try tool.run(arguments + ["-o", "-", "--format", "webp"])
            #expect(ImageFormat(sniffing: piped.output) == .webp)
            #expect(try tool("info", "a.webp").text.contains("setting Steps: 1"))
        }
    }

    @Test func whatIsPrivateIsLeftOutOnDemand() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "img2img", "in.png", "-o", "out.webp", "--prompt", "a secret", "--steps", "2",
                "--strip-metadata", "--strip-gps")
            #expect(run.status == 0, "\(run.errors)")
            let metadata = try Image(contentsOf: tool.url("out.webp")).metadata
            #expect(metadata.parameters == nil)
            #expect(metadata.statedDigitalSourceType != nil)
        }
    }

    @Test func aRefusedPictureIsNotWritten() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let fixtures = Self.corpus.appending(path: "../Parity/").standardized
            let model = tool.url("model")
            try FileManager.default.copyItem(
                at: fixtures.appending(path: "models/tiny-f32"), to: model)
            try FileManager.default.copyItem(
                at: fixtures.appending(path: "safety/safety_checker"),
                to: model.appending(path: "safety_checker"))
            let arguments = [
                "img2img", "in.png", "--model", "model", "--prompt", "x", "--steps", "2",
            ]
            var seen: Set<Int32> = []
            for seed in 0..<12 {
                let name = "\(seed).png"
                let run = try tool.run(arguments + ["-o", name, "--seed", "\(seed)"])
                seen.insert(run.status)
                let isThere = FileManager.default.fileExists(atPath: tool.url(name).path)
                #expect(isThere == (run.status == 0))
                guard run.status != 0 else { continue }
                #expect(run.status == 77)
                #expect(run.errorLines.last?.contains("safety checker of model refuses") == true)
                let off = try tool.run(
                    arguments + ["-o", name, "--seed", "\(seed)", "--safety", "off"])
                #expect(off.status == 0)
            }
            #expect(seen.contains(77))
        }
    }

    /// A checker whose numbers lead nowhere has not allowed the picture.
    @Test func aSafetyCheckerThatSaysNothingRefuses() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let fixtures = Snapshot.url("x").deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Parity")
            let model = tool.url("model")
            try FileManager.default.copyItem(
                at: fixtures.appending(path: "models/tiny-f32"), to: model)
            let checker = model.appending(path: "safety_checker")
            try FileManager.default.copyItem(
                at: fixtures.appending(path: "safety/safety_checker"), to: checker)
            let file = checker.appending(path: "config.json")
            let json = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
            var members = try #require(json as? [String: Any])
            var vision = try #require(members["vision_config"] as? [String: Any])
            vision["layer_norm_eps"] = -1000
            members["vision_config"] = vision
            try JSONSerialization.data(withJSONObject: members).write(to: file)
            let run = try tool(
                "img2img", "in.png", "--model", "model", "--prompt", "x", "--steps", "2",
                "-o", "out.png")
            #expect(run.status == 65, "\(run.errors)")
            #expect(run.errors.contains("the safety checker gave numbers"), "\(run.errors)")
            #expect(try !tool.files.contains("out.png"))
        }
    }

    @Test func whatIsNoFileIsRefusedAtOnce() throws {
        try Tool.inFolder { tool in
            #expect(mkfifo(tool.url("pipe.png").path, 0o600) == 0)
            for path in ["pipe.png", "/dev/zero", "."] {
                let run = try tool(
                    "img2img", path, "-o", "out.png", "--prompt", "x", "--steps", "1")
                #expect(run.status == 66)
                #expect(run.errorLines.count == 1)
            }
        }
    }
}
