import Checkpoints
import Foundation

/// Tokens that a model was trained with beyond its vocabulary, as textual inversion adds them: the
/// `added_tokens_decoder` of `tokenizer_config.json`, or else `added_tokens.json`.
struct AddedTokens {
    /// A token, as far as a file has its parts.
    struct Token {
        let text: String?
        let id: Int?
        /// Whether it is looked for after normalizing.
        var isNormalized = true
        /// Whether white space around it or the words beside it count.
        var strips = false

        init(text: String, id: Int?) { (self.text, self.id) = (text, id) }

        /// - Parameter json: an object with `content` and more.
        init(_ json: JSONValue, id: Int?) {
            (text, self.id) = (json["content"]?.string, id)
            isNormalized = json["normalized"] == .flag(true)
            strips = ["lstrip", "rstrip", "single_word"].contains { json[$0] == .flag(true) }
        }
    }

    let tokens: [Token]
    /// Where they are.
    let path: String

    /// - Parameter vocabulary: `vocab.json`; none of the other files need be there.
    /// - Throws: `CheckpointError` and `ModelError` for a file that cannot be read.
    init(beside vocabulary: URL) throws {
        let folder = vocabulary.deletingLastPathComponent()
        let settings = folder.appending(path: "tokenizer_config.json")
        let added = folder.appending(path: "added_tokens.json")
        if let json = try Self.json(settings),
            case .object(let members)? = json["added_tokens_decoder"]
        {
            path = settings.path(percentEncoded: false)
            tokens = members.map { Token($0.value, id: Int($0.key)) }
        } else {
            path = added.path(percentEncoded: false)
            guard case .object(let members)? = try Self.json(added) else {
                tokens = []
                return
            }
            tokens = members.map { Token(text: $0.key, id: $0.value.integer) }
        }
    }

    private static func json(_ file: URL) throws -> JSONValue? {
        let path = file.path(percentEncoded: false)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try JSONValue(tokenizer: file, upTo: 1 << 20)
    }
}
