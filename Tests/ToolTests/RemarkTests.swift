import Foundation
import Imaging
import TestSupport
import Testing

/// What is not as one would think is said in a line, and what is as one would think is not.
@Suite struct RemarkTests {
    private static let corpus = Fixtures.images

    private func notes(_ run: Tool.Outcome) -> [Substring] {
        run.errorLines.filter { $0.hasPrefix("gesso: note: ") }
            .map { $0.dropFirst("gesso: note: ".count) }
    }

    @Test func idleSettingsAreSaid() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let inpaint = ["inpaint", "in.png", "--mask", "rect:0,0,30,30", "--quiet", "-o"]
            let run = try tool.run(
                Array(inpaint.filter { $0 != "--quiet" }) + [
                    "a.png", "--prompt", "x", "--steps", "1", "--padding", "9",
                    "--blend", "poisson",
                ])
            #expect(notes(run) == ["region is whole: mask_padding has no effect"])
            let filled = try tool.run(
                ["inpaint", "in.png", "--mask", "rect:0,0,30,30", "-o"]
                    + ["b.png", "--steps", "0", "--fill", "edge", "--watermark", "me"])
            #expect(filled.status == 0)
            #expect(notes(filled) == ["steps is 0: watermark has no effect"])
            let quiet = try tool.run(
                inpaint + ["c.png", "--prompt", "x", "--steps", "1", "--padding", "9"])
            #expect(quiet.status == 0 && quiet.errors.isEmpty)
        }
    }

    /// A mark that is in no format is not blamed on the format.
    @Test(arguments: ["a.png", "a.jpg"])
    func aWatermarkThatDoesNotFitIsSaid(_ output: String) throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "inpaint", "in.png", "--mask", "rect:8,8,12,12", "--prompt", "x", "--steps", "1",
                "--watermark", "me", "-o", output)
            #expect(run.status == 0)
            #expect(
                notes(run).contains(
                    "the watermark cannot be read from the file: the changed part is too small or grey"
                ), "\(run.errors)")
        }
    }

    /// The time is the model's alone, and said to be so.
    @Test func aDryRunTellsWhoseTimeItIs() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let edit = [
                "inpaint", "in.png", "--mask", "rect:8,8,12,12", "-o", "a.png", "--dry-run",
            ]
            let painted = try tool.run(edit + ["--prompt", "x", "--steps", "1"])
            #expect(painted.text.contains(" in the model, by its speed"), "\(painted.text)")
            let filled = try tool.run(edit + ["--fill", "patch", "--steps", "0"])
            #expect(filled.text.contains("time: no model runs, "), "\(filled.text)")
        }
    }

    @Test func aMaskOfAnotherShapeIsStretchedWithANote() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try tool.draw("square.png", width: 8, height: 8, 255)
            try tool.draw("half.png", width: 32, height: 24, 255)
            func fitted(_ mask: String) throws -> Tool.Outcome {
                try tool(
                    "inpaint", "in.png", "--mask", mask, "--fit-mask", "--fill", "color:#ff0000",
                    "--steps", "0", "-o", "out.png", "--overwrite")
            }
            let square = try notes(fitted("square.png")).map(String.init)
            let note =
                "the mask is 8x8, the picture 64x48: the mask is stretched to the picture's shape"
            #expect(square.contains(note))
            #expect(try notes(fitted("half.png")).allSatisfy { !$0.contains("stretched") })
        }
    }

    /// Programs that pass over EXIF draw a mask for the picture on its side.
    @Test(arguments: 5...8)
    func aMaskOfTheStoredSizeIsTurned(orientation: Int) throws {
        try Tool.inFolder { tool in
            let file = Fixtures.folder.appending(path: "Images/Good/orientation-\(orientation).jpg")
            try FileManager.default.copyItem(at: file, to: tool.url("in.jpg"))
            let source = try Image(contentsOf: tool.url("in.jpg"))
            let (width, height) = (source.height, source.width)
            #expect(width > height)
            var stored = Mask(width: width, height: height, filledWith: 0)
            for y in 1..<5 { for x in 2..<9 { stored.values[y * width + x] = 255 } }
            try stored.image.encoded(as: .png, quality: nil).write(to: tool.url("mask.png"))
            let shapes = [
                5: "rect:1,2,4,7", 6: "rect:\(height - 5),2,4,7",
                7: "rect:\(height - 5),\(width - 9),4,7", 8: "rect:1,\(width - 9),4,7",
            ]
            var results: [Data] = []
            for mask in ["mask.png", try #require(shapes[orientation])] {
                let run = try tool(
                    "inpaint", "in.jpg", "--mask", mask, "--fill", "color:#ff0000", "--steps", "0",
                    "--seed", "1", "--strip-metadata", "-o", "out.png", "--overwrite")
                #expect(run.status == 0, "\(run.errors)")
                let note = "as the file stores the picture: it is turned as EXIF turns that"
                #expect(run.errors.contains(note) == (mask == "mask.png"))
                results.append(try Data(contentsOf: tool.url("out.png")))
            }
            #expect(results[0] == results[1])
            let proof = try tool("verify", "in.jpg", "out.png", "--mask", "mask.png")
            #expect(proof.status == 0, "\(proof.text)\(proof.errors)")
        }
    }

    @Test(arguments: [
        ("https://example.com/a.png", "an address is not opened: download the file first"),
        ("file:///tmp/a.png", "write the path alone, without file://"),
    ])
    func anAddressIsNoPath(_ address: String, _ advice: String) throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            for words in [[address, "--mask", "rect:1,1,9,9"], ["in.png", "--mask", address]] {
                let run = try tool.run(
                    ["inpaint"] + words + ["--fill", "edge", "--steps", "0", "-o", "out.png"])
                #expect(run.status == 66)
                #expect(run.errors.contains(advice), "\(run.errors)")
            }
        }
    }

    @Test func aMistypedPathComesBeforeAMissingPrompt() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let photo = try tool("img2img", "im.png", "-o", "out.png")
            #expect(photo.status == 66)
            #expect(photo.errors.contains("im.png"))
            let mask = try tool("inpaint", "in.png", "--mask", "mast.png", "-o", "out.png")
            #expect(mask.status == 66)
            #expect(mask.errors.contains("mast.png"))
        }
    }

    @Test func aModelFolderThatIsNotThereIsNoted() throws {
        try Tool.inFolder { tool in
            var tool = tool
            tool.environment["GESSO_MODELS"] = "/nowhere/at/all"
            let list = try tool("model", "list")
            #expect(list.status == 0)
            #expect(notes(list).count == 1)
            #expect(notes(list).first?.contains("/nowhere/at/all") == true)
        }
    }

    @Test func whatCannotBeFollowedIsSaid() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png", width: 96)
            let tiles = try tool(
                "upscale", "in.png", "-o", "a.png", "--prompt", "x", "--steps", "4", "--scale",
                "1", "--tile-size", "64", "--tile-overlap", "40")
            #expect(notes(tiles) == ["tile_overlap 40 is more than half a tile: 32 is taken"])
            let parts = try tool(
                "inpaint", "in.png", "-o", "b.png", "--prompt", "x", "--steps", "1", "--mask",
                "rect:0,0,9,9", "--mask", "rect:60,0,9,9", "--per-component", "--set",
                "component_prompts=a\n\nb\n")
            #expect(
                notes(parts) == [
                    "component_prompts has 3 lines and the mask 2 parts: the last lines are "
                        + "left over"
                ])
            let refused = try tool(
                "upscale", "in.png", "-o", "c.png", "--prompt", "x", "--set", "blend=poisson")
            #expect(refused.status == 64)
            #expect(refused.errors.contains("blend has no use in upscale"))
        }
    }

    /// What the written file decodes to counts, not what it was made of.
    @Test func aWatermarkIsSoughtInTheFile() throws {
        try Tool.inFolder { tool in
            let landscape = Self.corpus.appending(path: "../Pictures/landscape.jpg")
            try FileManager.default.copyItem(at: landscape, to: tool.url("in.jpg"))
            // Of some seeds' pictures the mark survives a quality of 20; not of this one's.
            let common = [
                "img2img", "in.jpg", "--prompt", "x", "--steps", "2", "--seed", "7", "--watermark",
            ]
            func said(_ words: String...) throws -> [Substring] {
                let run = try tool.run(common + words)
                #expect(run.status == 0)
                return notes(run).filter { $0.contains("watermark") }
            }
            #expect(try said("gesso", "-o", "a.png").isEmpty)
            #expect(try said("gesso", "-o", "a.webp").isEmpty)
            let lossy = try said("gesso", "-o", "a.jpg", "--quality", "20")
            #expect(lossy.count == 1 && lossy[0].contains("is compressed: raise the quality"))
            let long = String(repeating: "gesso ", count: 99)
            #expect(try said(long, "-o", "b.png").first?.contains("too small or grey") == true)
        }
    }

    @Test func anEmptyMaskIsExplained() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "mask", "in.png", "--mask", "rect:1,1,9,9", "--mask-grow", "-9", "-o", "m.png")
            #expect(run.status == 0)
            #expect(notes(run).count == 1 && run.errors.contains("picture is unchanged"))
        }
    }

    @Test func verifyingTakesTheMasksOfInpaint() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let masks = ["--mask", "rect:8,8,40,30", "--mask", "-rect:20,20,5,5"]
            let edit = try tool.run(
                ["inpaint", "in.png", "-o", "out.png", "--prompt", "x", "--steps", "1"] + masks)
            #expect(edit.status == 0)
            let proof = try tool.run(["verify", "in.png", "out.png"] + masks)
            #expect(proof.status == 0)
            #expect(proof.text == "0 of 1897 pixels outside the mask changed\n")
            let less = try tool("verify", "in.png", "out.png", "--mask", "rect:8,8,20,30")
            #expect(less.status == 1)
            let bad = try tool("verify", "in.png", "out.png", "--mask", "rect:8,8")
            #expect(bad.status == 64)
            let twice = try tool("verify", "-", "out.png", "--mask", "-")
            #expect(twice.status == 64)
        }
    }

    @Test func profilesThatDifferAreSaid() throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png")
            var image = try Image(contentsOf: tool.url("a.png"))
            image.metadata.iccProfile = Array(
                try Data(contentsOf: Self.corpus.appending(path: "Profiles/adobe-rgb.icc")))
            try image.encoded(as: .png).write(to: tool.url("b.png"))
            let run = try tool("compare", "a.png", "b.png")
            #expect(
                notes(run) == ["their colour profiles differ; samples are compared as they are"])
            #expect(try tool("compare", "b.png", "b.png").errors.isEmpty)
        }
    }
}
