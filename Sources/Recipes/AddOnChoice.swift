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
                guard let parts = items(of: text) else { return nil }
                var choices: [LoRAChoice] = []
                for part in parts {
                    guard let choice = LoRAChoice(part) else { return nil }
                    choices.append(choice)
                }
                return choices
            },
            value: { $0.isEmpty ? nil : .text($0.map(\.description).joined(separator: ";")) })
    }
}

/// The parts between the `;` of a list, without empty ones; nil for one that is longer than any text of a recipe.
func items(of list: String) -> [String]? {
    guard list.utf8.count <= Recipe.longestText else { return nil }
    return list.split(separator: ";").map(\.trimmed).filter { !$0.isEmpty }
}

extension Kind<[String]> {
    static var paths: Kind {
        Kind(
            expected: "files, joined by ;",
            parse: { items(of: $0) },
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
    public func names(embedding word: String) -> Bool { PromptWords(self).hold(word) }

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

/// The prompts of a recipe, in which words are looked for. Brackets and backslashes stand for themselves in them, whether
/// they are escaped or not.
public struct PromptWords {
    private var texts: [[UInt8]]

    /// Those of both runs.
    public init(_ recipe: Recipe) {
        texts = [
            recipe.prompt, recipe.negativePrompt, recipe.hires.prompt, recipe.hires.negativePrompt,
            recipe.componentPrompts,
        ].filter { !$0.isEmpty }.map { Array($0.lowercased().withoutEscapes.utf8) }
    }

    /// Those of some words that occur elsewhere than within a longer one of them.
    public func held(of words: Set<String>) -> Set<String> {
        var rest = self
        let plain = Set(words.map { $0.lowercased() })
        let held = Set(
            plain.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }.filter {
                rest.take(Array($0.utf8))
            })
        return words.filter { held.contains($0.lowercased()) }
    }

    /// Takes a word in small letters out wherever it occurs, and says whether it did.
    private mutating func take(_ word: [UInt8]) -> Bool {
        guard !word.isEmpty else { return false }
        var isHeld = false
        for index in texts.indices {
            var start = 0
            while let place = Self.place(of: word, in: texts[index], from: start) {
                (isHeld, start) = (true, place + word.count)
                // Zeros are in no word.
                for byte in place..<start { texts[index][byte] = 0 }
            }
        }
        return isHeld
    }

    /// Whether a word occurs with no letter or digit beside it, in small or capital letters.
    public func hold(_ word: String) -> Bool {
        let word = Array(word.lowercased().utf8)
        return !word.isEmpty && texts.contains { Self.place(of: word, in: $0) != nil }
    }

    private static func place(of word: [UInt8], in text: [UInt8], from first: Int = 0) -> Int? {
        guard text.count >= first + word.count else { return nil }
        return (first...(text.count - word.count)).first { start in
            let end = start + word.count
            return text[start] == word[0] && text[start..<end].elementsEqual(word)
                && !endsInWord(text[..<start]) && !beginsWithWord(text[end...])
        }
    }

    private static func endsInWord(_ text: ArraySlice<UInt8>) -> Bool {
        // A scalar has four bytes at most.
        String(decoding: text.suffix(4), as: UTF8.self).unicodeScalars.last?.isOfWord ?? false
    }

    private static func beginsWithWord(_ text: ArraySlice<UInt8>) -> Bool {
        String(decoding: text.prefix(4), as: UTF8.self).unicodeScalars.first?.isOfWord ?? false
    }
}

extension Recipe {
    /// What prompts name as embeddings in ComfyUI's notation; none where prompts are plain.
    public var askedEmbeddings: [String] {
        guard promptSyntax == .weighted else { return [] }
        return [prompt, negativePrompt, hires.prompt, hires.negativePrompt].flatMap { prompt in
            prompt.matches(of: #/(?i)embedding:((?:\\[()\[\]]|[^\s,()\[\]<>:|])+)/#).map {
                String($0.1).withoutEscapes
            }
        }
    }
}

extension String {
    /// A text in which brackets and backslashes are not escaped.
    fileprivate var withoutEscapes: String {
        contains("\\") ? replacing(#/\\([()\[\]\\])/#) { $0.1 } : self
    }
}
