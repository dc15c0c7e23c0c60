import Recipes
import Testing

/// Texts are refused before they are put together where that would make them too long.
@Suite struct LimitTests {
    private let most = Recipe.longestText

    private func isTooLong(_ body: () throws -> some Any) -> Bool {
        do {
            _ = try body()
            return false
        } catch let error as RecipeError {
            return "\(error)".hasPrefix("the text would be too long: ")
        } catch {
            return false
        }
    }

    @Test(arguments: ["prompt", "negative_prompt", "component_prompts", "watermark"])
    func aTextHasALimit(_ key: String) throws {
        func recipe(_ length: Int) throws -> Recipe {
            let text = Setting(key, String(repeating: "é", count: length / 2), at: .argument("x"))
            let prompt = Setting("prompt", "x", at: .argument("x"))
            return try Recipe(.inpaint, settings: key == "prompt" ? [text] : [text, prompt])
        }
        #expect(throws: Never.self) { try recipe(most) }
        #expect(throws: RecipeError.self) { try recipe(most + 2) }
    }

    private func preset(_ prompt: String) throws -> Preset {
        try Preset(Array("prompt: \"\(prompt)\"\n".utf8), path: "p.yaml")
    }

    @Test func aPromptInAPresetHasALimit() throws {
        let preset = try preset(String(repeating: "{prompt}", count: 64))
        func recipe(_ length: Int) throws -> Recipe {
            let text = String(repeating: "x", count: length)
            return try Recipe(
                .imageToImage, presets: [preset],
                settings: [Setting("prompt", text, at: .argument("--prompt"))])
        }
        #expect(try recipe(1024).prompt.utf8.count == most)
        #expect(isTooLong { try recipe(1025) })
    }

    @Test func presetsDoNotDoubleAPrompt() throws {
        let doubling = try preset("{prompt} {prompt}")
        let prompt = Setting("prompt", "a cat", at: .argument("--prompt"))
        func recipe(_ count: Int) throws -> Recipe {
            try Recipe(
                .imageToImage, presets: Array(repeating: doubling, count: count),
                settings: [prompt])
        }
        #expect(try recipe(13).prompt.utf8.count == 6 * 8192 - 1)
        #expect(isTooLong { try recipe(14) })
        #expect(isTooLong { try recipe(100) })
    }

    @Test func stylesDoNotDoubleAPrompt() throws {
        let book = try StyleBook(
            Array(
                "name,prompt\ntwice,{prompt} {prompt}\nlong,\(String(repeating: "x", count: 70_000))"
                    .utf8), path: "styles.csv")
        func styled(_ names: String) throws -> Recipe {
            try Recipe(
                .imageToImage,
                settings: [
                    Setting("prompt", "a cat", at: .argument("--prompt")),
                    Setting("style", names, at: .argument("--style")),
                ]
            ).takingStyles { book }
        }
        let twelve = Array(repeating: "twice", count: 12).joined(separator: ";")
        #expect(try styled(twelve).prompt.utf8.count == 6 * 4096 - 1)
        #expect(
            isTooLong { try styled(Array(repeating: "twice", count: 99).joined(separator: ";")) })
        #expect(isTooLong { try styled("long") })
    }

    @Test func anAxisDoesNotLengthenAPrompt() throws {
        var recipe = Recipe(.imageToImage)
        recipe.prompt = String(repeating: "a", count: 1000)
        let axis = try GridAxis("prompt:a=b,c", option: "--x")
        let value = String(repeating: "b", count: 66)
        #expect(isTooLong { try axis.replaced(value, in: recipe) })
        #expect(try axis.replaced("bb", in: recipe).prompt.utf8.count == 2000)
    }

    /// Going back over pairs of regional indicators takes time that grows with the square of their
    /// number, so nothing does.
    @Test func flagsAreReadOnce() {
        let flags = String(repeating: "\u{1F1E9}\u{1F1EA}", count: 25_000)
        #expect(Infotext(flags).prompt == flags)
        let settings = Infotext("x\nSteps: 4, Sampler: \(flags) , Seed: 1")
        #expect(settings["Sampler"] == flags)
    }

    private static let flags = String(repeating: "\u{1F1E9}\u{1F1EA}", count: 100_000)
    private static let line = "Steps: 4, Sampler: Euler, Seed: 1"

    @Test(arguments: [
        ("parameters", "x\n\(line), Civitai resources: \(flags)"),
        ("parameters", "x\n\(line), ControlNet 0: \"Module: canny, Model: \(flags)\""),
        ("parameters", "\(flags)\n\(line)"), ("Dream", "\"x\" -s 4 -S 1 \(flags)"),
        ("xmp", "<rdf:li>\(flags)&#10;\(line)</rdf:li>"),
        ("xmp", "<a b=\"\(flags)\" c='x&#10;\(line)'/>"),
        ("xmp", "<exif:UserComment>{\"c\": \"x\", \"steps\": 4}\(flags)</exif:UserComment>"),
    ])
    func flagsInAPictureAreReadOnce(_ keyword: String, _ text: String) throws {
        let texts = keyword == "xmp" ? [] : [(keyword: keyword, value: text)]
        let read = try PictureSettings(
            texts: texts, xmp: keyword == "xmp" ? text : nil, of: "a.png")
        #expect(read?.settings.first { $0.key == "steps" }?.value == "4")
    }

    /// A unit of a ControlNet is read in time that grows with its length alone.
    @Test(arguments: [
        String(repeating: "a", count: 500_000), String(repeating: "a: (", count: 100_000),
        String(repeating: "a: (b) ", count: 100_000),
        "Model: a" + String(repeating: " ", count: 500_000) + "b",
    ])
    func unitsAreReadOnce(_ unit: String) {
        let text = "x\nSteps: 4, Sampler: Euler, Seed: 1, ControlNet 0: \"\(unit)\""
        let read = PictureSettings(Infotext(text), of: "a.png")
        #expect(read.leftOut.map(\.name) == ["ControlNet 0"])
    }

    @Test func largeNumbersAreWritten() {
        #expect("\(Key.Value.number(1e300))" == "1e+300")
        #expect("\(Key.Value.number(9.3e18))" == "9.3e+18")
        #expect("\(Key.Value.number(-2))" == "-2")
    }
}
