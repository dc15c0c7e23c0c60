public import FoundationEssentials
import Glibc

/// Writes a file whole or not at all.
///
/// The bytes go to a new file in the same folder, are flushed to the disk, and take the name in one
/// step. On any failure the old file is as it was and nothing is left behind. Without `overwrite` an
/// existing file is never replaced, even if it appears while this runs. With it, a symbolic link is
/// followed and the permissions of the old file are kept.
///
/// - Parameter draftTag: is in the name of the new file until it is whole, for ``removeDrafts(in:tag:)``.
/// - Throws: ``FileError/outputExists(path:)``, ``FileError/cannotCreate(path:reason:)`` or
///   ``FileError/writeFailed(path:reason:)``.
public func writeAtomically(
    _ data: Data, to url: URL, overwrite: Bool, draftTag: String = ""
) throws {
    let path = try destination(url.path, overwrite: overwrite)
    let (file, draft) = try createDraft(for: path, tag: draftTag)
    // Open until it has its name: the lock on it keeps others from sweeping it.
    defer { close(file) }
    do {
        try fill(file, with: data, path: path)
        try publish(draft, as: path, overwrite: overwrite)
    } catch {
        unlink(draft)
        throw error
    }
    flushFolder(of: path)
}

/// A new file beside the name that it takes once it is whole, to be written piece by piece. What has that
/// name by then is never replaced.
public struct FileDraft: Sendable {
    /// For writing; open until the draft is finished or discarded, with a lock by which other processes know
    /// that it is in use.
    public let file: Int32
    private let draft: String
    private let path: String

    /// - Throws: what ``writeAtomically(_:to:overwrite:)`` throws before it writes.
    public init(for url: URL) throws {
        path = try destination(url.path, overwrite: false)
        (file, draft) = try createDraft(for: path)
    }

    /// Flushes it to the disk and gives it its name.
    public func finish() throws {
        guard fsync(file) == 0 else {
            throw FileError.writeFailed(path: path, reason: systemMessage(errno))
        }
        try publish(draft, as: path, overwrite: false)
        close(file)
        flushFolder(of: path)
    }

    /// Leaves nothing behind; not after it is finished.
    public func discard() {
        unlink(draft)
        close(file)
    }
}

/// A new folder beside the name that it takes once it is whole; what has that name by then is never replaced.
public struct FolderDraft: Sendable {
    /// Where it is until then.
    public let url: URL
    private let path: String
    /// The folder, open with a lock as a draft of a file has one.
    private let lock: Int32

    /// - Throws: ``FileError/cannotCreate(path:reason:)``.
    public init(for url: URL) throws {
        path = url.path
        while true {
            let draft = draftPath(beside: path)
            guard mkdir(draft, 0o777) == 0 else {
                throw FileError.cannotCreate(path: path, reason: systemMessage(errno))
            }
            let own = open(draft, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
            guard own >= 0 || errno == ENOENT else {
                let reason = systemMessage(errno)
                rmdir(draft)
                throw FileError.cannotCreate(path: path, reason: reason)
            }
            if own >= 0, holdsDraft(own) {
                (lock, self.url) = (own, URL(filePath: draft, directoryHint: .isDirectory))
                return
            }
            if own >= 0 { close(own) }
        }
    }

    /// Gives it its name.
    ///
    /// - Throws: ``FileError/outputExists(path:)`` where that is no empty folder, or
    ///   ``FileError/writeFailed(path:reason:)``.
    public func finish() throws {
        guard rename(url.path, path) == 0 else {
            throw [EEXIST, ENOTEMPTY, ENOTDIR].contains(errno)
                ? FileError.outputExists(path: path)
                : .writeFailed(path: path, reason: systemMessage(errno))
        }
        close(lock)
        flushFolder(of: path)
    }

    /// Leaves nothing behind; not after it is finished.
    public func discard() {
        try? FileManager.default.removeItem(at: url)
        close(lock)
    }
}

/// Throws now what ``writeAtomically(_:to:overwrite:)`` would throw after a long edit, as far as it
/// can be seen beforehand.
public func checkWritable(_ url: URL, overwrite: Bool) throws {
    let (file, draft) = try createDraft(for: destination(url.path, overwrite: overwrite))
    close(file)
    unlink(draft)
}

/// Throws where something that is no file, such as a folder, has a name that is to be replaced.
public func checkReplaceable(_ url: URL) throws {
    _ = try destination(url.path, overwrite: true)
}

/// Removes what a process that was killed while it wrote has left in a folder, of all that it marked
/// with that tag, which must not be in use by another.
public func removeDrafts(in folder: URL, tag: String) {
    guard !tag.isEmpty else { return }
    for path in drafts(in: folder.path, tag: tag) { unlink(path) }
}

/// Removes what processes that were killed while they wrote have left in a folder: drafts, of folders too,
/// that no one has a lock on.
private func sweepDrafts(in folder: String) {
    for path in drafts(in: folder, tag: "") {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { continue }
        var status = stat()
        if fstat(file, &status) == 0, flock(file, LOCK_EX | LOCK_NB) == 0 {
            if specialKind(status) == nil {
                unlink(path)
            } else if status.st_mode & S_IFMT == S_IFDIR {
                try? FileManager.default.removeItem(atPath: path)
            }
        }
        close(file)
    }
}

/// The paths of the drafts in a folder whose names begin with a tag.
private func drafts(in folder: String, tag: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var paths: [String] = []
    while let entry = readdir(handle) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if isDraft(name, tag: tag) { paths.append(folder + "/" + name) }
    }
    return paths
}

/// Whether a draft can have that name: `.gesso-`, the tag, perhaps the name of a kind with a dot, a number
/// to base 36, `.tmp`.
private func isDraft(_ name: String, tag: String) -> Bool {
    let (start, end) = (".gesso-" + tag, ".tmp")
    guard name.hasPrefix(start), name.hasSuffix(end), name.utf8.count > (start + end).utf8.count
    else { return false }
    let middle = name.dropFirst(start.count).dropLast(end.count)
    guard let number = middle.split(separator: ".", omittingEmptySubsequences: false).last
    else { return false }
    let kind = middle.dropLast(number.count)
    func isOwn(_ letter: Character) -> Bool {
        letter.isASCII && (letter.isLowercase || letter.isWholeNumber)
    }
    return (1...13).contains(number.count) && number.allSatisfy(isOwn)
        && (kind.isEmpty || kind.hasPrefix("batch"))
}

/// The path that the file will have, links followed.
private func destination(_ path: String, overwrite: Bool) throws -> String {
    func cannotCreate(_ reason: String) -> FileError {
        .cannotCreate(path: path, reason: reason)
    }
    guard !path.isEmpty else { throw cannotCreate("the name is empty") }
    var status = stat()
    guard lstat(path, &status) == 0 else {
        // Nothing there is what we want; anything else will go wrong later, so say it now.
        if errno != ENOENT { throw cannotCreate(systemMessage(errno)) }
        return path
    }
    var target = path
    if status.st_mode & S_IFMT == S_IFLNK {
        guard let resolved = realpath(path, nil) else {
            // What has no path can be there nevertheless: /dev/stdout leads to a pipe.
            if stat(path, &status) == 0, let kind = specialKind(status) {
                throw cannotCreate("it is \(kind)")
            }
            guard overwrite else { throw FileError.outputExists(path: path) }
            throw cannotCreate("it is a link that leads nowhere")
        }
        target = String(cString: resolved)
        free(resolved)
        guard stat(path, &status) == 0 else { throw cannotCreate(systemMessage(errno)) }
    }
    if let kind = specialKind(status) { throw cannotCreate("it is \(kind)") }
    guard overwrite else { throw FileError.outputExists(path: path) }
    if !isReplaceable(status, in: folder(of: target)) {
        throw cannotCreate("another user's file in a folder where only its owner may replace it")
    }
    return target
}

/// Whether a file may be replaced as far as the folder's sticky bit goes, as in /tmp.
private func isReplaceable(_ file: stat, in folder: String) -> Bool {
    var parent = stat()
    guard stat(folder, &parent) == 0, parent.st_mode & S_ISVTX != 0 else { return true }
    return [0, file.st_uid, parent.st_uid].contains(geteuid())
}

private func folder(of path: String) -> String {
    let folder = path.folderAndName.folder
    return folder.isEmpty ? "." : folder == "/" ? "/" : String(folder.dropLast())
}

/// A new name for a draft beside a path, which cannot be too long; drafts that are left there are swept before.
private func draftPath(beside path: String, tag: String = "") -> String {
    sweepDrafts(in: folder(of: path))
    let number = String(UInt64.random(in: .min ... .max), radix: 36)
    return "\(folder(of: path))/.gesso-\(tag)\(number).tmp"
}

/// Locks a new draft; false where another process swept it between its creation and the lock.
private func holdsDraft(_ draft: Int32) -> Bool {
    var status = stat()
    return flock(draft, LOCK_EX) != 0 || fstat(draft, &status) != 0 || status.st_nlink > 0
}

/// Opens a new file beside `path`.
private func createDraft(
    for path: String, tag: String = ""
) throws -> (file: Int32, path: String) {
    let draft = draftPath(beside: path, tag: tag)
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else {
        let number = errno
        let reason =
            access(folder(of: path), F_OK) != 0
            ? "there is no folder \(folder(of: path))"
            : "in folder \(folder(of: path)): \(systemMessage(number))"
        throw FileError.cannotCreate(path: path, reason: reason)
    }
    guard holdsDraft(file) else {
        close(file)
        return try createDraft(for: path, tag: tag)
    }
    var old = stat()
    if stat(path, &old) == 0 { fchmod(file, old.st_mode & 0o777) }
    return (file, draft)
}

/// Writes and flushes.
private func fill(_ file: Int32, with data: Data, path: String) throws {
    func failed() -> FileError { .writeFailed(path: path, reason: systemMessage(errno)) }
    try data.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count {
            let count = write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw failed()
            }
        }
    }
    guard fsync(file) == 0 else { throw failed() }
}

/// Gives the draft its name.
private func publish(_ draft: String, as path: String, overwrite: Bool) throws {
    func refused() -> FileError {
        errno == EEXIST
            ? .outputExists(path: path) : .writeFailed(path: path, reason: systemMessage(errno))
    }
    if !overwrite {
        // A second name for the file, unlike a new one, cannot replace what has it already.
        if link(draft, path) == 0 {
            unlink(draft)
            return
        }
        guard errno != EEXIST else { throw refused() }
        // A file system without links: the name is taken first, then the file is put there.
        let claim = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard claim >= 0 else { throw refused() }
        close(claim)
    }
    guard rename(draft, path) == 0 else {
        let error = refused()
        if !overwrite { unlink(path) }
        throw error
    }
}

/// Makes the new name last through a power cut. The file is complete either way.
private func flushFolder(of path: String) {
    let handle = open(folder(of: path), O_RDONLY | O_CLOEXEC | O_DIRECTORY)
    guard handle >= 0 else { return }
    fsync(handle)
    close(handle)
}
