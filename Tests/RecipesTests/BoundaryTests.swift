import Recipes
import Testing

/// Each limit of recipes is tried just under and just over it; see the article on limits.
@Suite struct BoundaryTests {
    private func reads(_ text: String) -> Bool {
        (try? Preset(Array(text.utf8), path: "p.yaml")) != nil
    }

    @Test func aMappingHasSoManyEntries() {
        func text(_ count: Int) -> String {
            "prompt: x\nvars:\n" + (0..<count).map { "  v\($0): \"\"\n" }.joined()
        }
        #expect(reads(text(1000)))
        #expect(!reads(text(1001)))
    }

    @Test func aMaskHasSoManyItems() {
        func text(_ count: Int) -> String {
            let items = Array(repeating: "alpha", count: count).joined(separator: ", ")
            return "verb: inpaint\nprompt: x\nmask: [\(items)]\n"
        }
        #expect(reads(text(1000)))
        #expect(!reads(text(1001)))
    }

    @Test func aRecipeHasSoManyEdits() {
        func text(_ count: Int) -> String {
            "prompt: x\nedits:\n" + String(repeating: "  - verb: img2img\n", count: count)
        }
        #expect(reads(text(64)))
        #expect(!reads(text(65)))
    }

    @Test func aFileHasSoManyBytes() {
        func text(_ count: Int) -> String {
            let start = "prompt: x\n# "
            return start + String(repeating: "a", count: count - start.utf8.count)
        }
        #expect(reads(text(256 * 1024)))
        #expect(!reads(text(256 * 1024 + 1)))
    }

    @Test func stylesHaveSoManyBytes() {
        func reads(_ count: Int) -> Bool {
            let start = "name,prompt\na,"
            let text = start + String(repeating: "x", count: count - start.utf8.count)
            return (try? StyleBook(Array(text.utf8), path: "styles.csv")) != nil
        }
        #expect(reads(4 << 20))
        #expect(!reads(4 << 20 + 1))
    }

    @Test func settingsInJSONHaveSoManyBytes() throws {
        func program(_ count: Int) throws -> String? {
            let start = "{\"metadata_scheme\": \"fooocus\", \"prompt\": \"x\"}"
            let text = start + String(repeating: " ", count: count - start.utf8.count)
            return try PictureSettings(texts: [("parameters", text)], of: "a.png")?.program
        }
        #expect(try program(4 << 20) == "Fooocus")
        #expect(try program(4 << 20 + 1) == "AUTOMATIC1111")
    }

    @Test(arguments: [("a:10", true), ("a:10.01", false), ("a:-10", true), ("a:-10.01:1", false)])
    func aLoRAHasSoMuchWeight(_ lora: String, _ isTaken: Bool) {
        let settings = [
            Setting("prompt", "x", at: .argument("x")), Setting("lora", lora, at: .argument("x")),
        ]
        #expect(((try? Recipe(.imageToImage, settings: settings)) != nil) == isTaken)
    }
}
