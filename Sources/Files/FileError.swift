public import Glibc

/// What can go wrong between the program and the file system.
public enum FileError: Error, Equatable, CustomStringConvertible {
    /// The file cannot be opened or read.
    case unreadable(path: String, reason: String)
    /// The output file exists already.
    case outputExists(path: String)
    /// The output file cannot be created.
    case cannotCreate(path: String, reason: String)
    /// Writing failed half way, as on a full disk.
    case writeFailed(path: String, reason: String)

    /// What, where, what to do, in one line.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path): cannot be read: \(reason)"
        case .outputExists(let path):
            "\(path): exists already; choose another name or allow overwriting"
        case .cannotCreate(let path, let reason):
            "\(path): cannot be created: \(reason)"
        case .writeFailed(let path, let reason):
            "\(path): writing failed: \(reason); nothing was left behind"
        }
    }
}

/// The system's message for an error number, in lower case.
public func systemMessage(_ number: Int32) -> String {
    strerror(number).map { String(cString: $0).lowercased() } ?? "error \(number)"
}

/// What a path leads to when it is not an ordinary file, as in "a folder"; nil for ordinary files.
public func specialKind(_ status: stat) -> String? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
}
