public import Foundation

/// CLIP's tokenizer (Radford et al. 2021): lower-case byte-level byte-pair encoding, 77 tokens with a
/// mark at the beginning and one at the end.
///
/// Gives the numbers that transformers' `CLIPTokenizer` gives, special tokens written in a prompt
/// included: `<|endoftext|>` becomes that token.
public struct CLIPTokenizer: Sendable {
    /// A prompt in tokens.
    public struct Tokens: Sendable, Equatable {
        /// `contextLength` numbers: the beginning mark, the prompt, the end mark, padding.
        public let ids: [Int]
        /// How many of them are the prompt's own.
        public let promptCount: Int
        /// How many tokens of the prompt did not fit.
        public let droppedCount: Int
        /// The text of the tokens that did not fit, in lower case; nil when all did.
        public let dropped: String?
    }

    /// The number of tokens the text encoder takes, marks and padding included: 77.
    public let contextLength: Int

    /// How many embeddings a text encoder needs for its numbers.
    public var vocabularySize: Int { vocabulary.count }

    /// The mark of the beginning.
    var beginningID: Int { vocabulary.beginning }
    /// The mark of the end.
    var endID: Int { vocabulary.end }
    /// What fills up short prompts.
    var paddingID: Int { vocabulary.padding }

    private let vocabulary: TokenizerVocabulary
    private let encoding: BytePairEncoding

    /// Reads the tokenizer of a model: `tokenizer.json`, or `vocab.json` and `merges.txt`; and
    /// `tokenizer_config.json` where present.
    /// - Parameter padding: the token to pad with, whatever the files say.
    /// - Throws: `CheckpointError` when a file is missing, `ModelError.invalidTokenizer` or
    ///   `.unsupported` when it is not a tokenizer of this kind.
    public init(folder: URL, padding: String? = nil) throws {
        vocabulary = try TokenizerVocabulary(folder: folder, padding: padding)
        encoding = try vocabulary.encoding()
        contextLength = vocabulary.contextLength
    }

    /// The tokens of a prompt of any length.
    public func callAsFunction(_ text: String) -> Tokens {
        let all = promptIDs(of: text)
        let kept = all.prefix(contextLength - 2)
        let dropped = all.dropFirst(kept.count)
        let padding = contextLength - 2 - kept.count
        return Tokens(
            ids: [vocabulary.beginning] + kept + [vocabulary.end]
                + Array(repeating: vocabulary.padding, count: padding),
            promptCount: kept.count, droppedCount: dropped.count,
            dropped: dropped.isEmpty ? nil : vocabulary.text(of: dropped))
    }

    /// The prompt's own tokens, without marks, however many they are.
    func promptIDs(of text: String) -> [Int] {
        var ids: [Int] = []
        let scalars = Array(text.unicodeScalars)[...]
        forEachPart(of: scalars, vocabulary.rawSpecials, into: &ids) { raw, ids in
            let prompt = PromptText(normalizing: raw).scalars
            forEachPart(of: prompt, vocabulary.normalizedSpecials, into: &ids) { part, ids in
                PromptText(normalized: part).forEachWord { encoding.encode($0, into: &ids) }
            }
        }
        return ids
    }

    /// Cuts `scalars` at the special tokens, whose numbers go straight to `ids`.
    private func forEachPart(
        of scalars: ArraySlice<Unicode.Scalar>, _ specials: SpecialTokens,
        into ids: inout [Int], _ body: (ArraySlice<Unicode.Scalar>, inout [Int]) -> Void
    ) {
        var start = scalars.startIndex
        var position = start
        while position < scalars.endIndex {
            guard let special = specials.first(in: scalars[position...]) else {
                position += 1
                continue
            }
            body(scalars[start..<position], &ids)
            ids.append(special.id)
            position += special.scalars.count
            start = position
        }
        body(scalars[start...], &ids)
    }
}
