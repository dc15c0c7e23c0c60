import Checkpoints
import Foundation

/// What a tokenizer's files say: the tokens, the merges and the special tokens.
struct TokenizerVocabulary: Sendable {
    /// Special tokens looked for in the prompt as it is typed, and in the normalized prompt.
    let rawSpecials: SpecialTokens
    let normalizedSpecials: SpecialTokens
    let beginning: Int
    let end: Int
    let padding: Int
    let contextLength: Int
    /// How many embeddings its numbers need.
    let count: Int

    private let path: String
    private let ids: [String: Int]
    private let merges: [TokenizerFile.Merge]
    private let unknown: Int

    init(folder: URL, padding: String? = nil) throws {
        let file = try TokenizerFile(folder: folder)
        let settings = try TokenizerSettings(folder: folder, padding: padding)
        path = file.path
        ids = file.ids
        merges = file.merges
        contextLength = settings.contextLength

        func id(_ text: String) throws -> Int {
            guard let id = file.ids[text] ?? file.specials[text]?.id else {
                throw ModelError.invalidTokenizer(
                    path: file.path, reason: "it has no token \(text)")
            }
            return id
        }
        count = 1 + max(ids.values.max() ?? 0, file.specials.values.map(\.id).max() ?? 0)
        beginning = try id(settings.beginning)
        end = try id(settings.end)
        self.padding = try id(settings.padding)
        unknown = try id(settings.unknown)

        var isNormalized = file.specials.mapValues(\.isNormalized)
        isNormalized.merge(settings.isNormalized) { file, _ in file }
        guard !isNormalized.keys.contains("") else {
            throw ModelError.invalidTokenizer(path: path, reason: "a special token has no text")
        }
        guard isNormalized.keys.allSatisfy({ $0.utf8.count <= SpecialTokens.longest }) else {
            throw ModelError.invalidTokenizer(
                path: path, reason: "a special token is longer than \(SpecialTokens.longest) bytes")
        }
        func specials(_ wanted: Bool, _ spelled: (String) -> String) throws -> SpecialTokens {
            let texts = isNormalized.filter { $0.value == wanted }.map(\.key).sorted()
            return SpecialTokens(
                Dictionary(
                    try texts.map { (spelled($0), try id($0)) }, uniquingKeysWith: { a, _ in a }))
        }
        rawSpecials = try specials(false) { $0 }
        // A prompt that they are looked for in is normalized, too.
        normalizedSpecials = try specials(true) { text in
            let scalars = PromptText(normalizing: Array(text.unicodeScalars)[...]).scalars
            return String(String.UnicodeScalarView(scalars))
        }
    }

    /// The encoder that these tokens and merges make.
    /// - Throws: `ModelError.invalidTokenizer` when a merge needs a token there is not.
    func encoding() throws -> BytePairEncoding {
        let unknown = UInt32(truncatingIfNeeded: unknown)
        func token(_ text: String) -> UInt32? { ids[text].map { UInt32(truncatingIfNeeded: $0) } }

        var table: [UInt64: BytePairEncoding.Merge] = [:]
        table.reserveCapacity(merges.count)
        for (rank, merge) in merges.enumerated() {
            guard let left = token(merge.left), let right = token(merge.right),
                let merged = token(merge.left + merge.right)
            else {
                throw ModelError.invalidTokenizer(
                    path: path, reason: "merge \(rank + 1) needs a token it does not have")
            }
            table[BytePairEncoding.key(left, right)] = .init(rank: UInt32(rank), merged: merged)
        }
        let alphabet = ByteAlphabet.scalars.map(String.init)
        return BytePairEncoding(
            inner: alphabet.map { token($0) ?? unknown },
            final: alphabet.map { token($0 + TokenizerFile.endOfWord) ?? unknown }, merges: table)
    }

    /// The text that tokens stand for, words parted by spaces.
    func text(of tokens: some Sequence<Int>) -> String {
        let texts = Dictionary(ids.map { ($0.value, $0.key) }) { first, _ in first }
        var bytes: [UInt8] = []
        for token in tokens {
            let text = texts[token] ?? ""
            let endsWord = text.hasSuffix(TokenizerFile.endOfWord)
            let part = endsWord ? text.dropLast(TokenizerFile.endOfWord.count) : text[...]
            ByteAlphabet.append(bytesOf: part, to: &bytes)
            if endsWord { bytes.append(0x20) }
        }
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    }
}
