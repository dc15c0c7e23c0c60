import Foundation
import Imaging
import Testing

/// Edits of JPEGs whose blocks are kept, or are not.
@Suite struct BlockKeepingTests {
    private let fill = ["--fill", "color:#ff0000", "--steps", "0"]

    /// The tables of the new file are those of the source, but its blocks are not.
    @Test func aQualityMayBeThatOfTheSource() throws {
        try Tool.inFolder { tool in
            try tool.draw("a.jpg")
            let run = try tool.run(
                ["inpaint", "a.jpg", "--mask", "rect:8,8,12,10", "--quality", "90", "-o", "b.jpg"]
                    + fill)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("for a quality is given"))
        }
    }

    @Test(arguments: [(64, 48, "rect:17,17,14,14", true), (16, 6, "rect:0,0,2,2", false)])
    func littleMayBeLeft(_ width: Int, _ height: Int, _ mask: String, _ inverts: Bool) throws {
        try Tool.inFolder { tool in
            try tool.draw("a.jpg", width: width, height: height)
            let run = try tool.run(
                ["inpaint", "a.jpg", "--mask", mask, "-o", "b.jpg"] + fill
                    + (inverts ? ["--invert-mask"] : []))
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("blocks outside the mask are unchanged"))
        }
    }

    /// A source that stands on its side begins elsewhere in the file than in the picture.
    @Test func theReasonIsThatOfTheStoredPicture() throws {
        try Tool.inFolder { tool in
            var image = Image(
                width: 64, height: 64, channels: 3,
                samples: (0..<64 * 64 * 3).map { UInt16($0 % 200) })
            try image.encoded(as: .jpeg, quality: 90).write(to: tool.url("a.jpg"))
            image = try Image(contentsOf: tool.url("a.jpg"))
            let turned = try tool.shell(
                "printf '\\377\\330\\377\\341\\000\\042Exif\\000\\000MM\\000\\052\\000\\000\\000\\010"
                    + "\\000\\001\\001\\022\\000\\003\\000\\000\\000\\001\\000\\006\\000\\000\\000\\000"
                    + "\\000\\000' > t.jpg && tail -c +3 a.jpg >> t.jpg")
            #expect(turned.status == 0)
            let run = try tool(
                "outpaint", "t.jpg", "--right", "10", "--fill", "edge", "--steps", "0", "-o",
                "b.jpg")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("does not begin on a block of the result"))
        }
    }

    /// Percentages are rough: the picture moves by some pixels to where the blocks begin.
    @Test func sidesInPercentKeepBlocks() throws {
        try Tool.inFolder { tool in
            let image = Image(
                width: 72, height: 88, channels: 3,
                samples: (0..<72 * 88 * 3).map { UInt16($0 % 200) })
            try image.encoded(as: .jpeg, quality: 90).write(to: tool.url("a.jpg"))
            let run = try tool(
                "outpaint", "a.jpg", "--left", "25%", "--right", "25%", "--top", "25%", "--bottom",
                "25%", "--fill", "edge", "--steps", "0", "-o", "b.jpg")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("blocks outside the mask are unchanged"), "\(run.errors)")
        }
    }

    /// A named mask is of the first picture; a later edit cut that.
    @Test func aMaskIsCutAsThePictureIs() throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png", width: 128, height: 96)
            let recipe = """
                version: 1
                prompt: x
                steps: 2
                masks:
                  bar: rect:32,0,16,96
                edits:
                - verb: img2img
                  hires_size: 192x192
                  hires_upscaler: lanczos
                - verb: inpaint
                  mask: bar
                  steps: 0
                  fill: color:#ff0000
                  mask_feather: 0
                """
            try Data(recipe.utf8).write(to: tool.url("r.yaml"))
            let run = try tool("run", "r.yaml", "a.png", "-o", "b.png", "--seed", "1")
            #expect(run.status == 0, "\(run.errors)")
            let image = try Image(contentsOf: tool.url("b.png"))
            #expect((image.width, image.height) == (192, 192))
            let red = (0..<192).filter { Array(image[x: $0, y: 90].prefix(3)) == [255, 0, 0] }
            #expect(red == Array(32..<64))
        }
    }
}
