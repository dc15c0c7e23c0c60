import Foundation
import Recipes
import Testing

@Suite struct PromptTagTests {
    private func taken(_ prompt: String) -> (recipe: Recipe, notes: [String]) {
        var recipe = Recipe(.imageToImage)
        recipe.prompt = prompt
        return recipe.takingLoRATags()
    }

    /// Each tag with the LoRA it names: the weight of the text encoder, then that of the UNet.
    @Test(arguments: [
        ("<lora:fur>", "fur:1"), ("<lora:fur:0.5>", "fur:0.5"),
        ("<lora:fur:0.5:0.8>", "fur:0.5:0.8"), ("<lora:fur:te=0.5:unet=0.8>", "fur:0.5:0.8"),
        ("<lora:fur:unet=0.8:te=0.5>", "fur:0.5:0.8"), ("<lora:fur:0.5:unet=0.8>", "fur:0.5:0.8"),
        ("<lora:fur:te=0.5>", "fur:0.5"), ("<lora:fur:0.5:0.5>", "fur:0.5"),
        ("<lyco:fur:0.7>", "fur:0.7"), ("<lora:sub\\fur:0.5>", "sub/fur:0.5"),
        ("<lora:sub/fur:0.5>", "sub/fur:0.5"), ("<lora:fur: 0.5 >", "fur:0.5"),
        ("<lora:a b (c):-1>", "a b (c):-1"), ("<LORA:fur:0.5>", "fur:0.5"),
        ("< lora:fur:0.5>", "fur:0.5"), ("<lora: fur :0.5>", "fur:0.5"),
    ])
    func aTagNamesALoRA(_ tag: String, _ lora: String) {
        let (recipe, notes) = taken("a cat \(tag) on a mat")
        #expect(recipe.loras.map(\.description) == [lora])
        #expect(recipe.prompt == "a cat  on a mat")
        #expect(notes.isEmpty)
    }

    @Test(arguments: [
        "<lora:../../x:1>", "<lora:/etc/x:1>", "<lora:..\\x:1>", "<lora::1>", "<lora:a;b:1>",
        "<lora: :1>",
    ])
    func whatNamesNoneStaysText(_ tag: String) {
        let (recipe, notes) = taken("a cat \(tag)")
        #expect(recipe.loras.isEmpty)
        #expect(recipe.prompt == "a cat \(tag)")
        #expect(notes == ["\(tag) names no LoRA: it stays text"])
    }

    @Test(arguments: ["<lora:fur:99>", "<lora:fur:1:-10.5>", "<lora:sub\\fur:1e3>"])
    func aWeightBeyondTheLimitsIsNamed(_ tag: String) {
        let (recipe, notes) = taken("a cat \(tag)")
        #expect(recipe.loras.isEmpty)
        #expect(recipe.prompt == "a cat \(tag)")
        #expect(notes == ["\(tag): its weight is not from -10 to 10: it stays text"])
    }

    /// SwarmUI's tags that have a meaning here, in both prompts.
    @Test(arguments: [
        ("a <embed:fur> cat", "a embedding:fur cat"),
        ("a <embedding:sub/fur>", "a embedding:sub/fur"),
        ("a<break>cat", "a BREAK cat"), ("a cat <BREAK> b", "a cat  BREAK  b"),
    ])
    func tagsMayStandForWords(_ prompt: String, _ words: String) {
        var recipe = Recipe(.imageToImage)
        (recipe.prompt, recipe.negativePrompt) = (prompt, prompt + "<lora:fur:1><x:y>")
        let (read, notes) = recipe.takingLoRATags()
        #expect(read.prompt == words)
        #expect(read.negativePrompt == words + "<lora:fur:1><x:y>")
        #expect(read.loras.isEmpty && notes.isEmpty)
    }

    @Test func foldersOfEmbeddingsMayBeOfWindows() {
        let words =
            #"(embedding:a\b\fur:1.2), x\y, EMBEDDING:a\fur, embedding:f \(x\), embedding:f\(x\)"#
        let slashed =
            #"(embedding:a/b/fur:1.2), x\y, EMBEDDING:a/fur, embedding:f \(x\), embedding:f\(x\)"#
        #expect(taken(words).recipe.prompt == slashed)
    }

    /// Signs of other programs, with whose they are.
    @Test(arguments: [
        ("a cat++, dog", "'cat++' is a weight of InvokeAI"),
        ("plan B++, cat", "'B++' is a weight of InvokeAI"),
        ("a (dog)-", "')-' is a weight of InvokeAI"),
        ("(\"a\", \"b\").blend(1, 1)", "').blend(' is a function of InvokeAI"),
        ("cat.swap(dog)", "'cat.swap(' is a function of InvokeAI"),
        ("a 'cat'.swap('dog')", "''.swap(' is a function of InvokeAI"),
        ("a cat ::2 dog", "'::2' is a weight of Midjourney"),
        ("cat::1.5, dog", "'cat::1.5' is a weight of Midjourney"),
        ("cat MASK(0 0.5, 0 1) dog", "'MASK(' is a function of Prompt Control"),
        ("a cat FILL()", "'FILL(' is a function of Prompt Control"),
        ("cat withLora(fur, 0.5)", "'withLora(' is a LoRA of InvokeAI"),
        ("a cat --ar 16:9", "'--ar' is an option of Midjourney"),
        ("a cat --no dog --v 6", "'--no' is an option of Midjourney"),
        ("{cat} x", "'{cat}' is a weight of NovelAI"),
        ("a, 1.5::cat::", "'1.5::c' is a weight of NovelAI"),
        ("{{{cat}}}", "'{cat}' is a weight of NovelAI"),
        ("a （cat：1.2）", "'（cat：1' is a weight in brackets of full width"),
        ("a (cat：1.2)", "'(cat：1' is a weight behind a colon of full width"),
        ("a (cat:1,2) x", "'(cat:1,2)' is a number with a comma"),
        ("a [cat:dog:0,5]", "'[cat:dog:0,5]' is a number with a comma"),
        ("a [cat:dog:50%]", "'[cat:dog:50%]' is a number in percent"),
        ("(cat: 120 %)", "'(cat: 120 %)' is a number in percent"),
        ("${x=!a} cat", "'${' is a variable of Dynamic Prompts"),
        ("a ADDBASE b ADDCOL c", "'ADDBASE' is a sign of Regional Prompter"),
        ("a AND_PERP b", "'AND_PERP' is a kind of AND of an extension"),
        ("a cat <lora:fur:0.5", "'<lora:fur:0.5' is a tag without an end"),
        ("a <lyco:fur <lora:b:1>", "'<lyco:fur' is a tag without an end"),
    ])
    func signsOfOtherProgramsAreNamed(_ prompt: String, _ note: String) throws {
        for isNegative in [false, true] {
            var recipe = Recipe(.imageToImage)
            if isNegative { recipe.negativePrompt = prompt } else { recipe.prompt = prompt }
            let first = try #require(recipe.foreignNotation().first)
            #expect(first.hasPrefix(note + ", which has no meaning here: it stays text"))
        }
        let plain = try Recipe(
            .imageToImage,
            settings: [("prompt_syntax", "plain"), ("prompt", prompt)].map {
                Setting($0, $1, at: .argument("x"))
            })
        #expect(plain.foreignNotation().isEmpty)
    }

    @Test(arguments: [
        "a cat -- a dog", "well-known, a-b, 3-4", "(cat:1.2)-based", "f/1.8, 50mm", "a::b",
        "x (a).",
        "a {red|blue} cat", "AND, ADDED, AND_", "mr. and(", "a cat--", "<3 <lora>", "$5 {}",
        "12:30", "(at 12:30, noon)", "(a:1.2), 50%", "std::2d", "a (MASK) area(s)",
        "a book about C++, cover", "C++",
        "\"C++\" and Objective-C++17",
    ])
    func wordsOfPlainPromptsAreNoSigns(_ prompt: String) {
        var recipe = Recipe(.imageToImage)
        recipe.prompt = prompt
        let notes = recipe.foreignNotation()
        #expect(notes.isEmpty || prompt == "a cat--", "\(notes)")
    }

    /// The search takes time that grows with the length of a prompt alone.
    @Test(arguments: ["{", "1", "(", "+", "-", "<lora:", "$", "ADD", "AND_", "--ar", "::", "a++"])
    func longPromptsAreSearched(_ part: String) {
        var recipe = Recipe(.imageToImage)
        recipe.prompt = String(repeating: part, count: Recipe.longestText / part.utf8.count)
        #expect(recipe.foreignNotation().count <= 10)
    }

    /// Going back over so many of these would take minutes.
    @Test(arguments: [
        "\u{1F1E9}\u{1F1EA}", "\u{301}", "\u{1100}", "\u{903}", "\u{915}\u{94D}", "\u{200D}",
    ])
    func signsBehindFlagsAndMarksAreFound(_ part: String) {
        var recipe = Recipe(.imageToImage)
        recipe.prompt = String(repeating: part, count: 60_000 / part.utf8.count) + " ::1"
        let notes = recipe.foreignNotation()
        #expect(notes.count == 1 && notes[0].hasPrefix("'::1' is a weight of Midjourney"))
    }

    @Test func otherTagsAreTakenOutWithANote() {
        let (recipe, notes) = taken("a cat <hypernet:x:1> <lora:fur:0.5:0.8:0.1:lbw=A>")
        #expect(recipe.prompt == "a cat")
        #expect(recipe.loras.map(\.description) == ["fur:0.5:0.8"])
        #expect(
            notes == [
                "<hypernet:x:1>: hypernetworks are not loaded: it is left out",
                "<lora:fur:0.5:0.8:0.1:lbw=A>: 'lbw=A:0.1' has no meaning here",
            ])
    }

    @Test(arguments: [
        "<loha:fur:1>", "<segment:face>", "<wlr:x:1>", "<setvar[x]:blue>", "<random[2]:a|b>",
    ])
    func networksOfExtensionsAreTakenOut(_ tag: String) {
        let (recipe, notes) = taken("a cat \(tag)")
        #expect(recipe.prompt == "a cat")
        #expect(notes == ["\(tag) has no meaning here: it is left out"])
    }

    @Test(arguments: [
        "a < b", "<3:00>", "< a b:c>", "<:x>", "a <b> c", "<", "<lora", "<lora>", "a <lora:x",
        "1 < 2 > 0", "<3",
    ])
    func wordsAreWords(_ prompt: String) {
        let (recipe, notes) = taken(prompt)
        #expect(recipe.prompt == prompt)
        #expect(recipe.loras.isEmpty && notes.isEmpty)
    }

    @Test func aKeyHasBothWeights() throws {
        let recipe = try Recipe(
            .imageToImage,
            settings: [
                Setting("prompt", "x", at: .argument("x")),
                Setting("lora", "a:0.5:0.8;b:0.5;c", at: .argument("x")),
            ])
        #expect(recipe.loras.map(\.description) == ["a:0.5:0.8", "b:0.5", "c:1"])
        #expect(recipe.loras.map(\.strength) == [0.8, 0.5, 1])
        #expect(recipe.loras.map(\.textStrength) == [0.5, nil, nil])
    }
}

@Suite struct WildcardTests {
    private func inFolder(_ files: [String: String], _ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "gesso-wildcards-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try body(folder)
    }

    private func drawn(
        _ prompt: String, seed: UInt64 = 1, from folder: URL? = nil
    ) -> (recipe: Recipe, notes: [String]) {
        var recipe = Recipe(.imageToImage)
        (recipe.prompt, recipe.seed) = (prompt, seed)
        return recipe.drawingWildcards(from: [folder].compactMap(\.self))
    }

    /// Every prompt that the seeds 0 to 99 draw.
    private func all(_ prompt: String, from folder: URL? = nil) -> Set<String> {
        Set((0..<100).map { drawn(prompt, seed: $0, from: folder).recipe.prompt })
    }

    @Test func oneOfSeveralIsDrawn() {
        #expect(all("a {red|blue|} house") == ["a red house", "a blue house", "a  house"])
        #expect(all("{a|{b|c}}{d|e}") == ["ad", "ae", "bd", "be", "cd", "ce"])
        #expect(all("{[a|b]|(c:1.2)}") == ["[a|b]", "(c:1.2)"])
        #expect(all("{1::a|0::b}") == ["a"])
        #expect(all("{a::b|c}") == ["a::b", "c"])
    }

    @Test func severalAreDrawn() {
        #expect(all("{2$$a|b}") == ["a, b", "b, a"])
        #expect(all("{1-2$$a|b}") == ["a", "b", "a, b", "b, a"])
        #expect(all("{2$$ and $$a|b}") == ["a and b", "b and a"])
        #expect(all("{9$$a|b}") == ["a, b", "b, a"])
        #expect(all("{0$$a|b}x") == ["x"])
    }

    @Test(arguments: [
        "{a}", "{}", "{{a}}", "{prompt}", "a { b", "a } b", "\\{a|b\\}", "a|b", "__", "_a_",
    ])
    func bracesWithoutAChoiceAreText(_ prompt: String) {
        let (recipe, notes) = drawn(prompt)
        #expect(recipe.prompt == prompt)
        #expect(recipe.wildcardPrompt == nil)
        #expect(notes.isEmpty)
    }

    @Test func theSameSeedDrawsTheSame() {
        let prompt = "{a|b|c|d|e|f|g|h} {a|b|c|d|e|f|g|h} {a|b|c|d|e|f|g|h}"
        #expect(drawn(prompt, seed: 7).recipe.prompt == drawn(prompt, seed: 7).recipe.prompt)
        #expect(all(prompt).count > 60)
    }

    @Test func linesOfFilesAreDrawn() throws {
        let files = [
            "season.txt": "\u{FEFF}winter\r\n# not this\r\n\r\nsummer {dawn|dusk}\r\n",
            "sub/color.txt": "__season__ red", "ring.txt": "x __ring__",
        ]
        try inFolder(files) { folder in
            #expect(
                all("a __season__ lake", from: folder)
                    == ["a winter lake", "a summer dawn lake", "a summer dusk lake"])
            #expect(all("__sub/color__", from: folder).contains("winter red"))
            let ring = drawn("__ring__", from: folder).recipe.prompt
            #expect(ring.hasPrefix("x x x ") && ring.utf8.count < 100)
            #expect(
                drawn("__ring__ __ring__", from: folder).notes
                    == ["wildcards are too deep in each other: __ring__ stays words"])
            #expect(drawn("a __season__", from: folder).recipe.wildcardPrompt == "a __season__")
        }
    }

    /// One file may be all that several are drawn from.
    @Test func severalLinesOfAFileAreDrawn() throws {
        let files = ["color.txt": "red\nblue\n", "both.txt": "__color__\n"]
        try inFolder(files) { folder in
            #expect(all("{2$$__color__}", from: folder) == ["red, blue", "blue, red"])
            #expect(all("{1-2$$ and $$__color__}", from: folder).count == 4)
            #expect(all("{2$$__both__}", from: folder) == ["red", "blue"])
            #expect(all("{2$$a __color__}", from: folder) == ["a red", "a blue"])
            #expect(all("{2$$__color__|x}", from: folder).count == 4)
            #expect(drawn("{2$$__none__}", from: folder).recipe.prompt == "__none__")
        }
    }

    /// Copies of all lines for each choice would take minutes.
    @Test func manyChoicesAreDrawnFromAFileOfManyLines() throws {
        let lines = (0..<100_000).map { "\($0)" }
        try inFolder(["x.txt": lines.joined(separator: "\n")]) { folder in
            let start = ContinuousClock.now
            let prompt = String(repeating: "{2$$__x__} ", count: 2000)
            let words = drawn(prompt, from: folder).recipe.prompt.split { ", ".contains($0) }
            #expect(words.count == 4000)
            #expect(Set(words).isSubset(of: Set(lines.map { $0[...] })))
            let all = drawn("{1000$$__x__}", from: folder).recipe.prompt.split { ", ".contains($0) }
            #expect(all.count == 1000 && Set(all).count == 1000)
            #expect(ContinuousClock.now - start < .seconds(60))
        }
        let few = (0..<40).map { "\($0)" }
        try inFolder(["x.txt": few.joined(separator: "\n")]) { folder in
            let all = drawn("{1000$$ $$__x__}", from: folder).recipe.prompt.split(separator: " ")
            #expect(all.map { String($0) } != few)
            #expect(Set(all) == Set(few.map { $0[...] }))
        }
    }

    @Test func aFileThatCannotBeDrawnFromSaysWhy() throws {
        try inFolder(["empty.txt": "# nothing\n"]) { folder in
            let wide = try #require("café".data(using: .utf16))
            try wide.write(to: folder.appending(path: "wide.txt"))
            for (name, why) in [
                ("empty", "have no lines: __empty__ stays words"),
                ("wide", "are not UTF-8: __wide__ stays words; save the file as UTF-8"),
            ] {
                let (recipe, notes) = drawn("a __\(name)__", from: folder)
                #expect(recipe.prompt == "a __\(name)__")
                #expect(notes == ["wildcards '\(name)' \(why)"])
            }
        }
    }

    /// One letter of an old editor would else take all lines away.
    @Test func aFileInLatinLettersIsDrawnFromWithANote() throws {
        try inFolder([:]) { folder in
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data([0x63, 0x61, 0x66, 0xE9]).write(to: folder.appending(path: "latin.txt"))
            let (recipe, notes) = drawn("a __latin__", from: folder)
            #expect(recipe.prompt == "a café")
            #expect(
                notes == [
                    "wildcards 'latin' are not UTF-8: they are read as Windows-1252; save the file as UTF-8"
                ])
        }
    }

    @Test(arguments: ["season", "../season", "/etc/passwd", ".hidden", "a//b"])
    func whatIsNotThereStaysWordsWithANote(_ name: String) throws {
        try inFolder(["other.txt": "x"]) { folder in
            let (recipe, notes) = drawn("a __\(name)__ b __\(name)__", from: folder)
            #expect(recipe.prompt == "a __\(name)__ b __\(name)__")
            #expect(notes == ["no wildcards '\(name)': __\(name)__ stays words"])
        }
    }

    @Test(arguments: [1 << 20, (1 << 20) + 1])
    func filesAreBounded(_ count: Int) throws {
        let text = "red\n#" + String(repeating: "x", count: count - 5)
        try inFolder(["color.txt": text]) { folder in
            let (recipe, notes) = drawn("a __color__ lake", from: folder)
            let isLong = count > 1 << 20
            #expect(recipe.prompt == (isLong ? "a __color__ lake" : "a red lake"))
            #expect(
                notes
                    == (isLong
                        ? ["wildcards 'color' are longer than 1 MiB: __color__ stays words"] : []))
        }
    }

    /// Braces without a choice are looked through once for each that is around them.
    @Test(arguments: [(1400, true), (1500, false)])
    func bracesInEachOtherAreBounded(_ depth: Int, _ isDrawn: Bool) throws {
        try inFolder(["color.txt": "red"]) { folder in
            let braces =
                String(repeating: "{", count: depth) + String(repeating: "}", count: depth)
            let (recipe, notes) = drawn("__color__ " + braces, from: folder)
            #expect(recipe.prompt == (isDrawn ? "red " : "__color__ ") + braces)
            #expect(notes == (isDrawn ? [] : ["its braces are too many: they stay words"]))
        }
    }

    /// A file of lines that double themselves.
    @Test func whatWouldBeTooLongStaysWords() throws {
        let files = ["a.txt": String(repeating: "__a__", count: 1000)]
        try inFolder(files) { folder in
            let (recipe, notes) = drawn("__a__", from: folder)
            #expect(recipe.prompt == "__a__")
            #expect(notes == ["what wildcards draw would be too long: they stay words"])
        }
    }

    /// What is between the words counts, too, also where these are empty.
    @Test func whatJoinsTooMuchStaysWords() {
        let prompt =
            "{1000$$" + String(repeating: "x", count: 30_000) + "$$"
            + String(repeating: "|", count: 1000) + "}"
        let (recipe, notes) = drawn(prompt)
        #expect(recipe.prompt == prompt)
        #expect(notes == ["what wildcards draw would be too long: they stay words"])
        #expect(drawn("{2$$ and $$a|a}").recipe.prompt == "a and a")
    }

    @Test func theTemplateIsOnRecord() {
        let recipe = drawn("a {red|red} house").recipe
        let text = recipe.infotext(
            Provenance(
                verb: .imageToImage, model: "m", scheduler: "ddim", seed: 1,
                size: Size(width: 8, height: 8), program: "gesso 1"))
        #expect(text.hasPrefix("a red house\n"))
        #expect(text.contains("Wildcard prompt: a {red|red} house"))
    }
}
