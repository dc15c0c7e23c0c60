import Files
public import Foundation
import Imaging

/// The output folder of a batch: its journal, locked, and what of the pictures is there.
public final class BatchFolder {
    /// The folder.
    public let url: URL
    let journal: Journal
    /// What marks the drafts of this batch.
    let draftTag: String
    /// Entries of the journals of all shards, and whether their picture may not have taken its name.
    private var entries: [String: (entry: Journal.Entry, isUncertain: Bool)] = [:]

    private var cleaned: Set<String> = []

    /// Opens the folder, or makes it, and takes it for this shard.
    ///
    /// - Parameters:
    ///   - shard: the share of the batch that is made here.
    ///   - fingerprint: of all that the pictures depend on, but for the seed.
    ///   - seed: that of the first picture, if it is given.
    ///   - overwrites: whether a batch of other settings, or one that is finished, gives way.
    public init(
        _ url: URL, _ shard: Shard = .whole, fingerprint: String, seed: UInt64?, overwrites: Bool
    ) throws {
        self.url = url
        draftTag = "batch\(shard.tag)."
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw GessoError(
                .cannotCreate, "cannot make the folder", at: url.relativePath,
                do: "give a folder that can be written to")
        }
        let name = Journal.name(of: shard)
        journal = try Journal(at: url.appending(path: name).path)
        let others = Journal.names(in: url).filter { $0 != name }
            .map { Journal.look(at: url.appending(path: $0)) }
        let goesOn = try begin(
            shard, fingerprint, seed, overwrites, others.compactMap(\.header))
        if goesOn {
            for other in others where other.header == journal.header { note(other.entries) }
        }
        removeDrafts(in: url, tag: draftTag)
    }

    /// The seed of the first picture.
    public var seed: UInt64 { journal.header?.seed ?? 0 }

    /// The place of a picture.
    public func url(_ output: String) -> URL { url.appending(path: output) }

    /// The place of a picture's receipt: beside it.
    public func receipt(of output: String) -> URL { url(output + ".json") }

    /// Whether a picture is there and was made by this batch of the same picture with the same settings, and its receipt
    /// where one is wanted.
    func holds(_ item: Batch.Item, withReceipt: Bool = false) -> Bool {
        let output = item.output
        guard item.fault == nil,
            !withReceipt || FileManager.default.fileExists(atPath: receipt(of: output).path)
        else { return false }
        let own = journal.entries[output].map { ($0, output == journal.lastOutput) }
        guard let (entry, isUncertain) = own ?? entries[output], let digest = entry.sha256,
            entry.tells(of: item), FileManager.default.fileExists(atPath: url(output).path)
        else { return false }
        return !isUncertain || (try? Digest.sha256(file: url(output))) == digest
    }

    /// What is written down of that picture.
    func entry(_ output: String) -> Journal.Entry? {
        journal.entries[output] ?? entries[output]?.entry
    }

    /// Whether the file that a line speaks of is there as it says.
    func hasFile(of output: String) -> Bool {
        guard let digest = entry(output)?.sha256 else { return false }
        return (try? Digest.sha256(file: url(output))) == digest
    }

    /// Makes the folder in the folder that an output goes to.
    func makeParent(of output: String) throws {
        guard output.hasSlash else { return }
        let parent = url(output).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        } catch {
            throw FileError.cannotCreate(
                path: parent.path, reason: "no folder can be made there")
        }
        if cleaned.insert(parent.path).inserted { removeDrafts(in: parent, tag: draftTag) }
    }

    /// Writes the journal's header; false where all is to be made anew.
    private func begin(
        _ shard: Shard, _ fingerprint: String, _ seed: UInt64?, _ overwrites: Bool,
        _ others: [Journal.Header]
    ) throws -> Bool {
        let known = journal.header ?? others.first { $0.fingerprint == fingerprint }
        let drawn =
            shard.count > 1
            ? Self.sharedSeed(fingerprint) : UInt64(UInt32.random(in: .min ... .max))
        let isSame =
            known.map { $0.fingerprint == fingerprint && $0.seed == seed ?? $0.seed } ?? true
        if journal.header == nil {
            try journal.restart(
                Journal.Header(
                    fingerprint: fingerprint, seed: seed ?? (isSame ? known?.seed : nil) ?? drawn))
            return true
        }
        if isSame, !(overwrites && journal.isFinished) { return true }
        // One that ended before its first picture leaves nothing to be kept.
        guard overwrites || journal.entries.isEmpty else {
            throw Self.otherSettings(url)
        }
        try journal.restart(Journal.Header(fingerprint: fingerprint, seed: seed ?? drawn))
        return false
    }

    /// The seed that all shards come to without a word between them.
    static func sharedSeed(_ fingerprint: String) -> UInt64 {
        UInt64(fingerprint.prefix(8), radix: 16) ?? 0
    }

    static func otherSettings(_ url: URL) -> GessoError {
        GessoError(
            .cannotCreate, "it holds a batch with other settings", at: url.relativePath,
            remedy: .otherFolder)
    }

    /// Whether another share of this batch has made that picture by now: its journal has the line
    /// before the picture has its name.
    func isMadeByNow(_ item: Batch.Item) -> Bool {
        if isMade(item) { return true }
        for name in Journal.names(in: url) {
            let other = Journal.look(at: url.appending(path: name))
            if other.header == journal.header, !journal.isAt(name) { note(other.entries) }
        }
        return isMade(item)
    }

    /// Whether a line says that the picture was made.
    private func isMade(_ item: Batch.Item) -> Bool {
        entry(item.output)?.tells(of: item) ?? false
    }

    private func note(_ lines: [Journal.Entry]) {
        let last = lines.last?.output
        for entry in lines { entries[entry.output] = (entry, entry.output == last) }
    }
}
