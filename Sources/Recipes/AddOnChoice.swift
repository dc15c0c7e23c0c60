/// How prompts are read.
public enum PromptSyntax: String, CaseIterable, Sendable {
    /// Every sign stands for itself, and there is room for 75 tokens.
    case plain
    /// AUTOMATIC1111's notation: weights in brackets, `BREAK`, any length.
    case weighted
}

/// A LoRA that is asked for: a path or name, and the factor for what it adds.
public struct LoRAChoice: Sendable, Equatable, CustomStringConvertible {
    /// What factors there may be.
    public static let strengths = -10.0...10.0

    /// A path, or a name in a folder of LoRAs.
    public var name: String
    /// 1 adds what it was trained to add.
    public var strength: Double

    /// Reads `name` or `name:strength`; nil if the strength is out of range or the name empty.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let number = parts.count > 1 ? decimal(String(parts[parts.count - 1])) : nil
        name = number == nil ? text : parts.dropLast().joined(separator: ":")
        strength = number ?? 1
        guard !name.isEmpty, Self.strengths.contains(strength) else { return nil }
    }

    /// As it is written.
    public var description: String { "\(name):\(Key.Value.number(strength))" }
}

extension Kind<[LoRAChoice]> {
    static var loras: Kind {
        Kind(
            expected: "files or names, each with :weight from -10 to 10, joined by ;",
            parse: { text in
                var choices: [LoRAChoice] = []
                for part in text.split(separator: ";").map(\.trimmed) where !part.isEmpty {
                    guard let choice = LoRAChoice(part),
                        !choices.contains(where: { $0.name == choice.name })
                    else { return nil }
                    choices.append(choice)
                }
                return choices
            },
            value: { $0.isEmpty ? nil : .text($0.map(\.description).joined(separator: ";")) })
    }
}

extension Kind<[String]> {
    static var paths: Kind {
        Kind(
            expected: "files, joined by ;",
            parse: { $0.split(separator: ";").map(\.trimmed).filter { !$0.isEmpty } },
            value: { $0.isEmpty ? nil : .text($0.joined(separator: ";")) })
    }
}

extension Kind<String> {
    static var path: Kind {
        Kind(expected: "a file or folder", parse: { $0.isEmpty ? nil : $0 }, value: { .text($0) })
    }
}

extension Recipe {
    /// The names of the keys whose values are files.
    static let fileKeys: Set<String> = [
        "lora", "embedding", "vae", "unet", "inpaint_base", "inpaint_delta",
    ]

    /// Whether a value of such a key may stand in a file that someone else may have written: names and
    /// ways further into the current folder only.
    static func staysInside(_ value: String) -> Bool {
        value.split(separator: ";").map(\.trimmed).allSatisfy { path in
            !path.hasPrefix("/") && !path.hasPrefix("~")
                && !path.split(separator: "/").contains("..")
        }
    }

    /// The recipe with what the prompt's `<lora:name:weight>` tags ask for among its LoRAs, the tags cut
    /// out; as it is where prompts are plain. A name with a `/` or `..` in it is no name: such a tag stays
    /// text.
    ///
    /// - Returns: the recipe, and the tags that stay text.
    public func takingLoRATags() -> (recipe: Recipe, literal: [String]) {
        guard promptSyntax == .weighted, prompt.contains("<lora:") else { return (self, []) }
        var taken = self
        var literal: [String] = []
        var rest = prompt[...]
        var text = ""
        while let start = rest.firstRange(of: "<lora:") {
            text += rest[..<start.lowerBound]
            rest = rest[start.lowerBound...]
            guard let end = rest.firstIndex(of: ">") else { break }
            let tag = String(rest[start.lowerBound...end])
            let choice = LoRAChoice(String(rest[start.upperBound..<end]))
            if let choice, !choice.name.contains("/"), !choice.name.contains("\\"),
                !choice.name.contains(".."), !choice.name.contains(";")
            {
                if !taken.loras.contains(where: { $0.name == choice.name }) {
                    taken.loras.append(choice)
                }
            } else {
                literal.append(tag)
                text += tag
            }
            rest = rest[rest.index(after: end)...]
        }
        text += rest
        // A tag at the end leaves no blank behind it.
        taken.prompt = text.last == " " && prompt.last == ">" ? text.trimmingEnd : text
        return (taken, literal)
    }
}
