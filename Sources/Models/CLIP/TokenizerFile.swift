import Checkpoints
public import Foundation

/// The tokens and merges of a tokenizer, from `tokenizer.json`, from `vocab.json` and `merges.txt`, or from
/// `merges.txt` alone, which the numbers of CLIP's tokens follow from.
struct TokenizerFile {
    struct Merge: Sendable {
        let left: String
        let right: String
    }

    struct Special {
        let id: Int
        let isNormalized: Bool
    }

    static let endOfWord = "</w>"
    private static let largest = 16 << 20
    private static let mostSpecials = 4096

    let path: String
    let ids: [String: Int]
    let merges: [Merge]
    let specials: [String: Special]

    /// - Throws: `CheckpointError.missingFile` or `.cannotRead`, `ModelError.invalidTokenizer` or
    ///   `.unsupported`.
    init(folder: URL) throws {
        let whole = folder.appending(path: "tokenizer.json")
        let vocabulary = folder.appending(path: "vocab.json")
        let merges = folder.appending(path: "merges.txt")
        func isThere(_ file: URL) -> Bool {
            FileManager.default.fileExists(atPath: file.path(percentEncoded: false))
        }
        if isThere(whole) {
            try self.init(whole: whole)
        } else if isThere(vocabulary) {
            try self.init(vocabulary: vocabulary, merges: merges)
        } else if isThere(merges) {
            try self.init(merges: merges)
        } else {
            throw CheckpointError.missingFile(
                folder: folder.path(percentEncoded: false),
                tried: ["tokenizer.json", "vocab.json"], hint: "give one with --tokenizer")
        }
    }

    private init(vocabulary: URL, merges: URL) throws {
        path = vocabulary.path(percentEncoded: false)
        ids = try Self.ids(JSONValue(tokenizer: vocabulary, upTo: Self.largest), path)
        self.merges = try Self.merges(merges)
        let added = try AddedTokens(beside: vocabulary)
        specials = try Self.specials(
            added.tokens.filter { [ids] in $0.text.flatMap { ids[$0] } == nil }, added.path)
    }

    /// The numbers of CLIP's tokens (Radford et al. 2021): the symbols of the bytes in the order of
    /// Unicode, the same at the end of a word, the merges in their order, the marks of beginning and end.
    private init(merges: URL) throws {
        path = merges.path(percentEncoded: false)
        self.merges = try Self.merges(merges)
        let symbols = ByteAlphabet.scalars.sorted().map(String.init)
        let tokens =
            symbols + symbols.map { $0 + Self.endOfWord } + self.merges.map { $0.left + $0.right }
            + ["<|startoftext|>", "<|endoftext|>"]
        ids = Dictionary(zip(tokens, 0...)) { first, _ in first }
        specials = [:]
    }

    private static func merges(_ file: URL) throws -> [Merge] {
        let text = String(decoding: try Data(contentsOf: file, upTo: largest), as: UTF8.self)
        let lines = text.utf8.split { $0 == 0x0A || $0 == 0x0D }
        let hasVersion = lines.first?.starts(with: "#version".utf8) ?? false
        return try lines.dropFirst(hasVersion ? 1 : 0).enumerated().map { index, line in
            guard let merge = Merge(Substring(line)) else {
                throw ModelError.invalidTokenizer(
                    path: file.path(percentEncoded: false),
                    reason: "merge \(index + 1) is not two texts")
            }
            return merge
        }
    }

    private init(whole: URL) throws {
        path = whole.path(percentEncoded: false)
        let path = path
        let file = try JSONValue(tokenizer: whole, upTo: Self.largest)
        func invalid(_ reason: String) -> ModelError {
            .invalidTokenizer(path: path, reason: reason)
        }
        guard let model = file["model"], model["type"]?.string ?? "BPE" == "BPE",
            model["end_of_word_suffix"]?.string == Self.endOfWord
        else { throw invalid("its model is not byte-pair encoding with \(Self.endOfWord)") }
        guard let vocabulary = model["vocab"], case .list(let merges)? = model["merges"] else {
            throw invalid("its model has no vocab or no merges")
        }
        ids = try Self.ids(vocabulary, path)
        self.merges = try merges.enumerated().map { index, value in
            guard let merge = Merge(value) else {
                throw invalid("merge \(index + 1) is not two texts")
            }
            return merge
        }
        var tokens: [AddedTokens.Token] = []
        if case .list(let list)? = file["added_tokens"] {
            tokens = list.map { AddedTokens.Token($0, id: $0["id"]?.integer) }
        }
        specials = try Self.specials(tokens, path)
    }

    /// The added tokens of a file by their texts.
    private static func specials(
        _ tokens: [AddedTokens.Token], _ path: String
    ) throws -> [String: Special] {
        func invalid(_ reason: String) -> ModelError {
            .invalidTokenizer(path: path, reason: reason)
        }
        guard tokens.count <= mostSpecials else {
            throw invalid("it has more than \(mostSpecials) added tokens")
        }
        var specials: [String: Special] = [:]
        for token in tokens {
            guard let text = token.text, let id = token.id, numbers.contains(id) else {
                throw invalid("an added token has no text or no number")
            }
            guard !token.strips else {
                throw ModelError.unsupported(
                    model: path, key: "added token \(text)",
                    value: "with lstrip, rstrip or single_word")
            }
            specials[text] = Special(id: id, isNormalized: token.isNormalized)
        }
        return specials
    }

    private static let numbers = 0..<1 << 24

    /// The numbers of the tokens.
    private static func ids(_ vocabulary: JSONValue, _ path: String) throws -> [String: Int] {
        guard case .object(let members) = vocabulary else {
            throw ModelError.invalidTokenizer(path: path, reason: "its vocabulary is no object")
        }
        var ids: [String: Int] = [:]
        ids.reserveCapacity(members.count)
        for member in members {
            guard let id = member.value.integer, numbers.contains(id) else {
                throw ModelError.invalidTokenizer(
                    path: path, reason: "a token's number is out of range")
            }
            ids[member.key] = id
        }
        return ids
    }
}

extension CLIPTokenizer {
    /// The text of `vocab.json` for a folder with `merges.txt` alone, which other programs ask for; nil
    /// where the folder has its numbers in a file.
    ///
    /// - Throws: `CheckpointError` and `ModelError`, as reading the tokenizer does.
    public static func vocabulary(missingIn folder: URL) throws -> Data? {
        let hasNumbers = ["tokenizer.json", "vocab.json"].contains { name in
            let path = folder.appending(path: name).path(percentEncoded: false)
            return FileManager.default.fileExists(atPath: path)
        }
        if hasNumbers { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(TokenizerFile(folder: folder).ids)
    }
}

extension TokenizerFile.Merge {
    /// Two texts with one space between.
    init?(_ line: Substring) {
        let parts = line.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        self.init(left: String(Substring(parts[0])), right: String(Substring(parts[1])))
    }
}

extension TokenizerFile.Merge {
    /// A merge is written `"a b"`, by newer versions `["a", "b"]`.
    fileprivate init?(_ value: JSONValue) {
        switch value {
        case .text(let text): self.init(text[...])
        case .list(let pair):
            guard pair.count == 2, let left = pair[0].string, let right = pair[1].string else {
                return nil
            }
            self.init(left: left, right: right)
        default: return nil
        }
    }
}

extension JSONValue {
    /// The value in a JSON file of a tokenizer.
    init(tokenizer url: URL, upTo limit: Int) throws {
        let data = try Data(contentsOf: url, upTo: limit)
        do {
            self = try JSONValue(parsing: data)
        } catch {
            throw ModelError.invalidTokenizer(
                path: url.path(percentEncoded: false), reason: "not valid JSON: \(error.reason)")
        }
    }
}
