import Foundation
import Imaging
import Testing

/// Pages to look at what an edit did, and fills that avoid.
@Suite struct PageTests {
    private func save(_ image: Image, _ name: String, _ tool: Tool) throws {
        try image.encoded(as: .png).write(to: tool.url(name))
    }

    /// What pages embed is decoded again: the pictures, and nothing from elsewhere.
    private func pictures(in page: String) throws -> [Image] {
        try page.matches(of: /data:image\/(?:png|jpeg);base64,([A-Za-z0-9+\/=]+)/).map { match in
            let data = try #require(Data(base64Encoded: String(match.output.1)))
            return try Image(decoding: data, name: "embedded")
        }
    }

    @Test func aPageShowsBothPicturesAndTheSeam() throws {
        try Tool.inFolder { tool in
            try tool.draw("a <&> b.png", width: 300, height: 200)
            var image = try Image(contentsOf: tool.url("a <&> b.png"))
            for y in 60..<110 {
                for x in 90..<150 { image.samples[(y * 300 + x) * 3] ^= 127 }
            }
            try save(image, "after.png", tool)
            let run = try tool(
                "compare", "a <&> b.png", "after.png", "--mask", "rect:80,50,80,70", "--page",
                "look.html")
            #expect(run.status == 0)
            #expect(run.text.contains("pixels that differ: 3000 of 60000"))
            #expect(run.text.contains("inside the mask: 3000 of 5600 pixels differ, by "))
            #expect(run.text.contains("outside the mask: 0 of 54400 pixels differ\n"))
            #expect(run.errors == "gesso: written: look.html\n")
            let page = try String(contentsOf: tool.url("look.html"), encoding: .utf8)
            #expect(
                !page.contains("://") && !page.contains("<script src") && !page.contains("b <&>"))
            #expect(page.contains("a &lt;&amp;&gt; b.png"))
            #expect(page.contains("pixels that differ</th><td>3000 of 60000"))
            let shown = try pictures(in: page)
            #expect(shown[0].width == 300 && shown[0].height == 200)
            // Both, mask and heat map, and for each place both and the border.
            #expect(shown.count > 4 && (shown.count - 4) % 3 == 0)
            let again = try tool("compare", "a <&> b.png", "after.png", "--page", "look.html")
            #expect(again.status == 73)
            let replaced = try tool(
                "compare", "a <&> b.png", "after.png", "--page", "look.html", "--overwrite")
            #expect(replaced.status == 0)
        }
    }

    /// What is enlarged of a photo grows with it: as much is to be seen of a large one.
    @Test(arguments: [(1200, 120), (2400, 180)])
    func closeUpsGrowWithThePhoto(width: Int, side: Int) throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png", width: width, height: width / 2)
            let run = try tool(
                "inpaint", "a.png", "--mask", "rect:300,200,300,200", "--fill", "color:#00ff00",
                "--steps", "0", "--mask-feather", "0", "-o", "b.png")
            #expect(run.status == 0)
            #expect(
                try tool(
                    "compare", "a.png", "b.png", "--mask", "rect:300,200,300,200", "--page",
                    "look.html"
                ).status == 0)
            let page = try String(contentsOf: tool.url("look.html"), encoding: .utf8)
            #expect(page.contains("\(side)x\(side) at "))
        }
    }

    @Test func equalPicturesHaveAPageToo() throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png", width: 9, height: 7)
            #expect(try tool("compare", "a.png", "a.png", "--page", "p.html").status == 0)
            let page = try String(contentsOf: tool.url("p.html"), encoding: .utf8)
            #expect(page.contains("The pictures do not differ."))
        }
    }

    @Test(arguments: [
        ["--mask", "rect:0,0,9"], ["--page", "look.txt"],
        ["--page", "look.html", "--mask", "rect:0,0,9"],
    ])
    func whatIsNoPageIsRefused(options: [String]) throws {
        try Tool.inFolder { tool in
            try tool.draw("a.png")
            let run = try tool.run(["compare", "a.png", "a.png"] + options)
            #expect(run.status == 64)
            #expect(!FileManager.default.fileExists(atPath: tool.url("look.html").path()))
        }
    }

    /// Red on the left, blue on the right; the hole is in the middle.
    @Test func aFillTakesNothingFromWhatIsAvoided() throws {
        try Tool.inFolder { tool in
            let image = Image(
                width: 160, height: 100, channels: 3,
                samples: (0..<16000).flatMap { pixel -> [UInt16] in
                    let grain = UInt16(pixel * 7919 % 13)
                    return pixel % 160 < 80 ? [220 + grain, 30, 30] : [30, 30, 220 + grain]
                })
            try save(image, "in.png", tool)
            try save(
                Mask(
                    width: 160, height: 100,
                    values: (0..<16000).map { $0 % 160 >= 80 ? 255 : 0 }
                ).image, "right.png", tool)
            for (avoid, other) in [("right.png", "rect:80,0,80,100"), ("rect:0,0,80,100", "")] {
                let command = [
                    "inpaint", "in.png", "--mask", "rect:60,30,40,40", "--mask-feather", "0",
                    "--fill", "patch", "--steps", "0", "--overwrite", "-o",
                ]
                let run = try tool.run(command + ["out.png", "--avoid", avoid])
                #expect(run.status == 0)
                let filled = try Image(contentsOf: tool.url("out.png"))
                let isRed = (filled[x: 80, y: 50].first ?? 0) > 128
                #expect(isRed == (avoid == "right.png"))
                guard !other.isEmpty else { continue }
                let again = try tool.run(command + ["same.png", "--set", "avoid=" + other])
                #expect(again.status == 0)
                #expect(try tool("compare", "out.png", "same.png").text.contains("infinite, equal"))
            }
        }
    }

    @Test func avoidingIsOfNoUseToOtherFills() throws {
        try Tool.inFolder { tool in
            try tool.draw("in.png")
            let run = try tool(
                "inpaint", "in.png", "--mask", "rect:9,9,9,9", "--fill", "edge", "--steps", "0",
                "--avoid", "rect:0,0,9,9", "-o", "out.png")
            #expect(run.errors.contains("fill is edge: avoid has no effect"))
        }
    }
}
