import Checkpoints
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
            beginning = try file.token("bos_token")?.content ?? beginning
            end = try file.token("eos_token")?.content ?? end
            unknown = try file.token("unk_token")?.content ?? unknown
            padding = try file.token("pad_token")?.content ?? padding
            if case .number(let length)? = file.json["model_max_length"], length >= 3, length < 77 {
                contextLength = Int(length)
            }
            for key in ["bos_token", "eos_token", "unk_token", "pad_token"] {
                guard let token = try file.token(key) else { continue }
                note(token.content, normalized: token.normalized)
            }
        }
        if file?.json["added_tokens_decoder"] == nil,
            let map = try File(optional: folder.appending(path: "special_tokens_map.json"))
        {
            padding = try map.token("pad_token")?.content ?? padding
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

    /// One of the two files.
    private struct File {
        let json: JSONValue
        private let path: String

        init?(optional url: URL) throws {
            path = url.path(percentEncoded: false)
            guard FileManager.default.fileExists(atPath: path) else { return nil }
            json = try JSONValue(tokenizer: url, upTo: 1 << 20)
        }

        /// A special token, written as a text or as an object; nil where there is none or null.
        func token(_ key: String) throws -> (content: String, normalized: Bool)? {
            switch json[key] {
            case nil, .null: return nil
            case .text(let text): return (text, false)
            case let value?:
                guard let content = value["content"]?.string else {
                    throw ModelError.invalidTokenizer(
                        path: path, reason: "its \(key) is no text")
                }
                return (content, value["normalized"] == .flag(true))
            }
        }
    }
}
