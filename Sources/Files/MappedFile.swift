import Glibc

/// A regular file, mapped read-only; `bytes` are valid as long as this object exists.
///
/// A file that shrinks while it is mapped raises SIGBUS on the next access.
///
/// `@unchecked Sendable`: the mapping is read-only and is released by `deinit` alone.
public final class MappedFile: @unchecked Sendable {
    /// The content of the file.
    public let bytes: UnsafeRawBufferPointer

    /// Maps a file.
    ///
    /// - Throws: ``FileError/unreadable(path:reason:)`` when the file is missing, forbidden or not a
    ///   regular file. Never blocks: pipes are refused at once.
    public init(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: reason(errno)) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: path, reason: reason(errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw .unreadable(path: path, reason: isFolder ? "is a folder" : "is not a file")
        }
        let size = Int(status.st_size)
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else {
            throw .unreadable(path: path, reason: reason(errno))
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    /// Releases the memory behind `range`; it is read from disk again on the next access.
    public func release(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (range.lowerBound + page - 1) / page * page
        let last = range.upperBound / page * page
        guard first < last, let start = bytes.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: start + first), last - first, MADV_DONTNEED)
    }

    deinit {
        if let start = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
        }
    }
}

private func reason(_ code: Int32) -> String {
    code == ENOENT ? "no such file" : systemMessage(code)
}
