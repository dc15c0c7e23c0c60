import Checkpoints
public import Foundation
import Models

/// Where the tokenizer of a checkpoint is looked for that comes without one, as single files do.
public struct TokenizerPlaces: Sendable {
    private let chosen: URL?
    private let others: [URL]

    /// - Parameters:
    ///   - chosen: the folder of the tokenizer to use, whatever the checkpoint comes with.
    ///   - others: folders that may be or hold one (as `tokenizer`), searched in this order after the
    ///     checkpoint's own.
    public init(_ chosen: URL? = nil, others: [URL] = []) {
        self.chosen = chosen
        self.others = others
    }

    /// The tokenizer of one of a checkpoint's text encoders. One that is found by searching must have
    /// exactly the numbers that the text encoder has embeddings for.
    ///
    /// - Throws: `EditingError.noTokenizer` when there is none; what reading the chosen one or the
    ///   model's own throws.
    func tokenizer(
        for source: any ModelSource, encoder: String, vocabularySize: Int
    ) throws -> CLIPTokenizer {
        let folder = try folder(for: source, encoder: encoder, vocabularySize: vocabularySize)
        // One folder may be chosen for both encoders, which differ in how they pad only.
        let second = chosen != nil && encoder == "text_encoder_2" ? "!" : nil
        return try CLIPTokenizer(
            folder: folder, padding: source.paddingToken(for: encoder) ?? second)
    }

    /// Where that tokenizer is.
    func folder(
        for source: any ModelSource, encoder: String, vocabularySize: Int
    ) throws -> URL {
        if let chosen {
            return Self.folders(at: chosen).first { Self.isTokenizer($0) } ?? chosen
        }
        if let own = source.tokenizer(for: encoder) { return own }
        let beside = source.url.resolvingSymlinksInPath().deletingLastPathComponent()
        for folder in ([source.url.deletingLastPathComponent(), beside] + others)
            .flatMap(Self.folders) where Self.isTokenizer(folder)
        {
            let found = try? CLIPTokenizer(folder: folder)
            if let found, found.vocabularySize == vocabularySize { return folder }
        }
        throw EditingError.noTokenizer(file: source.url.lastPathComponent)
    }

    private static func folders(at place: URL) -> [URL] {
        [place, place.appending(path: "tokenizer", directoryHint: .isDirectory)]
    }

    private static func isTokenizer(_ folder: URL) -> Bool {
        ["vocab.json", "tokenizer.json", "merges.txt"].contains { name in
            let path = folder.appending(path: name).path(percentEncoded: false)
            return FileManager.default.fileExists(atPath: path)
        }
    }
}
