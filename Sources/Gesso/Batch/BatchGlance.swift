public import Foundation

/// What an output folder holds of a batch, looked at without touching it.
public struct BatchGlance {
    /// The folder.
    public let url: URL
    /// The seed of the first picture; nil where it is drawn when the batch begins.
    public let seed: UInt64?
    private let entries: [String: Journal.Entry]

    /// A look at a folder.
    ///
    /// - Throws: `GessoError` when the folder holds a batch of other settings.
    public init(
        _ url: URL, _ shard: Shard = .whole, fingerprint: String, seed: UInt64?, overwrites: Bool
    ) throws {
        self.url = url
        func isSame(_ header: Journal.Header) -> Bool {
            header.fingerprint == fingerprint && seed ?? header.seed == header.seed
        }
        let own = Journal.look(at: url.appending(path: Journal.name(of: shard)))
        if let header = own.header, !isSame(header), !overwrites, !own.entries.isEmpty {
            throw BatchFolder.otherSettings(url)
        }
        let looks = Journal.looks(in: url)
            .filter { $0.header.map(isSame) ?? false }
        let isAnew = overwrites && (own.isFinished || own.header.map { !isSame($0) } ?? false)
        entries = Dictionary(
            isAnew ? [] : looks.flatMap { $0.entries.map { ($0.output, $0) } }
        ) { _, later in later }
        self.seed =
            seed ?? looks.first?.header?.seed
            ?? (shard.count > 1 ? BatchFolder.sharedSeed(fingerprint) : nil)
    }

    /// Whether the batch has made that picture, or was about to.
    func knows(_ item: Batch.Item) -> Bool {
        entries[item.output]?.tells(of: item) ?? false
    }

    /// Whether the picture is there and is the batch's, and its receipt where one is wanted.
    func holds(_ item: Batch.Item, withReceipt: Bool) -> Bool {
        let file = url.appending(path: item.output)
        return item.fault == nil && knows(item) && FileManager.default.fileExists(atPath: file.path)
            && (!withReceipt || FileManager.default.fileExists(atPath: file.path + ".json"))
    }
}
