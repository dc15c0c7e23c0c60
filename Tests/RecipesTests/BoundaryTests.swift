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

    /// Of styles with one name the last counts, at its place, however many there are.
    @Test func stylesMayBeMany() throws {
        let rows = (0..<400_000).map { "a\($0 % 399_999),\n" }.joined()
        let book = try StyleBook(Array(("name,prompt\n" + rows).utf8), path: "styles.csv")
        #expect(book.styles.count == 399_999)
        #expect(book.styles.last?.name == "a0")
    }

    @Test func listsHaveSoManyBytes() {
        func isRead(_ key: String, _ count: Int) -> Bool {
            let list = String(repeating: "a", count: count - 2) + ";b"
            let settings = try? ["prompt=x", key + "=" + list].map { try Setting(assignment: $0) }
            return (try? Recipe(.imageToImage, settings: settings ?? [])) != nil
        }
        for key in ["lora", "embedding", "style", "control"] {
            #expect(isRead(key, 64 << 10))
            #expect(!isRead(key, 64 << 10 + 1))
        }
    }

    @Test(arguments: [(100_000, true), (100_001, false)])
    func settingsInJSONHaveSoManyParts(_ count: Int, _ fits: Bool) throws {
        // A brace, a colon and a comma for the scheme, a colon and a bracket for the list.
        let items = Array(repeating: "1", count: count - 4).joined(separator: ",")
        let text = "{\"metadata_scheme\": \"fooocus\", \"x\": [\(items)]}"
        let found = try PictureSettings(texts: [("parameters", text)], of: "a.png")
        #expect(found?.program == (fits ? "Fooocus" : "AUTOMATIC1111"))
    }

    @Test(arguments: ["parameters", "stealth"])
    func settingsInOtherFormsHaveSoManyBytes(_ keyword: String) throws {
        func program(_ count: Int) throws -> String? {
            let start = "a lake\nSteps: 4, Sampler: Euler, Seed: 1, Note: "
            let text = start + String(repeating: "a", count: count - start.utf8.count)
            return try PictureSettings(texts: [(keyword, text)], of: "a.png")?.program
        }
        #expect(try program(1 << 20) == "AUTOMATIC1111")
        #expect(throws: RecipeError.self) { try program(1 << 20 + 1) }
    }

    /// Signs within texts are no parts.
    @Test func textsInJSONMayHoldAnySigns() throws {
        let words = String(repeating: "[{:,1\\\"", count: 100_000)
        let text = "{\"metadata_scheme\": \"fooocus\", \"x\": \"\(words)\"}"
        let found = try PictureSettings(texts: [("parameters", text)], of: "a.png")
        #expect(found?.program == "Fooocus")
    }

    @Test func settingsInJSONHaveSoManyBytes() throws {
        func program(_ count: Int) throws -> String? {
            let start = "{\"metadata_scheme\": \"fooocus\", \"prompt\": \"x\"}"
            let text = start + String(repeating: " ", count: count - start.utf8.count)
            return try PictureSettings(texts: [("parameters", text)], of: "a.png")?.program
        }
        #expect(try program(4 << 20) == "Fooocus")
        #expect(throws: RecipeError.self) { try program(4 << 20 + 1) }
    }

    @Test(arguments: [("a:10", true), ("a:10.01", false), ("a:-10", true), ("a:-10.01:1", false)])
    func aLoRAHasSoMuchWeight(_ lora: String, _ isTaken: Bool) {
        let settings = [
            Setting("prompt", "x", at: .argument("x")), Setting("lora", lora, at: .argument("x")),
        ]
        #expect(((try? Recipe(.imageToImage, settings: settings)) != nil) == isTaken)
    }
}
