import AsyncHTTPClient
import Files
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// One file on its way into the cache: resumed where an earlier attempt ended, checked against the hash that
/// the server lists, and only then given its name.
struct BlobDownload: Sendable {
    let file: RemoteFile
    let repository: Repository
    let commit: String
    let cache: HubCache
    let client: HubClient
    /// How many of its bytes count as arrived already.
    let counted: Int
    /// Is called with the change in the number of bytes that have arrived.
    let advance: @Sendable (Int) -> Void

    /// What arrived is not what the server lists.
    private struct Damage: Error {}

    /// Downloads the file, unless it is here.
    ///
    /// - Throws: `HubError`, `CancellationError`.
    func run() async throws {
        let lock = try await cache.lock(file)
        defer { withExtendedLifetime(lock) {} }
        // Another process may have gone on with it in the meantime.
        advance(cache.arrived(file) - counted)
        if !cache.has(file) {
            do {
                try await fetch()
            } catch is Damage {
                do { try await fetch() } catch is Damage { throw HubError.damaged(file: file.path) }
            }
            try cache.keep(file)
        }
        try cache.link(file, in: commit)
    }

    /// One download, in as many attempts as it takes; a wrong hash removes what arrived.
    private func fetch() async throws {
        let draft = try Draft(cache.draft(file), of: file)
        let url = client.address(of: file, in: repository, at: commit)
        var attempt = 1
        while draft.count < file.size {
            let before = draft.count
            do {
                try await receive(into: draft, from: url)
                if draft.count < file.size { throw CutOff() }
            } catch {
                if error is Damage { return try fail(draft) }
                // An attempt that got somewhere is none of those that failed.
                if draft.count > before { attempt = 1 }
                try await client.pause(after: error, attempt: attempt, at: url)
                attempt += 1
            }
        }
        guard draft.count == file.size, draft.digest() == file.blob else { return try fail(draft) }
        try draft.flush()
    }

    /// A connection that ended before the file did.
    private struct CutOff: Error {}

    private func fail(_ draft: Draft) throws {
        advance(-draft.count)
        draft.remove()
        throw Damage()
    }

    private func receive(into draft: Draft, from url: URL) async throws {
        let response = try await client.open(url, from: draft.count, for: repository)
        switch response.status.code {
        case 416: throw Damage()
        case 206:
            let range = response.headers.first(name: "content-range") ?? ""
            guard range.hasPrefix("bytes \(draft.count)-") else { throw Damage() }
        default:
            // The server sends all of it, whatever was asked for.
            advance(-draft.count)
            try draft.restart()
        }
        for try await part in response.body {
            guard draft.count + part.readableBytes <= file.size else { throw Damage() }
            try draft.append(part)
            advance(part.readableBytes)
        }
    }
}

/// The bytes of a file that have arrived, with their hash so far.
private final class Draft {
    private let url: URL
    private let handle: FileHandle
    private let file: RemoteFile
    private var hash: Digest
    private(set) var count: Int

    /// Takes up what is there.
    init(_ url: URL, of file: RemoteFile) throws {
        (self.url, self.file) = (url, file)
        let path = url.path(percentEncoded: false)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw HubCache.failed(url) }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        (hash, count) = (Self.hash(of: file), 0)
        while let part = try? handle.read(upToCount: 4 << 20), !part.isEmpty {
            hash.update(part)
            count += part.count
        }
        if count > file.size { try restart() }
    }

    /// SHA-256 of the bytes, or git's SHA-1 of them with a header before.
    private static func hash(of file: RemoteFile) -> Digest {
        if file.isLarge { return Digest(.sha256) }
        let hash = Digest(.sha1)
        hash.update(Array("blob \(file.size)\0".utf8))
        return hash
    }

    func append(_ part: ByteBuffer) throws {
        do {
            try handle.write(contentsOf: part.readableBytesView)
        } catch {
            throw HubCache.failed(url)
        }
        hash.update(part.readableBytesView)
        count += part.readableBytes
    }

    /// Forgets all that arrived.
    func restart() throws {
        guard count > 0 else { return }
        do {
            try handle.truncate(atOffset: 0)
            try handle.seek(toOffset: 0)
        } catch {
            throw HubCache.failed(url)
        }
        (hash, count) = (Self.hash(of: file), 0)
    }

    /// The hash of all bytes; nothing can be added afterwards.
    func digest() -> String { hash.hexadecimal() }

    /// Waits until the bytes are on the disk.
    func flush() throws {
        guard fsync(handle.fileDescriptor) == 0 else { throw HubCache.failed(url) }
    }

    func remove() { unlink(url.path(percentEncoded: false)) }
}
