/// What `<…>` in a prompt adds to the model, in AUTOMATIC1111's notation.
///
/// `<lora:name:0.8>` and `<lyco:name:0.8>` name a LoRA; a second number is the weight of the UNet apart
/// from that of the text encoder, which are also called `te=` and `unet=`. `lbw=` has factors for its blocks;
/// these may follow the weights without it. `<hypernet:name>` names what Gesso does not load, and any other
/// `<word:…>` an extension's network: AUTOMATIC1111 takes all of them out of the prompt. Of SwarmUI's tags
/// `<embed:name>` and `<break>` have a meaning here.
struct PromptTag {
    /// What it adds; nil for what cannot be added.
    private(set) var lora: LoRAChoice?
    /// The text in its place; empty where it is taken out.
    private(set) var text = ""
    /// What is to be said of it; nil for nothing.
    private(set) var note: String?

    /// Reads what is between `<` and `>`; nil for a text that is no such tag.
    ///
    /// - Parameter random: draws what it leaves to chance.
    init?(_ text: Substring, _ random: inout SplitMix64) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let kind = Self.kind(parts[0].trimmed.lowercased())
        if kind == "break", parts.count == 1 {
            self.text = " BREAK "
            return
        }
        guard parts.count > 1, let kind else { return nil }
        if kind == "embed" || kind == "embedding" {
            self.text = "embedding:" + parts[1].trimmed
            return
        }
        let tag = "<\(text.prefix(60))>"
        guard kind == "lora" || kind == "lyco" else {
            note =
                kind == "hypernet"
                ? "\(tag): hypernetworks are not loaded: it is left out"
                : "\(tag) has no meaning here: it is left out"
            return
        }
        read(name: parts[1].trimmed, parts.dropFirst(2), tag, &random)
        if lora == nil { self.text = "<\(text)>" }
    }

    /// The word before the colon, without what SwarmUI has in brackets behind it; nil for what is no word.
    private static func kind(_ text: String) -> String? {
        let word = text.last == "]" ? text.prefix { $0 != "[" } : text[...]
        guard let first = word.first, !first.isNumber,
            word.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) })
        else { return nil }
        return String(word)
    }

    private mutating func read(
        name: String, _ arguments: ArraySlice<String>, _ tag: String, _ random: inout SplitMix64
    ) {
        let name = name.split(separator: "\\", omittingEmptySubsequences: false)
            .joined(separator: "/")
        var numbers: [Double] = []
        var named: [String: Double] = [:]
        var unknown: [String] = []
        var arguments = Array(arguments)
        let blocks = Self.takeBlocks(from: &arguments, &random)
        for argument in arguments {
            let pair = argument.split(separator: "=", maxSplits: 1).map(String.init)
            if let number = decimal(argument.trimmed) {
                numbers.append(number)
            } else if pair.count == 2, ["te", "unet"].contains(pair[0]),
                let number = decimal(pair[1].trimmed)
            {
                named[pair[0]] = number
            } else {
                unknown.append(argument)
            }
        }
        let text = named["te"] ?? numbers.first ?? 1
        let unet = named["unet"] ?? (numbers.count > 1 ? numbers[1] : text)
        guard Self.isName(name) else {
            note = "\(tag) names no LoRA: it stays text"
            return
        }
        let strengths = LoRAChoice.strengths
        guard strengths.contains(text), strengths.contains(unet) else {
            let (least, most) = (Int(strengths.lowerBound), Int(strengths.upperBound))
            note = "\(tag): its weight is not from \(least) to \(most): it stays text"
            return
        }
        lora = LoRAChoice(
            name: name, strength: unet, textStrength: text == unet ? nil : text, blocks: blocks)
        unknown += numbers.dropFirst(2).map { "\(Key.Value.number($0))" }
        if !unknown.isEmpty {
            let isWeightless = numbers.isEmpty && named.isEmpty
            note =
                "\(tag): '\(unknown.joined(separator: ":").prefix(40))' has no meaning here"
                + (isWeightless ? ": its weight is 1" : "")
        }
    }

    /// Takes out factors for blocks, marked or as they stand alone, with the number that their letter X
    /// stands for: `x=0.7`, or a number behind them.
    private static func takeBlocks(
        from arguments: inout [String], _ random: inout SplitMix64
    ) -> BlockWeights? {
        func text(_ argument: String) -> String {
            let text = argument.trimmed
            let mark = [LoRAChoice.blockMark, "w="].first(where: text.hasPrefix)
            return String(text.dropFirst(mark?.count ?? 0))
        }
        var probe = random
        guard
            let place = arguments.firstIndex(where: {
                BlockWeights(text($0), inheriting: 1, &probe) != nil
            })
        else { return nil }
        let written = text(arguments[place])
        guard BlockWeights.inherits(written) else {
            arguments.remove(at: place)
            return BlockWeights(written, inheriting: 1, &random)
        }
        let mark = "x="
        let named = arguments.firstIndex { $0.trimmed.hasPrefix(mark) }
        let next = arguments.indices.contains(place + 1) ? place + 1 : nil
        let value = (named ?? next).flatMap { index in
            let text = arguments[index].trimmed
            return decimal(named == nil ? text : String(text.dropFirst(mark.count)))
        }
        guard let value else {
            arguments.remove(at: place)
            return BlockWeights(written, inheriting: 1, &random)
        }
        guard let blocks = BlockWeights(written, inheriting: value, &random) else { return nil }
        for index in [place, named ?? place + 1].sorted(by: >) { arguments.remove(at: index) }
        return blocks
    }

    /// A name, perhaps in a folder of LoRAs; anyone may have written the prompt.
    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("/") && !name.contains(";")
            && !name.split(separator: "/", omittingEmptySubsequences: false)
                .contains { $0.isEmpty || $0 == ".." || $0 == "." }
    }
}

extension Recipe {
    /// The recipe with what the tags of the prompt ask for among its LoRAs, the tags cut out; as it is
    /// where prompts are plain.
    ///
    /// - Returns: the recipe, and what is to be said of the tags.
    public func takingLoRATags() -> (recipe: Recipe, notes: [String]) {
        guard promptSyntax == .weighted else { return (self, []) }
        var taken = self
        var notes: [String] = []
        func cut(_ prompt: String) -> String {
            prompt.replacingTags(drawingBy: seed ?? 0) { tag, _ in
                if let lora = tag.lora {
                    let earlier = taken.loras.first { $0.name == lora.name }
                    if earlier == nil { taken.loras.append(lora) }
                    if let earlier, earlier != lora {
                        notes.append("<lora:\(lora)> has no effect: \(earlier) was named before it")
                    }
                }
                notes += tag.note.map { [$0] } ?? []
                return tag.text
            }
        }
        (taken.prompt, taken.hires.prompt) = (cut(prompt), cut(hires.prompt))
        // Networks are added by the prompt alone; words may be in a negative one, too.
        taken.negativePrompt = negativePrompt.replacingTags { tag, written in
            tag.lora == nil && tag.note == nil ? tag.text : written
        }
        for text in [\Recipe.prompt, \.negativePrompt, \.hires.prompt, \.hires.negativePrompt] {
            taken[keyPath: text] = taken[keyPath: text].slashingEmbeddings
        }
        return (taken, notes)
    }
}

extension String {
    /// The text with `/` in ComfyUI's `embedding:folder\name`, as Windows writes it: a `\` only takes the meaning
    /// from the next sign.
    fileprivate var slashingEmbeddings: String {
        guard contains("\\") else { return self }
        return replacing(/(?i)embedding:[^\s,()\[\]]+/) { match in
            String(match.output).replacing(/\\(?=\w)/, with: "/")
        }
    }
}

extension String {
    /// The prompt with something else for each of its tags.
    ///
    /// - Parameters:
    ///   - seed: of what tags leave to chance.
    ///   - replacement: is given a tag and how it is written.
    func replacingTags(
        drawingBy seed: UInt64 = 0, _ replacement: (PromptTag, String) -> String
    ) -> String {
        guard contains("<") else { return self }
        var random = SplitMix64(state: seed)
        var (rest, text, endsCut) = (self[...], "", false)
        while let start = rest.firstIndex(of: "<") {
            text += rest[..<start]
            rest = rest[start...]
            let inside = rest.dropFirst().prefix { $0 != ">" && $0 != "<" }
            guard inside.endIndex < rest.endIndex, rest[inside.endIndex] == ">",
                let tag = PromptTag(inside, &random)
            else {
                text += rest[..<inside.endIndex]
                rest = rest[inside.endIndex...]
                continue
            }
            let new = replacement(tag, "<\(inside)>")
            text += new
            rest = rest[inside.endIndex...].dropFirst()
            endsCut = new.isEmpty && rest.isEmpty
        }
        text += rest
        // A tag at the end leaves no blank behind it.
        return endsCut && text.last == " " ? text.trimmingEnd : text
    }
}
