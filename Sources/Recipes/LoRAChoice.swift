/// A LoRA that is asked for: a path or name, and the factors for what it adds.
public struct LoRAChoice: Sendable, Equatable, CustomStringConvertible {
    /// What factors there may be.
    public static let strengths = -10.0...10.0

    /// A path, or a name in a folder of LoRAs.
    public var name: String
    /// For the UNet; 1 adds what it was trained to add.
    public var strength: Double
    /// For the text encoders; nil is the same.
    public var textStrength: Double?

    /// Reads `name`, `name:strength` or `name:text encoder:UNet`, the strengths also as AUTOMATIC1111's
    /// `te=0.5` and `unet=0.8`; nil if a strength is out of range or the name empty.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var rest = parts[...]
        var numbers: [(key: String?, value: Double)] = []
        while rest.count > 1, numbers.count < 2, let last = rest.last,
            let number = Self.strength(last)
        {
            numbers.insert(number, at: 0)
            rest.removeLast()
        }
        let plain = numbers.filter { $0.key == nil }.map(\.value)
        func named(_ key: String) -> Double? { numbers.first { $0.key == key }?.value }
        name = rest.joined(separator: ":")
        let text = named("te") ?? plain.first
        let unet = named("unet") ?? plain.last ?? text
        strength = unet ?? 1
        textStrength = text == unet ? nil : text ?? 1
        guard !name.isEmpty, Self.strengths.contains(strength),
            Self.strengths.contains(textStrength ?? 1)
        else { return nil }
    }

    private static func strength(_ text: String) -> (key: String?, value: Double)? {
        let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard pair.count == 2 else { return decimal(text).map { (nil, $0) } }
        return ["te", "unet"].contains(pair[0]) ? decimal(pair[1]).map { (pair[0], $0) } : nil
    }

    /// As it is written.
    public var description: String { "\(name):\(strengths)" }

    /// The factors as they are written behind the name.
    var strengths: String {
        let parts = textStrength.map { [$0, strength] } ?? [strength]
        return parts.map { "\(Key.Value.number($0))" }.joined(separator: ":")
    }
}

extension Recipe {
    /// What the tags of a prompt came to.
    public struct TakenTags: Sendable {
        /// The recipe with what the tags ask for, the tags cut out of the prompt.
        public let recipe: Recipe
        /// Remarks on tags that stay text or are left out.
        public let notes: [String]
    }

    /// Tags that AUTOMATIC1111 takes out of a prompt: LyCORIS' are LoRAs to it, too.
    private static let tags = ["<lora:", "<lyco:", "<hypernet:"]

    /// The recipe with what the prompt's `<lora:name:weight>` and `<lyco:…>` tags ask for among its LoRAs;
    /// as it is where prompts are plain. Names may lead into subfolders, by `/` or `\`; one that leads
    /// elsewhere is no name, and such a tag stays text. Hypernetworks are left out.
    public func takingLoRATags() -> TakenTags {
        guard promptSyntax == .weighted, Self.tags.contains(where: prompt.contains) else {
            return TakenTags(recipe: self, notes: [])
        }
        var taken = self
        var notes: [String] = []
        var rest = prompt[...]
        var text = ""
        while let start = Self.tags.compactMap({ rest.firstRange(of: $0) })
            .min(by: { $0.lowerBound < $1.lowerBound })
        {
            text += rest[..<start.lowerBound]
            rest = rest[start.lowerBound...]
            guard let end = rest.firstIndex(of: ">") else { break }
            let tag = String(rest[start.lowerBound...end])
            if tag.hasPrefix("<hypernet:") {
                notes.append("\(tag) names a hypernetwork, which is not applied: it is left out")
            } else if let choice = Self.tagged(rest[start.upperBound..<end]) {
                if !taken.loras.contains(where: { $0.name == choice.name }) {
                    taken.loras.append(choice)
                }
            } else {
                notes.append("\(tag) names no LoRA: it stays text")
                text += tag
            }
            rest = rest[rest.index(after: end)...]
        }
        text += rest
        // A tag at the end leaves no blank behind it.
        taken.prompt = text.last == " " && prompt.last == ">" ? text.trimmingEnd : text
        return TakenTags(recipe: taken, notes: notes)
    }

    private static func tagged(_ text: Substring) -> LoRAChoice? {
        guard var choice = LoRAChoice(String(text)) else { return nil }
        choice.name = choice.name.replacing("\\", with: "/")
        let isName = !choice.name.contains(";") && staysInside(choice.name)
        return isName ? choice : nil
    }
}
