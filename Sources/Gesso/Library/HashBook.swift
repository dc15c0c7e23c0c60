import Files
import Foundation

/// The hashes of large files, kept in a file, so that each is read once as long as it is the same. Without
/// one they are computed every time.
struct HashBook {
    /// Files that are remembered.
    private static let most = 500

    private struct Entry: Codable {
        let sha256: String
        /// Seconds since 1970.
        let used: Double
    }

    private let file: URL?

    init(_ file: URL?) { self.file = file }

    /// SHA-256 of each file, in lower-case hexadecimal.
    ///
    /// - Throws: `FileError` for one that cannot be read.
    ///
    /// - Parameter start: bytes at the beginning of each that do not count.
    func sha256(_ files: [URL], from start: UInt64 = 0) throws -> [String] {
        let old = entries
        var entries = old
        let hashes = try files.map { file in
            let key = Self.key(file).map { start == 0 ? $0 : "\($0) from \(start)" }
            let hash =
                try key.flatMap { entries[$0]?.sha256 } ?? Digest.sha256(file: file, from: start)
            if let key {
                entries[key] = Entry(sha256: hash, used: Date.now.timeIntervalSince1970)
            }
            return hash
        }
        if Set(entries.keys) != Set(old.keys) { keep(entries) }
        return hashes
    }

    /// SHA-256 of a file.
    ///
    /// - Throws: `FileError` if it cannot be read.
    func sha256(_ file: URL, from start: UInt64 = 0) throws -> String {
        try sha256([file], from: start)[0]
    }

    /// The hash of a file that was computed before; nil where it was not.
    func known(_ file: URL) -> String? { Self.key(file).flatMap { entries[$0]?.sha256 } }

    /// What changes whenever a file does: the system sets the time of its last change of state.
    static func key(_ file: URL) -> String? {
        var status = stat()
        let path = file.path(percentEncoded: false)
        guard stat(path, &status) == 0 else { return nil }
        return "\(status.st_dev) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) "
            + "\(status.st_mtim.tv_nsec) \(status.st_ctim.tv_sec) \(status.st_ctim.tv_nsec)"
    }

    private var entries: [String: Entry] {
        let data = file.flatMap { try? Data(contentsOf: $0) }
        return data.flatMap { try? JSONDecoder().decode([String: Entry].self, from: $0) } ?? [:]
    }

    /// A cache that cannot be written is no reason to complain.
    private func keep(_ entries: [String: Entry]) {
        let newest = entries.sorted { $0.value.used > $1.value.used }.prefix(Self.most)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        guard let file,
            let data = try? encoder.encode(
                Dictionary(newest.map { ($0.key, $0.value) }) { first, _ in first })
        else { return }
        try? FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? writeAtomically(data, to: file, overwrite: true)
    }
}
