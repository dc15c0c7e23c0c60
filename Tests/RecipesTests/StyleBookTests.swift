import Recipes
import Testing

@Suite struct StyleBookTests {
    private func book(_ text: String) throws -> StyleBook {
        try StyleBook(Array(text.utf8), path: "styles.csv")
    }

    private func recipe(_ style: String, _ book: StyleBook) throws -> Recipe {
        let settings = [
            Setting("prompt", "a cat", at: .argument("--prompt")),
            Setting("style", style, at: .argument("--style")),
        ]
        return try Recipe(.imageToImage, settings: settings)
            .takingStyles { () throws(RecipeError) in book }
    }

    /// As AUTOMATIC1111 writes it: a byte order mark, quotes where they are needed.
    private let text = """
        \u{FEFF}name,prompt,negative_prompt\r
        Oil,"oil painting, {prompt}, ""thick"" paint",photo\r
        #off,never,\r
        Night, at night ,"day,
        sun"\r
        \r
        Framed,in a frame\r
        """

    @Test func filesAreReadAsA1111WritesThem() throws {
        let styles = try book(text).styles
        #expect(styles.map(\.name) == ["Oil", "Night", "Framed"])
        #expect(styles[0].prompt == "oil painting, {prompt}, \"thick\" paint")
        #expect(styles[1].negativePrompt == "day,\nsun")
        #expect(styles[2].negativePrompt.isEmpty)
    }

    /// As spreadsheets and people name the columns.
    @Test(arguments: [
        "Name,Prompt,Negative prompt", "name, prompt, negative_prompt", "NAME,text,negative-prompt",
    ])
    func columnsAreFoundByTheirNames(_ head: String) throws {
        let styles = try book(head + "\nOil,oil painting,photo\n").styles
        #expect(styles.map(\.prompt) == ["oil painting"])
        #expect(styles.map(\.negativePrompt) == ["photo"])
    }

    @Test func stylesGoAroundPrompts() throws {
        let book = try book(text)
        let one = try recipe("Oil", book)
        #expect(one.prompt == "oil painting, a cat, \"thick\" paint")
        #expect(one.negativePrompt == "photo")
        // The one a picture was made with is not put around it again.
        #expect(Recipe.key("style")?.value(in: one) == nil)
        let both = try recipe("Night; Oil", book)
        #expect(both.prompt == "oil painting, a cat, at night, \"thick\" paint")
        #expect(both.negativePrompt == "day,\nsun, photo")
    }

    /// Such a name is looked for before its parts are.
    @Test func namesMayHaveASemicolon() throws {
        let book = try book("name,prompt\nwith;semi,whole\nwith,part\na; b;c,three\n")
        #expect(try recipe("with;semi", book).prompt == "a cat, whole")
        #expect(try recipe("with", book).prompt == "a cat, part")
        #expect(try recipe("with;with;semi;a; b;c", book).prompt == "a cat, part, whole, three")
        let error = #expect(throws: RecipeError.self) { try recipe("with;semo", book) }
        #expect(error.map { "\($0)".hasPrefix("no style 'semo'") } == true)
    }

    @Test func aStyleNeedsNoPrompt() throws {
        let book = try book(text)
        let styled = try Recipe(
            .textToImage, settings: [Setting("style", "Framed", at: .argument("--style"))]
        ).takingStyles { () throws(RecipeError) in book }
        #expect(styled.prompt == "in a frame")
        #expect(throws: RecipeError.self) { try Recipe(.textToImage, settings: []) }
    }

    @Test func theOldFormIsRead() throws {
        let styles = try book("name,text\nOil,oil painting\n").styles
        #expect(styles.map(\.prompt) == ["oil painting"])
        #expect(try book("name,prompt\na,b\na,c\n").styles.map(\.prompt) == ["c"])
    }

    @Test(arguments: [
        ("", "no row of names: styles.csv:1:1: begin the file with name,prompt,negative_prompt"),
        (
            "name,prompt\na,b\nc,\"d\n\n",
            "a quote is not closed: styles.csv:3:1: close it, and double a quote inside"
        ),
    ])
    func whatIsNoFileIsRefused(_ text: String, _ message: String) {
        let error = #expect(throws: RecipeError.self) { try book(text) }
        #expect(error.map { "\($0)" } == message)
    }

    @Test func namesAreSuggested() throws {
        let book = try book(text)
        let error = #expect(throws: RecipeError.self) { try recipe("Nigth", book) }
        #expect(error.map { "\($0)" } == "no style 'Nigth': styles.csv: did you mean 'Night'?")
        #expect(throws: RecipeError.self) { try StyleBook([0xFF], path: "x.csv") }
    }
}
