import Foundation

/// What `tokenizer_config.json` says, or CLIP's own settings where it is silent.
struct TokenizerSettings {
    private(set) var beginning = "<|startoftext|>"
    private(set) var end = "<|endoftext|>"
    private(set) var unknown = "<|endoftext|>"
    private(set) var padding = "<|endoftext|>"
    private(set) var contextLength = 77
    /// the special tokens, each with whether it is looked for after normalizing
    private(set) var isNormalized: [String: Bool] = [:]

    init(folder: URL) throws {
        let url = folder.appending(path: "tokenizer_config.json")
        if FileManager.default.fileExists(atPath: url.path(percentEncoded: false)) {
            let file = try File(json: url, upTo: 1 << 20)
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

        enum CodingKeys: String, CodingKey {
            case beginning = "bos_token"
            case end = "eos_token"
            case unknown = "unk_token"
            case padding = "pad_token"
            case contextLength = "model_max_length"
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
