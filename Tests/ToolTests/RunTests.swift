import Foundation
import Imaging
import Testing

/// Recipes of several edits, carried out.
@Suite struct RunTests {
    private let recipe = """
        vars:
          subject:
        masks:
          place:
        steps: 2
        edits:
          - verb: outpaint
            left: 16
            top: 8
            overlap: 0
            prompt: "{prompt}"
          - verb: inpaint
            mask: [place, "rect:0,0,4,4"]
            mask_feather: 0
            prompt: "{subject}"
        """

    private func furnish(_ tool: Tool, _ text: String? = nil) throws {
        try tool.draw("in.png")
        try Data((text ?? recipe).utf8).write(to: tool.url("r.yaml"))
    }

    /// The files in the folder, without the caches of a home.
    private func shown(_ tool: Tool) throws -> [String] {
        try tool.files.filter { !$0.hasPrefix(".") }
    }

    @Test func editsOfOnePromptHaveOneRemarkOnIt() throws {
        try Tool.inFolder { tool in
            let edit = "  - verb: inpaint\n    mask: rect:0,0,9,9\n    fill: edge\n    steps: 0\n"
            try furnish(tool, "prompt: \"a __none__ lake\"\nedits:\n" + edit + edit)
            let run = try tool("run", "./r.yaml", "in.png", "-o", "out.png")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errorLines.count { $0.contains("no wildcards 'none'") } == 1)
        }
    }

    /// Hours of work would be lost otherwise.
    @Test(arguments: [
        ("verb: inpaint\n    mask: none.png", 66, "none.png: cannot be read"),
        ("verb: inpaint\n    mask: \"rect:80,60,5,5\"", 64, "no pixel of 64x48 is inside"),
        ("verb: inpaint\n    mask: small.png", 65, "the mask is 8x8, not 64x48"),
        ("verb: img2img\n    strength: 0.1", 64, "strength 0.1 leaves none of 2 steps"),
        ("verb: outpaint\n    aspect: \"4:3\"", 64, "the picture has that shape already"),
        ("verb: outpaint\n    size: 20000x20000", 65, "20000x20000 pixels exceed the limit"),
    ])
    func aLaterEditThatCannotBeIsFoundFirst(
        _ edit: String, _ status: Int32, _ message: String
    ) throws {
        try Tool.inFolder { tool in
            try furnish(tool, "prompt: x\nsteps: 2\nedits:\n  - verb: img2img\n  - \(edit)\n")
            try tool.draw("small.png", width: 8, height: 8)
            let run = try tool("run", "./r.yaml", "in.png", "-o", "out.png")
            #expect(run.status == status, "\(run.errors)")
            #expect(run.errors.contains(message), "\(run.errors)")
            #expect(run.errorLines.suffix(2).first?.hasPrefix("gesso: edit 2 of 2: ") == true)
            #expect(!run.errors.contains("step 1 of"))
            #expect(try shown(tool) == ["in.png", "r.yaml", "small.png"])
        }
    }

    private let given = [
        "--mask", "place=rect:40,30,10,10", "--var", "subject=a lamp", "--prompt", "a room",
        "--seed", "3",
    ]

    @Test func editsFollowOneAnother() throws {
        struct Document: Decodable {
            let schema: String
            let evaluations: Int
            let edits: [Edit]
            let verified: Proof

            struct Edit: Decodable {
                let verb: String
                let seed: UInt64
                let recipe: Settings
            }

            struct Settings: Decodable {
                let prompt: String
            }

            struct Proof: Decodable {
                let pixels: Int
                let changed: Int
            }
        }
        try Tool.inFolder { tool in
            try furnish(tool)
            let run = try tool.run(
                ["run", "r.yaml", "in.png", "-o", "out.png", "--json", "--quiet"] + given)
            #expect(run.status == 0, "\(run.errors)")
            let document = try JSONDecoder().decode(Document.self, from: run.output)
            #expect(document.schema == "gesso.run/1")
            #expect(document.edits.map(\.verb) == ["outpaint", "inpaint"])
            #expect(document.edits.map(\.seed) == [3, 4])
            #expect(document.edits.map(\.recipe.prompt) == ["a room", "a lamp"])
            #expect(document.verified.changed == 0)
            let image = try Image(decoding: Data(contentsOf: tool.url("out.png")), name: "out")
            #expect((image.width, image.height) == (80, 56))
            let parameters = try #require(image.metadata.parameters)
            #expect(parameters.hasPrefix("a lamp\n"))
            #expect(parameters.contains("Edit: inpaint"))
            // The mask by name has gone with the picture; the one in the edit is where it stands.
            let source = try Image(decoding: Data(contentsOf: tool.url("in.png")), name: "in")
            for (x, y) in [(63, 0), (63, 47), (39, 36), (50, 36), (45, 29), (45, 40)] {
                #expect(image[x: x + 16, y: y + 8] == source[x: x, y: y], "\(x),\(y)")
            }
            let painted = (30..<40).flatMap { y in
                (40..<50).map { x in image[x: x + 16, y: y + 8] != source[x: x, y: y] }
            }
            #expect(painted.count { $0 } > 50)
        }
    }

    @Test(arguments: ["out.png", "out.webp"])
    func runsAreMadeAgain(_ name: String) throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            let place = Image(
                width: 64, height: 48, channels: 1,
                samples: (0..<64 * 48).map { $0 % 64 > 50 ? 255 : 0 })
            try place.encoded(as: .png).write(to: tool.url("place.png"))
            let made = try tool.run(
                [
                    "run", "r.yaml", "in.png", "-o", name, "--receipt", "r.json", "--quiet",
                    "--mask", "place=place.png", "--mask", "place=-rect:0,0,99,9", "--var",
                    "subject={x}", "--prompt", "y",
                ])
            #expect(made.status == 0, "\(made.errors)")
            try FileManager.default.removeItem(at: tool.url("r.yaml"))
            let again = try tool("replay", "r.json", "-o", "again-" + name, "--quiet")
            #expect(again.text == "identical: again-\(name)\n", "\(again.errors)")
            #expect(
                try Data(contentsOf: tool.url(name))
                    == Data(contentsOf: tool.url("again-" + name)))
            try tool.draw("place.png", 255)
            let changed = try tool("replay", "r.json", "-o", "b.png", "--quiet")
            #expect(changed.status == 1)
            #expect(changed.text.contains("drifted: the mask is another file: sha256 "))
        }
    }

    @Test func aChainKeepsWhatAPhotoBrings() throws {
        try Tool.inFolder { tool in
            try furnish(
                tool,
                "prompt: x\nsteps: 2\nedits:\n  - verb: outpaint\n    right: 8\n"
                    + "  - verb: inpaint\n    mask: \"rect:0,0,16,16\"\n")
            var image = Image(
                width: 64, height: 48, channels: 4, depth: 16,
                samples: (0..<64 * 48 * 4).map { UInt16(truncatingIfNeeded: $0 &* 977) })
            image.metadata.text = [TextEntry(keyword: "Author", value: "me")]
            try image.encoded(as: .png).write(to: tool.url("deep.png"))
            let run = try tool("run", "r.yaml", "deep.png", "-o", "out.png")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("gesso: edit 2 of 2: inpaint"))
            #expect(run.errors.contains("gesso: verified: 0 of "))
            let made = try Image(decoding: Data(contentsOf: tool.url("out.png")), name: "out")
            #expect(made.depth == 16)
            #expect(made.channels == 4)
            #expect(made.metadata.text == image.metadata.text)
            #expect(made[x: 25, y: 40] == image[x: 25, y: 40])
        }
    }

    @Test func anEditIsTheOneOfItsVerb() throws {
        try Tool.inFolder { tool in
            try furnish(
                tool, "verb: inpaint\nprompt: x\nsteps: 2\nseed: 5\nmask: \"rect:9,9,20,20\"\n")
            #expect(try tool("run", "r.yaml", "in.png", "-o", "a.png", "--quiet").status == 0)
            let alone = try tool(
                "inpaint", "in.png", "--mask", "rect:9,9,20,20", "--preset", "r.yaml", "-o",
                "b.png", "--quiet")
            #expect(alone.status == 0, "\(alone.errors)")
            #expect(
                try Data(contentsOf: tool.url("a.png")) == Data(contentsOf: tool.url("b.png")))
        }
    }

    @Test func aListMakesATable() throws {
        try Tool.inFolder { tool in
            try furnish(
                tool,
                "vars:\n  a: 0.6\nverb: img2img\nprompt: x\nsteps: 2\n"
                    + "strength: \"{a}\"\nfor:\n  a: [0.6, 0.9]\n  steps: [2, 3]\n")
            let run = try tool(
                "run", "r.yaml", "in.png", "-o", "grid.png", "--side", "64", "--json", "--quiet")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.text.contains("gesso.grid/1"))
            #expect(run.text.contains("a 0.9, steps 3"))
            let taken = try tool("run", "r.yaml", "in.png", "-o", "x.png", "--steps", "4")
            #expect(taken.status == 64)
            #expect(taken.errors.contains("makes a grid over steps: --steps"))
            let plan = try tool("run", "r.yaml", "in.png", "-o", "x.png", "--dry-run")
            #expect(plan.text.contains("picture 4: a 0.9, steps 3"), "\(plan.errors)")
            #expect(try shown(tool) == ["grid.png", "in.png", "r.yaml"])
        }
    }

    @Test func wordsMayComeFirst() throws {
        try Tool.inFolder { tool in
            try furnish(
                tool,
                "prompt: a valley\nsteps: 2\nmasks:\n  left: \"rect:0,0,20,40\"\nedits:\n"
                    + "  - verb: txt2img\n    width: 64\n    height: 48\n  - verb: inpaint\n"
                    + "    mask: left\n")
            let run = try tool("run", "r.yaml", "-o", "a.png", "--quiet", "--receipt", "r.json")
            #expect(run.status == 0, "\(run.errors)")
            let again = try tool("replay", "r.json", "-o", "b.png", "--quiet")
            #expect(again.text == "identical: b.png\n", "\(again.errors)")
            let picture = try tool("run", "r.yaml", "in.png", "-o", "c.png")
            #expect(picture.errors.contains("the recipe begins without a picture"))
        }
    }

    @Test func thePlanKnowsTheSizesBetween() throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            let plan = try tool.run(
                ["run", "r.yaml", "in.png", "-o", "out.png", "--dry-run"] + given)
            #expect(plan.status == 0, "\(plan.errors)")
            #expect(plan.text.contains("edit 2: inpaint"))
            #expect(plan.text.components(separatedBy: "picture: 80x56").count == 3)
            #expect(plan.text.contains("UNet calls in all: "))
            #expect(try shown(tool) == ["in.png", "r.yaml"])
        }
    }

    @Test func aBatchCarriesOutARecipe() throws {
        try Tool.inFolder { tool in
            try furnish(tool)
            for folder in ["photos", "masks"] {
                try FileManager.default.createDirectory(
                    at: tool.url(folder), withIntermediateDirectories: true)
            }
            for name in ["a", "b"] {
                try tool.draw("photos/\(name).png")
                try tool.draw("masks/\(name).png", 255)
            }
            let batch = [
                "batch", "photos", "--masks", "masks", "--preset", "r.yaml", "--output-dir", "out",
                "--var", "subject=x", "--prompt", "y", "--seed", "7",
            ]
            let run = try tool.run(batch)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.text == "out/a.png\nout/b.png\n")
            let alone = try tool.run(
                [
                    "run", "r.yaml", "photos/b.png", "-o", "b.png", "--seed", "8", "--mask",
                    "place=masks/b.png", "--quiet",
                ] + ["--var", "subject=x", "--prompt", "y"])
            #expect(alone.status == 0, "\(alone.errors)")
            #expect(
                try Data(contentsOf: tool.url("out/b.png")) == Data(contentsOf: tool.url("b.png")))
            let again = try tool.run(batch)
            #expect(again.errors.contains("2 there already"), "\(again.errors)")
            // Another mask in the recipe makes another batch.
            try Data((recipe + "\n# changed\n").utf8).write(to: tool.url("r.yaml"))
            #expect(try tool.run(batch).status != 0)
        }
    }
}
