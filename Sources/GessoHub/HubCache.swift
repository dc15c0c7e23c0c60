import Files
import Foundation

/// A repository's folder in Hugging Face's cache: `blobs` by their hashes, `snapshots` with a tree of links
/// for each commit, `refs` with the commits that branches and tags are at, and locks beside.
///
/// This is the layout that `huggingface_hub` reads and writes, so that what either has fetched is there for
/// the other.
struct HubCache: Sendable {
    private let root: URL
    private let name: String

    init(_ root: URL, _ repository: Repository) { (self.root, name) = (root, repository.folder) }

    /// The folder of a repository.
    var folder: URL { root.appending(path: name, directoryHint: .isDirectory) }

    /// The folder of a commit's files.
    func snapshot(_ commit: String) -> URL {
        folder.appending(path: "snapshots/\(commit)", directoryHint: .isDirectory)
    }

    /// Where the bytes of a file are kept.
    func blob(_ file: RemoteFile) -> URL { folder.appending(path: "blobs/\(file.blob)") }

    /// Where they are while they arrive.
    func draft(_ file: RemoteFile) -> URL {
        folder.appending(path: "blobs/\(file.blob).incomplete")
    }

    /// Whether the bytes of a file are here, whole.
    func has(_ file: RemoteFile) -> Bool { Self.size(blob(file)) == file.size }

    /// How many bytes of a file have arrived.
    func arrived(_ file: RemoteFile) -> Int {
        if has(file) { return file.size }
        let count = Self.size(draft(file)) ?? 0
        return count <= file.size ? count : 0
    }

    /// Bytes that are free on the disk of the cache; nil where the system does not say.
    var freeBytes: Int? {
        var place = root
        while !FileManager.default.fileExists(atPath: place.path(percentEncoded: false)),
            place.pathComponents.count > 1
        {
            place.deleteLastPathComponent()
        }
        var status = statvfs()
        guard statvfs(place.path(percentEncoded: false), &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// Makes the folders.
    func prepare() throws(HubError) {
        for path in ["\(name)/blobs", "\(name)/snapshots", "\(name)/refs", ".locks/\(name)"] {
            try Self.make(root.appending(path: path, directoryHint: .isDirectory))
        }
    }

    /// Waits until no other process downloads the file, and keeps others from it until `lock` is released.
    ///
    /// - Throws: `CancellationError`, `HubError.cannotWrite`.
    func lock(_ file: RemoteFile) async throws -> FileLock {
        let place = root.appending(path: ".locks/\(name)/\(file.blob).lock")
        let lock = try FileLock(place)
        while !lock.isTaken() { try await Task.sleep(for: .milliseconds(200)) }
        return lock
    }

    /// Gives whole bytes their name.
    func keep(_ file: RemoteFile) throws(HubError) {
        let (from, to) = (draft(file), blob(file))
        guard rename(from.path(percentEncoded: false), to.path(percentEncoded: false)) == 0 else {
            throw Self.failed(to)
        }
    }

    /// Puts a file into a commit's tree: a link to its bytes, or where links cannot be made, a second name
    /// for them.
    func link(_ file: RemoteFile, in commit: String) throws(HubError) {
        let place = snapshot(commit).appending(path: file.path)
        try Self.make(place.deletingLastPathComponent())
        let depth = file.path.split(separator: "/").count + 1
        let target = String(repeating: "../", count: depth) + "blobs/\(file.blob)"
        let path = place.path(percentEncoded: false)
        if (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == target { return }
        let draft = path + ".\(getpid()).link"
        unlink(draft)
        if symlink(target, draft) != 0 {
            guard Glibc.link(blob(file).path(percentEncoded: false), draft) == 0 else {
                throw Self.failed(place)
            }
        }
        guard rename(draft, path) == 0 else {
            let error = Self.failed(place)
            unlink(draft)
            throw error
        }
    }

    /// Notes which commit a branch or tag is at; a commit needs no note.
    func note(_ revision: String, at commit: String) throws(HubError) {
        guard revision != commit else { return }
        let place = folder.appending(path: "refs/\(revision)")
        try Self.make(place.deletingLastPathComponent())
        do {
            try writeAtomically(Data(commit.utf8), to: place, overwrite: true)
        } catch {
            throw .cannotWrite(path: place.path(percentEncoded: false), reason: "\(error)")
        }
    }

    private static func size(_ url: URL) -> Int? {
        var status = stat()
        guard stat(url.path(percentEncoded: false), &status) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else { return nil }
        return Int(status.st_size)
    }

    private static func make(_ folder: URL) throws(HubError) {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw failed(folder)
        }
    }

    static func failed(_ url: URL) -> HubError {
        .cannotWrite(path: url.path(percentEncoded: false), reason: systemMessage(errno))
    }
}

/// A lock between processes, as `huggingface_hub` takes it (flock(2)).
final class FileLock: Sendable {
    private let file: Int32

    init(_ url: URL) throws(HubError) {
        file = open(url.path(percentEncoded: false), O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw HubCache.failed(url) }
    }

    /// Whether this process has the lock now.
    func isTaken() -> Bool { flock(file, LOCK_EX | LOCK_NB) == 0 }

    deinit { close(file) }
}
