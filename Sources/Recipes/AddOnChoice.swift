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
    /// For the UNet; 1 adds what it was trained to add.
    public var strength: Double
    /// For the text encoder; nil is the same.
    public var textStrength: Double?

    init(name: String, strength: Double, textStrength: Double? = nil) {
        (self.name, self.strength, self.textStrength) = (name, strength, textStrength)
    }

    /// Reads `name`, `name:strength`, or `name:strength of the text encoder:strength of the UNet` as
    /// AUTOMATIC1111 has them; nil if a strength is out of range or the name empty.
    init?(_ text: String) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var numbers: [Double] = []
        while numbers.count < 2, parts.count > 1, let number = decimal(parts[parts.count - 1]) {
            numbers.insert(number, at: 0)
            parts.removeLast()
        }
        name = parts.joined(separator: ":")
        strength = numbers.last ?? 1
        textStrength = numbers.count > 1 && numbers[0] != numbers[1] ? numbers[0] : nil
        guard !name.isEmpty, (numbers.isEmpty ? [1] : numbers).allSatisfy(Self.strengths.contains)
        else { return nil }
    }

    /// As it is written.
    public var description: String {
        let text = textStrength.map { ":\(Key.Value.number($0))" } ?? ""
        return "\(name)\(text):\(Key.Value.number(strength))"
    }
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
}
