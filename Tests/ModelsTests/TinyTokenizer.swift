import Foundation

/// A tokenizer of a few merges, written to a folder in either form.
final class TinyTokenizer {
    let folder: URL
    var merges = [
        "l o", "lo w</w>", "lo w", "e r</w>", "low er</w>", "a a", "aa a", "a a</w>", "' s</w>",
        "( (", "(( ((",
    ]
    var vocabulary: [String: Int] = [:]
    var settings: [String: Any] = [:]

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let letters = Self.alphabet.map(String.init)
        let merged = merges.map { $0.replacingOccurrences(of: " ", with: "") }
        let tokens =
            letters + letters.map { $0 + "</w>" } + merged
            + ["<|startoftext|>", "<|endoftext|>"]
        for (id, token) in tokens.enumerated() {
            vocabulary[token] = id
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// A visible character for each byte, as GPT-2 assigns them.
    static let alphabet: [Character] = {
        let visible = Set(33...126).union(161...172).union(174...255)
        let others = (0..<256).filter { !visible.contains($0) }
        return (0..<256).compactMap { byte in
            let value = others.firstIndex(of: byte).map { 256 + $0 } ?? byte
            return Unicode.Scalar(UInt32(value)).map(Character.init)
        }
    }()

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    func write(_ json: Any, to name: String) throws {
        try JSONSerialization.data(withJSONObject: json).write(to: folder.appending(path: name))
    }

    func writeSettings() throws {
        try write(settings as Any, to: "tokenizer_config.json")
    }

    func writeVocabularyAndMerges() throws {
        try write(vocabulary as Any, to: "vocab.json")
        try write("#version: 0.2\n" + merges.joined(separator: "\n") + "\n", to: "merges.txt")
    }

    func writeWhole(pairs: Bool = true, model changes: [String: Any] = [:], added: Any? = nil)
        throws
    {
        let merges: [Any] = pairs ? merges.map { $0.components(separatedBy: " ") } : merges
        var model: [String: Any] = [
            "type": "BPE", "end_of_word_suffix": "</w>", "vocab": vocabulary, "merges": merges,
        ]
        model.merge(changes) { $1 }
        let none: [Any] = []
        try write(["model": model, "added_tokens": added ?? none] as Any, to: "tokenizer.json")
    }
}
