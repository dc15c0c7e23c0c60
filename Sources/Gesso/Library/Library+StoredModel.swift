import Editing
package import Files
package import Foundation
package import Recipes

/// The checkpoint that a picture's settings name, as far as it is here.
package struct StoredModel: Sendable, Equatable {
    /// Its name; nil where it is not here.
    package let name: String?
    /// What is to be said of it; nil for nothing.
    package let note: String?
}

extension Library {
    /// The first ten hexadecimal digits of the SHA-256 of a checkpoint that is one file, as AUTOMATIC1111
    /// names it; nil for a folder. A file is read for it once, and again when it has changed.
    ///
    /// - Throws: what reading the file throws.
    func modelHash(of checkpoint: URL) throws -> String? {
        guard !FolderSearch.isFolder(checkpoint) else { return nil }
        return try files(of: checkpoint).first.map { String($0.sha256.prefix(10)) }
    }

    /// The hash of a checkpoint where it is known without reading the file.
    package func knownHash(of checkpoint: URL) -> String? {
        FolderSearch.isFolder(checkpoint) ? nil : hashes.known(checkpoint)
    }

    /// The checkpoint that a picture was made with: the one of its name, if its hash is the same; else the
    /// one of its hash, whatever its name; else the one of its name.
    ///
    /// Hashes that are not known yet are computed for as many bytes as take some seconds, the smallest
    /// files first.
    ///
    /// - Parameters:
    ///   - chosen: the checkpoint that is used in its place; nil for none.
    ///   - bytes: the most that are hashed to find it.
    package func checkpoint(
        of stored: PictureSettings, insteadOf chosen: String?, hashing bytes: Int = 4 << 30
    ) -> StoredModel {
        let hash = stored.modelHash?.lowercased()
        guard stored.model != nil || hash != nil else { return StoredModel(name: nil, note: nil) }
        let all = checkpoints
        let named = stored.model.flatMap { name in
            all.first { $0.name == name }
                ?? all.first { Self.bare($0.name) == Self.bare(name) }
        }
        let shown = [stored.model.map { "'\($0)'" }, hash.map { "[\($0)]" }]
            .compactMap(\.self).joined(separator: " ")
        func found(_ name: String, _ url: URL, _ note: String?) -> StoredModel {
            guard let chosen else { return StoredModel(name: name, note: note) }
            return StoredModel(name: nil, note: Self.difference(url, try? checkpoint(chosen)))
        }
        guard let hash else {
            return named.map { found($0.name, $0.url, nil) } ?? missing(shown, chosen)
        }
        let search = HashSearch(hash, hashes, upTo: bytes)
        if let named {
            guard search.isOther(named.url) else { return found(named.name, named.url, nil) }
        }
        let (match, isWhole) = search.first(among: all)
        if let match {
            return found(
                match.name, match.url, "it was made with \(shown), which is '\(match.name)' here")
        }
        guard let named else { return missing(shown, chosen, isSure: isWhole) }
        return found(
            named.name, named.url,
            "it was made with \(shown); '\(named.name)' here is another file of that name")
    }

    /// A name without folders and the ending of a file.
    private static func bare(_ name: String) -> Substring {
        let last = name.split { $0 == "/" || $0 == "\\" }.last ?? ""
        let endings = [".safetensors", ".ckpt"]
        return last.dropLast(endings.first { last.hasSuffix($0) }?.count ?? 0)
    }

    private func missing(
        _ shown: String, _ chosen: String?, isSure: Bool = true
    ) -> StoredModel {
        let what =
            isSure
            ? "is not here"
            : "was not found; the largest checkpoints were not compared, so name it if it is here"
        return StoredModel(
            name: nil, note: chosen == nil ? "it was made with \(shown), which \(what)" : nil)
    }

    /// What is to be said where another checkpoint is used than a picture was made with.
    private static func difference(_ stored: URL, _ chosen: URL?) -> String? {
        guard let chosen, let theirs = try? Model.familyName(of: stored),
            let ours = try? Model.familyName(of: chosen), theirs != ours
        else { return nil }
        return "it was made with a model of \(theirs), not of \(ours)"
    }
}

/// Looks for a checkpoint by a part of its hash.
private struct HashSearch {
    private let hash: String
    private let book: HashBook

    /// Bytes that are hashed at most to find it.
    private let mostBytes: Int
    /// Before 2023, A1111 named a file by 64 KiB one MiB behind its beginning.
    private static let lengthBefore2023 = 8

    init(_ hash: String, _ book: HashBook, upTo bytes: Int) {
        (self.hash, self.book, mostBytes) = (hash, book, bytes)
    }

    /// The first of some checkpoints with that hash, and whether all that may have it were looked at.
    func first(
        among all: [(name: String, url: URL)]
    ) -> (found: (name: String, url: URL)?, isWhole: Bool) {
        let files = all.filter { !FolderSearch.isFolder($0.url) }
        guard hash.count > Self.lengthBefore2023 else {
            return (files.first { Digest.shortHash(of: $0.url) == hash }, true)
        }
        if let known = files.first(where: { book.known($0.url)?.hasPrefix(hash) == true }) {
            return (known, true)
        }
        var left = mostBytes
        let unknown = files.filter { book.known($0.url) == nil }.map { ($0, Self.size(of: $0.url)) }
        for (file, size) in unknown.sorted(by: { $0.1 < $1.1 }) {
            left -= size
            guard left >= 0 else { return (nil, false) }
            if matches(file.url) == true { return (file, true) }
        }
        return (nil, true)
    }

    /// Whether a checkpoint has another hash; false for a folder, which has none.
    func isOther(_ url: URL) -> Bool { !FolderSearch.isFolder(url) && matches(url) == false }

    private func matches(_ url: URL) -> Bool? {
        guard hash.count > Self.lengthBefore2023 else {
            return Digest.shortHash(of: url).map { $0 == hash }
        }
        return (try? book.sha256([url]))?.first.map { $0.hasPrefix(hash) }
    }

    private static func size(of url: URL) -> Int {
        let path = url.resolvingSymlinksInPath().path(percentEncoded: false)
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.size] as? Int ?? 0
    }
}

extension Digest {
    /// The name of a model file in A1111 of before 2023, which its ControlNet extension keeps to: the first
    /// eight hexadecimal digits of the SHA-256 of 64 KiB one MiB behind the beginning. Nil for a file that
    /// is smaller or cannot be read.
    package static func shortHash(of file: URL) -> String? {
        guard let handle = try? FileHandle(forReadingFrom: file),
            (try? handle.seek(toOffset: 1 << 20)) != nil
        else { return nil }
        // A smaller file has no such name.
        let part = (try? handle.read(upToCount: 1 << 16)) ?? Data()
        return part.isEmpty ? nil : String(sha256(part).prefix(8))
    }
}
