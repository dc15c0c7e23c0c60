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
