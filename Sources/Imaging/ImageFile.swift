import Files
public import FoundationEssentials
import Glibc

extension Image {
    /// Reads the picture file at `url`; see ``init(decoding:name:)``.
    ///
    /// Only ordinary files are read: a folder, pipe or device is refused at once, without waiting
    /// for it.
    public init(contentsOf url: URL) throws {
        self = try Image(decoding: pictureFile(at: url), name: url.relativePath)
    }
}

/// The bytes of an ordinary file, or the first of them if these are not a picture's.
///
/// - Throws: ``ImagingError/folder(name:)``, and ``ImagingError/unreadable(name:reason:)`` for pipes,
///   devices and the like, and for files of more than 2 GB.
public func pictureFile(at url: URL) throws -> Data {
    try pictureFile(at: url, upTo: ImageLimits.fileBytes)
}

/// The same for files of so many bytes at the most.
package func pictureFile(at url: URL, upTo limit: Int) throws -> Data {
    Data(try readFile(url.path, upTo: limit, name: url.relativePath))
}

/// The content of an ordinary file that starts like a picture.
private func readFile(_ path: String, upTo limit: Int, name: String) throws -> [UInt8] {
    func unreadable(_ reason: String) -> ImagingError { .unreadable(name: name, reason: reason) }
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw unreadable(systemMessage(errno)) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw unreadable(systemMessage(errno)) }
    if status.st_mode & S_IFMT == S_IFDIR { throw ImagingError.folder(name: name) }
    if let kind = specialKind(status) { throw unreadable("it is \(kind); give a file") }
    let size = Int(status.st_size)
    let head = try readBytes(file, count: min(size, 512), name: name)
    // What is no picture is refused by its head; the rest need not be read.
    guard ImageFormat(sniffing: head) != nil else { return head }
    guard size <= limit else { throw unreadable("it is larger than 2 GB") }
    return head + (try readBytes(file, count: size - head.count, name: name))
}

/// Reads up to `count` bytes, fewer at the end of the file.
private func readBytes(_ file: Int32, count: Int, name: String) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        while filled < count {
            let got = read(file, buffer.baseAddress.map { $0 + filled }, count - filled)
            if got == 0 { break }
            if got > 0 {
                filled += got
            } else if errno != EINTR {
                throw ImagingError.unreadable(name: name, reason: systemMessage(errno))
            }
        }
    }
}
