/// How prompts are read.
public enum PromptSyntax: String, CaseIterable, Sendable {
    /// Every sign stands for itself, and there is room for 75 tokens.
    case plain
    /// AUTOMATIC1111's notation: weights in brackets, `BREAK`, any length.
    case weighted
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
    /// Whether a prompt of the recipe names an embedding, as a word of its own, in small or capital letters.
    public func names(embedding word: String) -> Bool {
        guard !word.isEmpty else { return false }
        let prompts = [
            prompt, negativePrompt, hires.prompt, hires.negativePrompt, componentPrompts,
        ]
        return prompts.contains { $0.holds(word: word.lowercased()) }
    }

    /// The names of the keys whose values are files.
    static let fileKeys: Set<String> = [
        "lora", "control", "embedding", "vae", "unet", "inpaint_base", "inpaint_delta",
        "avoid",
    ]

    /// Whether a value of such a key may stand in a file that someone else may have written: names and
    /// ways further into the current folder only.
    static func staysInside(_ value: String) -> Bool {
        // A ControlNet's path and its map's have an = between them.
        value.split { $0 == ";" || $0 == "=" }.map { String($0).trimmed }.allSatisfy { path in
            !path.hasPrefix("/") && !path.hasPrefix("~")
                && !path.split(separator: "/").contains("..")
        }
    }
}

extension String {
    /// Whether a word in small letters occurs with no letter or digit beside it, whatever its letters here.
    fileprivate func holds(word: String) -> Bool {
        let text = lowercased()
        guard text.utf8.count >= word.utf8.count else { return false }
        func isOfWord(_ scalar: Unicode.Scalar?) -> Bool {
            scalar.map {
                $0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_"
            }
                ?? false
        }
        return text.ranges(of: word).contains { range in
            !isOfWord(text[..<range.lowerBound].unicodeScalars.last)
                && !isOfWord(text[range.upperBound...].unicodeScalars.first)
        }
    }
}
