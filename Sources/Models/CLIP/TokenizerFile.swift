import Checkpoints
import Foundation

/// The tokens and merges of a tokenizer, from `tokenizer.json` or from `vocab.json` and `merges.txt`.
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
    private static let largest = 64 << 20

    let path: String
    let ids: [String: Int]
    let merges: [Merge]
    let specials: [String: Special]

    /// - Throws: `CheckpointError.missingFile` or `.cannotRead`, `ModelError.invalidTokenizer` or
    ///   `.unsupported`.
    init(folder: URL) throws {
        let whole = folder.appending(path: "tokenizer.json")
        let vocabulary = folder.appending(path: "vocab.json")
        let fileManager = FileManager.default
        if fileManager.fileExists(atPath: whole.path(percentEncoded: false)) {
            try self.init(whole: whole)
        } else if fileManager.fileExists(atPath: vocabulary.path(percentEncoded: false)) {
            try self.init(vocabulary: vocabulary, merges: folder.appending(path: "merges.txt"))
        } else {
            throw CheckpointError.missingFile(
                folder: folder.path(percentEncoded: false),
                tried: ["tokenizer.json", "vocab.json"],
                hint: nil)
        }
    }

    private init(vocabulary: URL, merges: URL) throws {
        path = vocabulary.path(percentEncoded: false)
        ids = try [String: Int](json: vocabulary, upTo: Self.largest)
        try Self.check(ids, path: path)
        let text = String(decoding: try Data(contentsOf: merges, upTo: Self.largest), as: UTF8.self)
        let lines = text.utf8.split { $0 == 0x0A || $0 == 0x0D }
        let hasVersion = lines.first?.starts(with: "#version".utf8) ?? false
        self.merges = try lines.dropFirst(hasVersion ? 1 : 0).enumerated().map { index, line in
            guard let merge = Merge(Substring(line)) else {
                throw ModelError.invalidTokenizer(
                    path: merges.path(percentEncoded: false),
                    reason: "merge \(index + 1) is not two texts")
            }
            return merge
        }
        specials = [:]
    }

    private init(whole: URL) throws {
        path = whole.path(percentEncoded: false)
        let file = try TokenizerJSON(json: whole, upTo: Self.largest)
        guard file.model.type ?? "BPE" == "BPE", file.model.endOfWord == Self.endOfWord else {
            throw ModelError.invalidTokenizer(
                path: path, reason: "its model is not byte-pair encoding with \(Self.endOfWord)")
        }
        ids = file.model.ids
        try Self.check(ids, path: path)
        merges = file.model.merges
        var specials: [String: Special] = [:]
        for token in file.specials ?? [] {
            guard !token.stripsSpace else {
                throw ModelError.unsupported(
                    model: path, key: "added token \(token.content)",
                    value: "with lstrip, rstrip or single_word")
            }
            specials[token.content] = Special(id: token.id, isNormalized: token.normalized ?? false)
        }
        self.specials = specials
    }

    private static func check(_ ids: [String: Int], path: String) throws {
        guard ids.values.allSatisfy({ (0..<1 << 24).contains($0) }) else {
            throw ModelError.invalidTokenizer(
                path: path, reason: "a token's number is out of range")
        }
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

/// The parts of `tokenizer.json` that matter here.
private struct TokenizerJSON: Decodable {
    struct Model: Decodable {
        let type: String?
        let endOfWord: String?
        let ids: [String: Int]
        let merges: [TokenizerFile.Merge]

        enum CodingKeys: String, CodingKey {
            case type
            case endOfWord = "end_of_word_suffix"
            case ids = "vocab"
            case merges
        }
    }

    struct Special: Decodable {
        let id: Int
        let content: String
        let normalized: Bool?
        let lstrip: Bool?
        let rstrip: Bool?
        let singleWord: Bool?

        var stripsSpace: Bool { [lstrip, rstrip, singleWord].contains(true) }

        enum CodingKeys: String, CodingKey {
            case id, content, normalized, lstrip, rstrip
            case singleWord = "single_word"
        }
    }

    let model: Model
    let specials: [Special]?

    enum CodingKeys: String, CodingKey {
        case model
        case specials = "added_tokens"
    }
}

/// A merge is written `"a b"`, by newer versions `["a", "b"]`.
extension TokenizerFile.Merge: Decodable {
    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let pair = try? value.decode([String].self), pair.count == 2 {
            self.init(left: pair[0], right: pair[1])
        } else if let merge = Self(try value.decode(String.self)[...]) {
            self = merge
        } else {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: "not two texts")
        }
    }
}

extension Decodable {
    /// The value in a JSON file of a tokenizer.
    init(json url: URL, upTo limit: Int) throws {
        let data = try Data(contentsOf: url, upTo: limit)
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw ModelError.invalidTokenizer(
                path: url.path(percentEncoded: false), reason: "its JSON is not what it should be")
        }
    }
}
