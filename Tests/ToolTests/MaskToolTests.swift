import Foundation
import Imaging
import Testing

/// What the masks of `inpaint` and `mask` cover, and what stands under them.
@Suite struct MaskToolTests {
    /// The mask that the tool draws of a 64x48 picture.
    private func mask(_ tool: Tool, _ arguments: String...) throws -> Mask {
        try mask(tool, arguments)
    }

    private func mask(_ tool: Tool, _ arguments: [String]) throws -> Mask {
        let run = try tool.run(
            ["mask", "in.png", "-o", "m.png", "--overwrite"] + arguments)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.text == "m.png\n")
        return Mask(try Image(contentsOf: tool.url("m.png")))
    }

    private func rectangle(_ x: Range<Int>, _ y: Range<Int>) -> Mask {
        let values = (0..<64 * 48).map { pixel -> UInt8 in
            x.contains(pixel % 64) && y.contains(pixel / 64) ? 255 : 0
        }
        return Mask(width: 64, height: 48, values: values)
    }

    /// Transparent to the left of column 20, green below row 30, otherwise grey.
    private func drawPicture(_ tool: Tool) throws {
        let samples = (0..<64 * 48).flatMap { pixel -> [UInt16] in
            let color: [UInt16] = pixel / 64 >= 30 ? [3, 252, 5] : [90, 90, 90]
            return color + [pixel % 64 < 20 ? 0 : 255]
        }
        try Image(width: 64, height: 48, channels: 4, samples: samples)
            .encoded(as: .png, quality: nil).write(to: tool.url("in.png"))
    }

    /// A file of a mask may have any name, also that of the picture in the request.
    @Test func aMaskMayBeCalledSource() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            try rectangle(4..<20, 6..<30).image.encoded(as: .png).write(to: tool.url("source"))
            for (name, path) in [("a.png", "source"), ("b.png", "./source")] {
                let run = try tool(
                    "inpaint", "in.png", "--mask", path, "--fill", "color:#ff0000", "--steps", "0",
                    "--seed", "1", "-o", name)
                #expect(run.status == 0, "\(run.errors)")
            }
            #expect(
                try Data(contentsOf: tool.url("a.png")) == Data(contentsOf: tool.url("b.png")))
            let batch = try tool(
                "batch", "in.png", "--masks", "source", "--fill", "color:#ff0000", "--steps", "0",
                "--output-dir", "out")
            #expect(batch.status == 0, "\(batch.errors)")
            let images = try ["a.png", "out/in.png"].map { try Image(contentsOf: tool.url($0)) }
            #expect(images[0].samples == images[1].samples)
        }
    }

    /// A note is one line without signs that a terminal obeys, whatever a file is called.
    @Test func aNoteOnAMaskIsOneLine() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let color = Image(
                width: 64, height: 48, channels: 3,
                samples: (0..<64 * 48).flatMap { [$0 % 64 < 30 ? 200 : 0, 0, 0] as [UInt16] })
            try color.encoded(as: .png).write(to: tool.url("a\u{1B}[31m\nb.png"))
            let run = try tool("mask", "in.png", "--mask", "a\u{1B}[31m\nb.png", "-o", "m.png")
            let note = "gesso: note: a\\u{1b}[31m\\u{a}b.png: this mask is coloured"
            #expect(run.errors.contains(note), "\(run.errors)")
        }
    }

    @Test func selectionsHaveTheirMasks() throws {
        try Tool.inFolder { tool in
            let thing = rectangle(20..<44, 12..<36)
            let samples = thing.values.enumerated().flatMap { pixel, value -> [UInt16] in
                let noise = UInt16(pixel * 7 % 11)
                return value > 0 ? [200 + noise, 60, 40] : [90, 100 + noise, 110]
            }
            try Image(width: 64, height: 48, channels: 3, samples: samples)
                .encoded(as: .png, quality: nil).write(to: tool.url("in.png"))
            let box = ["--select", "box:14,6,36,36"]
            let exact = ["--select-margin", "0"]
            #expect(try mask(tool, box + exact) == thing)
            #expect(try mask(tool, box + ["--select-margin", "3"]) == thing.grown(by: 3))
            #expect(
                try mask(tool, box + exact + ["--mask", "rect:0,0,2,48"])
                    == thing.united(with: rectangle(0..<2, 0..<48)))
            #expect(
                try mask(tool, box + exact + ["--mask", "-rect:0,0,30,48"])
                    == thing.subtracting(rectangle(0..<30, 0..<48)))
            let strokes = ["--keep", "24,20,40,20", "--drop", "2,2,60,4"]
            #expect(try mask(tool, strokes + exact) == thing)
            for (arguments, words) in [
                (["--select", "rect:1,2,3,4"], "no box 'rect:1,2,3,4': --select"),
                (["--select", "box:1,2,0,4"], "no box 'box:1,2,0,4': --select"),
                (["--keep", "1,2,3"], "no stroke '1,2,3': --keep"),
                (["--drop", "1,2"], "it selects nothing by itself: --drop"),
            ] {
                let run = try tool.run(["mask", "in.png", "-o", "n.png"] + arguments)
                #expect(run.status == 64)
                #expect(run.errors.contains(words), "\(run.errors)")
            }
            for (option, value) in [("--select", "box:90,0,9,9"), ("--keep", "90,9,99,9")] {
                let run = try tool.run(["mask", "in.png", "-o", "n.png", option, value])
                #expect(run.status == 65)
                #expect(run.errors.contains("nothing of the picture is selected: \(option)"))
            }
        }
    }

    @Test func everySourceHasItsMask() throws {
        try Tool.inFolder { tool in
            try drawPicture(tool)
            try rectangle(5..<9, 6..<8).image.encoded(as: .png, quality: nil)
                .write(to: tool.url("alpha"))
            #expect(try mask(tool, "--mask", "alpha") == rectangle(0..<20, 0..<48))
            #expect(try mask(tool, "--mask", "./alpha") == rectangle(5..<9, 6..<8))
            // What is wholly transparent has no colour.
            #expect(
                try mask(tool, "--mask", "color:#00FF00~5") == rectangle(20..<64, 30..<48))
            #expect(
                try mask(tool, "--mask", "color:#03fc05") == rectangle(20..<64, 30..<48))
            let nowhere = try tool("mask", "in.png", "--mask", "color:#00ff00", "-o", "n.png")
            #expect(nowhere.status == 64)
            #expect(
                nowhere.errors.contains("no pixel has the colour #00ff00: --mask"),
                "\(nowhere.errors)")
            #expect(
                try mask(tool, "--mask", "rect:3,4,10,50", "--mask", "color:#00ff00")
                    == rectangle(3..<13, 4..<48))
            #expect(try mask(tool, "--mask", "rect:3,4,10,50") == rectangle(3..<13, 4..<48))
            #expect(
                try mask(tool, "--mask", "polygon:3,4,13,4,13,10,3,10")
                    == rectangle(3..<13, 4..<10))
        }
    }

    /// Writes in.png, which fades out to the left over some columns; the alpha of each column is returned.
    private func fadingPicture(_ tool: Tool) throws -> (_ x: Int) -> UInt16 {
        let alpha = { (x: Int) in UInt16(min(max((x - 20) * 15, 0), 255)) }
        let image = Image(
            width: 64, height: 48, channels: 4,
            samples: (0..<64 * 48).flatMap { [200, 40, 40, alpha($0 % 64)] })
        try image.encoded(as: .png).write(to: tool.url("in.png"))
        return alpha
    }

    /// All that something shines through is repainted, so it is white in the mask that is written.
    @Test func theMaskOfTransparencyHasHardEdges() throws {
        try Tool.inFolder { tool in
            _ = try fadingPicture(tool)
            #expect(try mask(tool, "--mask", "alpha") == rectangle(0..<37, 0..<48))
            let note = "the mask is alpha: mask_threshold has no effect"
            for (threshold, isNoted) in [("128", false), ("200", true)] {
                let run = try tool(
                    "mask", "in.png", "--mask", "alpha", "--mask-threshold", threshold, "-o",
                    "m.png", "--overwrite")
                #expect(run.status == 0 && run.errors.contains(note) == isNoted, "\(run.errors)")
            }
        }
    }

    @Test func masksAddUp() throws {
        try Tool.inFolder { tool in
            try drawPicture(tool)
            let (a, b) = (rectangle(2..<30, 2..<20), rectangle(20..<40, 10..<40))
            let words = ["--mask", "rect:2,2,28,18", "--mask", "rect:20,10,20,30"]
            #expect(try mask(tool, words[0], words[1], words[2], words[3]) == a.united(with: b))
            #expect(
                try mask(tool, words[0], words[1], words[2], "-" + words[3]) == a.subtracting(b))
            // In their order: what is added last is there.
            #expect(
                try mask(tool, "--mask", "rect:0,0,64,48", "--mask", "-alpha", words[0], words[1])
                    == rectangle(20..<64, 0..<48).united(with: a))
            #expect(
                try mask(tool, words[0], words[1], "--invert-mask") == a.inverted)
        }
    }

    @Test func masksGrowAndShrink() throws {
        try Tool.inFolder { tool in
            try drawPicture(tool)
            let words = ["--mask", "rect:20,16,20,10"]
            let middle = rectangle(20..<40, 16..<26)
            #expect(
                try mask(tool, words[0], words[1], "--mask-grow", "5") == middle.grown(by: 5))
            #expect(
                try mask(tool, words[0], words[1], "--mask-grow", "-3")
                    == rectangle(23..<37, 19..<23))
            let soft = try Image(
                width: 64, height: 48, channels: 1,
                samples: (0..<64 * 48).map {
                    UInt16($0 % 64 * 4)
                }
            ).encoded(as: .png, quality: nil)
            try soft.write(to: tool.url("soft.png"))
            #expect(
                try mask(tool, "--mask", "soft.png", "--mask-threshold", "40")
                    == rectangle(10..<64, 0..<48))
            #expect(try mask(tool, "--mask", "soft.png") == rectangle(32..<64, 0..<48))
        }
    }

    @Test func theOverlayShowsTheMask() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "mask", "in.png", "--mask", "rect:0,0,32,48", "-o", "m.png", "--overlay", "o.png")
            #expect(run.text == "m.png\no.png\n")
            #expect(run.errors == "gesso: 50 % of the picture will be repainted\n")
            let mask = Mask(try Image(contentsOf: tool.url("m.png")))
            #expect(mask == rectangle(0..<32, 0..<48))
            let before = try Image(contentsOf: tool.url("in.png"))
            let after = try Image(contentsOf: tool.url("o.png"))
            #expect(after == before.tinted(by: mask).withoutMetadata(of: after))
            let feathered = try self.mask(tool, "--mask", "rect:0,0,32,48", "--mask-feather", "4")
            #expect(feathered == rectangle(0..<32, 0..<48).feathered(radius: 4))
        }
    }

    @Test func theShareIsToldUnlessQuiet() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let arguments = [
                "inpaint", "in.png", "--mask", "rect:0,0,16,12", "--prompt", "x", "--steps", "1",
            ]
            let told = try tool.run(arguments + ["-o", "a.png"])
            #expect(told.errorLines.first == "gesso: 6.2 % of the picture will be repainted")
            #expect(try tool.run(arguments + ["-o", "b.png", "--quiet"]).errors.isEmpty)
        }
    }

    /// Whatever the fill, nothing outside of the mask changes, and the same comes out again.
    @Test(arguments: ["blur", "edge", "patch", "color:#ff0000"])
    func aFillStandsAlone(fill: String) throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let arguments = [
                "inpaint", "in.png", "--mask", "rect:20,10,20,20", "--mask-feather", "0", "--fill",
                fill, "--steps", "0", "--seed", "1", "--model", "none", "-o",
            ]
            let run = try tool.run(arguments + ["a.png"])
            #expect(run.status == 0, "\(run.errors)")
            #expect(
                run.errors == "gesso: 13 % of the picture will be repainted\n"
                    + "gesso: verified: 0 of 2672 pixels outside the mask changed\n")
            _ = try tool.run(arguments + ["b.png"])
            #expect(
                try Data(contentsOf: tool.url("a.png")) == Data(contentsOf: tool.url("b.png")))
            let before = try Image(contentsOf: tool.url("in.png"))
            let after = try Image(contentsOf: tool.url("a.png"))
            let mask = rectangle(20..<40, 10..<30)
            for (pixel, value) in mask.values.enumerated() where value == 0 {
                let range = pixel * 3..<pixel * 3 + 3
                #expect(before.samples[range] == after.samples[range])
            }
            // The picture is a pattern, which patches restore.
            #expect((before.samples == after.samples) == (fill == "patch"))
            #expect(after.metadata.parameters?.hasPrefix("\nSteps: 0, ") == true)
            // What no model used is not written, and nothing is written twice.
            let info = try tool("info", "a.png").text
            for absent in ["prompt:", "CFG scale", "Sampler", "RNG", "Gesso steps"] {
                #expect(!info.contains(absent), "\(info)")
            }
            let preset = try tool("preset", "new", "again", "--from", "a.png", "-o", "again.yaml")
            #expect(preset.status == 0)
            let text = try String(contentsOf: tool.url("again.yaml"), encoding: .utf8)
            #expect(text.contains("steps: 0") && text.contains(fill), "\(text)")
            #expect(after.metadata.xmp == nil)
        }
    }

    @Test func outpaintingTakesFillsToo() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let before = try Image(contentsOf: tool.url("in.png"))
            for fill in [[], ["--fill", "patch"], ["--fill", "color:#0000ff"]] {
                let name = "\(fill.count)\(fill.last?.count ?? 0).png"
                let run = try tool.run(
                    ["outpaint", "in.png", "--left", "16", "--steps", "0", "-o", name] + fill)
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.errors.contains("gesso: 20 % of the picture will be repainted\n"))
                #expect(run.errors.contains("verified: 0 of \(64 * 48) pixels outside the mask"))
                let after = try Image(contentsOf: tool.url(name))
                #expect(
                    after.cropped(x: 16, y: 0, width: 64, height: 48).samples == before.samples)
                if fill.last?.hasPrefix("color") == true {
                    #expect(after[x: 0, y: 7].elementsEqual([0, 0, 255]))
                }
            }
        }
    }

    /// Each fill gives the model something else to begin with, as far as strength leaves any of it.
    @Test func theModelBeginsWithTheFill() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let before = try Image(contentsOf: tool.url("in.png"))
            func picture(_ fill: String, _ more: String...) throws -> [UInt16] {
                let run = try tool.run(
                    [
                        "inpaint", "in.png", "--mask", "rect:16,8,32,32", "--prompt", "x",
                        "--steps", "4", "--seed", "3", "--fill", fill, "-o", "a.png",
                        "--overwrite",
                    ] + more)
                #expect(run.status == 0, "\(run.errors)")
                let after = try Image(contentsOf: tool.url("a.png"))
                #expect(after[x: 3, y: 3].elementsEqual(before[x: 3, y: 3]))
                let told = run.errors.contains("the fill has no effect")
                #expect(told == (more.isEmpty && fill != "original"))
                return after.samples
            }
            let fills = ["original", "noise", "nothing", "color:#ff0000"]
            let halves = try fills.map { try picture($0, "--strength", "0.5") }
            #expect(Set(halves).count == fills.count)
            let wholes = try ["original", "noise", "nothing"].map { try picture($0) }
            #expect(Set(wholes).count == 1)
        }
    }

    @Test func transparentPartsThatAreRepaintedShow() throws {
        try Tool.inFolder { tool in
            try drawPicture(tool)
            let run = try tool(
                "inpaint", "in.png", "--mask", "alpha", "--fill", "edge", "--steps", "0", "-o",
                "a.jpg")
            #expect(run.status == 0, "\(run.errors)")
            let plain = try tool(
                "inpaint", "in.png", "--mask", "alpha", "--fill", "edge", "--steps", "0", "-o",
                "a.png")
            #expect(plain.status == 0)
            let after = try Image(contentsOf: tool.url("a.png"))
            #expect(!after.isTransparent)
            #expect(after[x: 19, y: 40].elementsEqual([3, 252, 5, 255]))
        }
    }

    /// A picture that fades out over some columns is laid over what is painted as far as it is not transparent,
    /// and no rim is left, whatever paints.
    @Test(arguments: [["--fill", "color:#0000ff"], ["--fill", "edge"], ["--steps", "2"]])
    func partsThatSomethingShinesThroughBecomeOpaque(fill: [String]) throws {
        try Tool.inFolder { tool in
            let alpha = try fadingPicture(tool)
            let steps = fill.contains("--steps") ? [] : ["--steps", "0"]
            let run = try tool.run(
                ["inpaint", "in.png", "--mask", "alpha", "--prompt", "x", "-o", "a.png"] + fill
                    + steps)
            #expect(run.status == 0, "\(run.errors)")
            #expect(!run.errors.contains("stays so"))
            let after = try Image(contentsOf: tool.url("a.png"))
            #expect(!after.isTransparent)
            for x in 37..<64 { #expect(after[x: x, y: 20].elementsEqual([200, 40, 40, 255])) }
            if fill.contains("color:#0000ff") {
                for x in [21, 26, 33] {
                    let blue = 40 + (255 - 40) * (255 - Double(alpha(x))) / 255
                    let found = Double(Array(after[x: x, y: 20])[2])
                    #expect(abs(found - blue) <= 1, "\(x): \(found), not \(blue)")
                }
            }
            #expect(
                try tool("verify", "in.png", "a.png", "--mask", "alpha").text
                    == "0 of 1296 pixels outside the mask changed\n")
        }
    }

    @Test func whatStaysTransparentIsNoted() throws {
        try Tool.inFolder { tool in
            try drawPicture(tool)
            let words = [
                "inpaint", "in.png", "--fill", "edge", "--steps", "0", "--overwrite", "-o",
            ]
            let run = try tool.run(words + ["a.png", "--mask", "rect:0,0,40,20"])
            #expect(
                run.errors.contains(
                    "note: 50 % of what is repainted is transparent in the picture and stays so: "
                        + "add the mask alpha to make it opaque\n"), "\(run.errors)")
            #expect(try Image(contentsOf: tool.url("a.png"))[x: 3, y: 3].last == 0)
            let kept = try tool.run(words + ["a.png", "--mask", "rect:30,0,20,20"])
            #expect(!kept.errors.contains("stays so"))
            let shown = try tool.run(
                words + ["b.png", "--mask", "rect:0,0,40,20", "--mask", "alpha"])
            #expect(!shown.errors.contains("stays so"))
            #expect(try !Image(contentsOf: tool.url("b.png")).isTransparent)
        }
    }

    /// The command can be repeated once there is room for both.
    @Test func aMaskGoesWithItsOverlay() throws {
        try Tool.inFolder { tool in
            var state: UInt32 = 1
            let noise = (0..<64 * 64 * 3).map { _ -> UInt16 in
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt16(state >> 24)
            }
            try Image(width: 64, height: 64, channels: 3, samples: noise)
                .encoded(as: .png, quality: nil).write(to: tool.url("in.png"))
            let words = "mask in.png --mask rect:8,8,12,10 -o m.png --overlay o.png"
            let run = try tool.shell("ulimit -f 8; exec \"$0\" \(words)")
            #expect(run.status == 74, "\(run.errors)")
            #expect(try tool.files == ["in.png"])
            #expect(try tool.shell("exec \"$0\" \(words)").status == 0)
        }
    }

    /// A fill from the surroundings covers its mask, and nothing else is said to have changed.
    @Test func aWideFeatherIsNoneForAFill() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png", width: 200, height: 160)
            let run = try tool(
                "inpaint", "in.png", "--mask", "rect:20,10,160,140", "--mask-feather", "64",
                "--fill", "edge", "--steps", "0", "-o", "a.png")
            #expect(run.status == 0, "\(run.errors)")
            let plain = try tool(
                "inpaint", "in.png", "--mask", "rect:20,10,160,140", "--mask-feather", "0",
                "--fill", "edge", "--steps", "0", "-o", "b.png")
            #expect(plain.status == 0)
            #expect(
                try Image(contentsOf: tool.url("a.png")).samples
                    == Image(contentsOf: tool.url("b.png")).samples)
        }
    }
}

extension Image {
    /// The picture with another's metadata, so that only pixels are compared.
    fileprivate func withoutMetadata(of other: Image) -> Image {
        var copy = self
        copy.metadata = other.metadata
        return copy
    }
}
