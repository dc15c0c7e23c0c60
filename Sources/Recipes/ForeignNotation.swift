/// A prompt as patterns search it: Unicode scalars that join their like, as marks and halves of flags do, are one and
/// the same sign.
///
/// A search goes back over them to find where a character begins, in a time that would grow with the square of their
/// number.
private struct SearchedPrompt {
    /// As many Unicode scalars as the prompt has.
    let text: String
    private let scalars: [Unicode.Scalar]

    init(_ prompt: String) {
        scalars = Array(prompt.unicodeScalars)
        text = String(String.UnicodeScalarView(scalars.map { Self.isKept($0) ? $0 : "\u{FFFD}" }))
    }

    private static func isKept(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII || String(String.UnicodeScalarView([scalar, scalar])).count == 2
    }

    /// What the prompt has there, with the whole of the word that it begins in.
    func words(at range: Range<String.Index>) -> String {
        let view = text.unicodeScalars
        var start = view.distance(from: view.startIndex, to: range.lowerBound)
        let end = view.distance(from: view.startIndex, to: range.upperBound)
        for index in (0..<start).suffix(20).reversed() {
            guard scalars[index].properties.isAlphabetic, scalars[start].properties.isAlphabetic
            else { break }
            start = index
        }
        return String(String.UnicodeScalarView(scalars[start..<end]))
    }
}

/// Signs that change a prompt in other programs, and are plain text in AUTOMATIC1111's syntax.
private struct ForeignNotation {
    /// Whose it is, as it reads behind "is".
    let name: String
    /// What means the same here; nil where nothing does.
    let remedy: String?
    /// One of these is in every prompt that has it; the others are not searched by the pattern.
    private let signs: [String]
    private let pattern: String

    private init(_ name: String, _ signs: [String], _ pattern: String, _ remedy: String? = nil) {
        (self.name, self.remedy) = (name, remedy)
        (self.signs, self.pattern) = (signs, pattern)
    }

    /// The first place in a prompt that has it; nil where there is none.
    func place(in prompt: SearchedPrompt) -> String? {
        guard signs.contains(where: prompt.text.contains),
            let pattern = try? Regex(pattern).matchingSemantics(.unicodeScalar)
                .wordBoundaryKind(.simple)
        else { return nil }
        return prompt.text.firstMatch(of: pattern).map { prompt.words(at: $0.range) }
    }

    /// All that are known. No pattern looks further than the next sign of its kind, or some hundred
    /// letters, so that the time grows with the length of a prompt alone.
    static let all: [ForeignNotation] = [
        // The name of a programming language is none.
        .init(
            "a weight of InvokeAI", ["++", "--", ")+", ")-"],
            #"(?:(?:[\p{L}\p{N}"]{2}|(?:^|[^\p{L}\p{N}"])[\p{L}\p{N}"--[Cc]])(?:\+\+|--)|\)[+-])"#
                + #"(?=[+\-\s,.]|$)"#,
            "write (word:1.2)"),
        .init(
            "a function of InvokeAI", [".and(", ".blend(", ".swap("],
            #"[)\p{L}"']\.(?:and|blend|swap)\("#),
        .init(
            "a LoRA of InvokeAI", ["withLora("], #"\bwithLora\("#, "write <lora:name:0.8>"),
        .init(
            "an option of Midjourney", ["--"],
            #"(?:^|\s)--(?:ar|aspect|cref|chaos|c|cw|hd|iw|niji|no|oref|profile|p|quality|q|raw"#
                + #"|repeat|seed|sref|stop|stylize|style|sw|s|tile|version|video|v|weird|w)\b"#,
            "give the option of Gesso, such as --negative-prompt or --seed"),
        .init(
            "a weight of NovelAI", ["::"], #"(?:^|[\s,])-?\d{1,2}(?:\.\d{1,3})?::\S"#,
            "write (word:1.2)"),
        .init(
            "a weight of Midjourney", ["::"],
            #"(?:^|[\p{L}\p{N}\s])::-?\d{1,3}(?:\.\d{1,3})?(?=[\s,]|$)"#, "write (word:1.2)"),
        .init(
            "a function of Prompt Control", ["MASK(", "FILL(", "COUPLE(", "AREA(", "FEATHER("],
            #"\b(?:I?MASK|FILL|COUPLE|AREA|FEATHER)\("#),
        .init(
            "a weight in brackets of full width", ["（"], #"（[^（）]{1,200}[：:]\s*\d"#,
            "write (word:1.2)"),
        .init(
            "a weight behind a colon of full width", ["："], #"\([^()（）]{1,200}：\s*\d"#,
            "write (word:1.2)"),
        .init(
            "a number with a comma", [":"], #"[(\[][^()\[\]]{0,200}:\s*\d{1,4},\d{1,4}\s*[)\]]"#,
            "write it with a point"),
        .init(
            "a number in percent", ["%"], #"[(\[][^()\[\]]{0,200}:\s*\d{1,4}\s?%\s*[)\]]"#,
            "write 0.5 for 50%"),
        .init("a variable of Dynamic Prompts", ["${"], #"\$\{"#),
        .init("a weight of NovelAI", ["{"], #"\{[^{}|]{1,200}\}"#, "write (word:1.05)"),
        .init("a sign of Regional Prompter", ["ADD"], #"\bADD(?:BASE|COL|COMM|ROW)\b"#),
        .init("a kind of AND of an extension", ["AND_"], #"\bAND_[A-Z]+"#),
        .init(
            "a tag without an end", ["<"], #"<(?i:lora|lyco):[^<>]*(?:$|(?=<))"#, "close it with >"),
    ]
}

extension Recipe {
    /// What prompts mean in other programs and do not mean here, a sentence each; nothing where prompts are
    /// plain. Wildcards are drawn and tags are taken out before.
    public func foreignNotation() -> [String] {
        guard promptSyntax == .weighted else { return [] }
        let prompts = [prompt, negativePrompt].filter { !$0.isEmpty }.map(SearchedPrompt.init)
        return ForeignNotation.all.compactMap { notation in
            guard let found = prompts.lazy.compactMap(notation.place).first else { return nil }
            let words = found.prefix(40).trimmed
            return "'\(words)' is \(notation.name), which has no meaning here: it stays text"
                + (notation.remedy.map { "; \($0)" } ?? "")
        }
    }
}
