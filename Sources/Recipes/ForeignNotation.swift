/// Signs that change a prompt in other programs, and are plain text in AUTOMATIC1111's syntax.
private struct ForeignNotation {
    /// Whose it is, as it reads behind "is".
    let name: String
    /// What means the same here; nil where nothing does.
    let remedy: String?
    let pattern: Regex<AnyRegexOutput>

    private init(_ name: String, _ pattern: String, _ remedy: String? = nil) throws {
        (self.name, self.remedy) = (name, remedy)
        self.pattern = try Regex(pattern)
            .matchingSemantics(.unicodeScalar).wordBoundaryKind(.simple)
    }

    /// All that are known. No pattern looks further than the next sign of its kind, or some hundred
    /// letters, so that the time grows with the length of a prompt alone.
    static func all() throws -> [ForeignNotation] {
        [
            // The name of a programming language is none.
            try .init(
                "a weight of InvokeAI",
                #"(?:(?:[\p{L}\p{N}"]{2}|(?:^|[^\p{L}\p{N}"])[\p{L}\p{N}"--[Cc]])(?:\+\+|--)|\)[+-])"#
                    + #"(?=[+\-\s,.]|$)"#,
                "write (word:1.2)"),
            try .init("a function of InvokeAI", #"[)\p{L}"]\.(?:and|blend|swap)\("#),
            try .init("a LoRA of InvokeAI", #"\bwithLora\("#, "write <lora:name:0.8>"),
            try .init(
                "an option of Midjourney",
                #"(?:^|\s)--(?:ar|aspect|cref|chaos|c|cw|hd|iw|niji|no|oref|profile|p|quality|q|raw"#
                    + #"|repeat|seed|sref|stop|stylize|style|sw|s|tile|version|video|v|weird|w)\b"#,
                "give the option of Gesso, such as --negative-prompt or --seed"),
            try .init(
                "a weight of NovelAI", #"(?:^|[\s,])-?\d{1,2}(?:\.\d{1,3})?::\S"#,
                "write (word:1.2)"),
            try .init("a variable of Dynamic Prompts", #"\$\{"#),
            try .init("a weight of NovelAI", #"\{[^{}|]{1,200}\}"#, "write (word:1.05)"),
            try .init("a sign of Regional Prompter", #"\bADD(?:BASE|COL|COMM|ROW)\b"#),
            try .init("a kind of AND of an extension", #"\bAND_[A-Z]+"#),
            try .init(
                "a tag without an end", #"<(?i:lora|lyco):[^<>]*(?:$|(?=<))"#, "close it with >"),
        ]
    }
}

extension Recipe {
    /// What prompts mean in other programs and do not mean here, a sentence each; nothing where prompts are
    /// plain. Wildcards are drawn and tags are taken out before.
    public func foreignNotation() -> [String] {
        let prompts = [prompt, negativePrompt].filter { !$0.isEmpty }
        guard promptSyntax == .weighted, !prompts.isEmpty,
            let all = try? ForeignNotation.all()
        else { return [] }
        return all.compactMap { notation in
            let found = prompts.lazy.compactMap { prompt in
                prompt.firstMatch(of: notation.pattern).map { prompt[$0.range] }
            }.first
            guard let found else { return nil }
            let words = String(found.prefix(40)).trimmed
            return "'\(words)' is \(notation.name), which has no meaning here: it stays text"
                + (notation.remedy.map { "; \($0)" } ?? "")
        }
    }
}
