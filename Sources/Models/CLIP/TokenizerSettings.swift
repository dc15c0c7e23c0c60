import Foundation

/// The settings in `tokenizer_config.json`, or CLIP's own where a key is missing.
///
/// The padding token is in `special_tokens_map.json` as well, and of files older than
/// `added_tokens_decoder` that counts: Stable Diffusion 2 pads with `!` there only.
struct TokenizerSettings {
    private(set) var beginning = "<|startoftext|>"
    private(set) var end = "<|endoftext|>"
    private(set) var unknown = "<|endoftext|>"
    private(set) var padding = "<|endoftext|>"
    private(set) var contextLength = 77
    /// The special tokens, each with whether it is looked for after normalizing.
    private(set) var isNormalized: [String: Bool] = [:]

    /// - Parameter padding: what to pad with, whatever the files say.
    init(folder: URL, padding override: String? = nil) throws {
        let file = try File(optional: folder.appending(path: "tokenizer_config.json"))
        if let file {
            beginning = file.beginning?.content ?? beginning
            end = file.end?.content ?? end
            unknown = file.unknown?.content ?? unknown
            padding = file.padding?.content ?? padding
            if let length = file.contextLength, length >= 3, length < 77 {
                contextLength = Int(length)
            }
            for token in [file.beginning, file.end, file.unknown, file.padding].compactMap({ $0 }) {
                note(token.content, normalized: token.normalized)
            }
        }
        if file?.addedTokens == nil,
            let map = try File(optional: folder.appending(path: "special_tokens_map.json"))
        {
            padding = map.padding?.content ?? padding
        }
        padding = override ?? padding
        for text in [beginning, end, unknown, padding] where isNormalized[text] == nil {
            note(text, normalized: false)
        }
    }

    /// A token that is named twice is looked for after normalizing only if both say so.
    private mutating func note(_ text: String, normalized: Bool) {
        isNormalized[text] = normalized && isNormalized[text] ?? true
    }

    private struct File: Decodable {
        let beginning: Token?
        let end: Token?
        let unknown: Token?
        let padding: Token?
        let contextLength: Double?
        /// There or not is all that matters.
        let addedTokens: [String: Anything]?

        struct Anything: Decodable {}

        init?(optional url: URL) throws {
            guard FileManager.default.fileExists(atPath: url.path(percentEncoded: false)) else {
                return nil
            }
            self = try File(json: url, upTo: 1 << 20)
        }

        enum CodingKeys: String, CodingKey {
            case beginning = "bos_token"
            case end = "eos_token"
            case unknown = "unk_token"
            case padding = "pad_token"
            case contextLength = "model_max_length"
            case addedTokens = "added_tokens_decoder"
        }
    }

    /// A special token, written as a text or as an object.
    private struct Token: Decodable {
        let content: String
        let normalized: Bool

        private enum CodingKeys: String, CodingKey {
            case content, normalized
        }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                content = text
                normalized = false
            } else {
                let fields = try decoder.container(keyedBy: CodingKeys.self)
                content = try fields.decode(String.self, forKey: .content)
                normalized = try fields.decodeIfPresent(Bool.self, forKey: .normalized) ?? false
            }
        }
    }
}
