/// What `<…>` in a prompt adds to the model, in AUTOMATIC1111's notation.
///
/// `<lora:name:0.8>` and `<lyco:name:0.8>` name a LoRA; a second number is the weight of the UNet apart
/// from that of the text encoder, which are also called `te=` and `unet=`. `<hypernet:name>` names what
/// Gesso does not load.
struct PromptTag {
    /// What it adds; nil for what cannot be added.
    private(set) var lora: LoRAChoice?
    /// Whether it names nothing and stays a text.
    private(set) var isText = false
    /// What is to be said of it; nil for nothing.
    private(set) var note: String?

    /// Reads what is between `<` and `>`; nil for a text that is no such tag.
    init?(_ text: Substring) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1, ["lora", "lyco", "hypernet"].contains(parts[0]) else { return nil }
        let tag = "<\(text.prefix(60))>"
        if parts[0] == "hypernet" {
            note = "\(tag): hypernetworks are not loaded: it is left out"
            return
        }
        read(name: parts[1], parts.dropFirst(2), tag)
    }

    private mutating func read(name: String, _ arguments: ArraySlice<String>, _ tag: String) {
        let name = name.split(separator: "\\", omittingEmptySubsequences: false)
            .joined(separator: "/")
        var numbers: [Double] = []
        var named: [String: Double] = [:]
        var unknown: [String] = []
        var blocks: BlockWeights?
        for argument in arguments {
            if let found = Self.blocks(argument) {
                blocks = found
                continue
            }
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
        guard Self.isName(name), LoRAChoice.strengths.contains(text),
            LoRAChoice.strengths.contains(unet)
        else {
            note = "\(tag) names no LoRA: it stays text"
            isText = true
            return
        }
        lora = LoRAChoice(
            name: name, strength: unet, textStrength: text == unet ? nil : text, blocks: blocks)
        unknown += numbers.dropFirst(2).map { "\(Key.Value.number($0))" }
        if !unknown.isEmpty {
            note = "\(tag): '\(unknown.joined(separator: ":").prefix(40))' has no meaning here"
        }
    }

    /// Factors for blocks, marked or as they stand alone; nil for anything else.
    private static func blocks(_ argument: String) -> BlockWeights? {
        let text = argument.trimmed
        for mark in [LoRAChoice.blockMark, "w="] where text.hasPrefix(mark) {
            return BlockWeights(String(text.dropFirst(mark.count)))
        }
        return BlockWeights(text)
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
        taken.prompt = taken.cuttingTags(of: prompt, &notes)
        taken.hires.prompt = taken.cuttingTags(of: hires.prompt, &notes)
        return (taken, notes)
    }

    /// A prompt without its tags, whose LoRAs are added.
    private mutating func cuttingTags(of prompt: String, _ notes: inout [String]) -> String {
        guard prompt.contains("<") else { return prompt }
        var (rest, text) = (prompt[...], "")
        while let start = rest.firstIndex(of: "<") {
            text += rest[..<start]
            rest = rest[start...]
            let inside = rest.dropFirst().prefix { $0 != ">" && $0 != "<" }
            guard inside.endIndex < rest.endIndex, rest[inside.endIndex] == ">",
                let tag = PromptTag(inside)
            else {
                text += rest[..<inside.endIndex]
                rest = rest[inside.endIndex...]
                continue
            }
            if let lora = tag.lora, !loras.contains(where: { $0.name == lora.name }) {
                loras.append(lora)
            }
            if tag.isText { text += "<\(inside)>" }
            notes += tag.note.map { [$0] } ?? []
            rest = rest[inside.endIndex...].dropFirst()
        }
        text += rest
        // A tag at the end leaves no blank behind it.
        return text.last == " " && prompt.last == ">" ? text.trimmingEnd : text
    }
}
