import Foundation

/// Paths as they are given on the command line.
enum FilePath {
    /// The file at a path, which is taken literally: the shell has expanded what it wanted to.
    ///
    /// - Parameter status: that of the failure when the path cannot be a file's.
    static func file(_ path: String, orFailWith status: ExitStatus) throws -> URL {
        guard !path.isEmpty else {
            throw Failure(.usage, "an empty name", at: "gesso", do: "give the path of a file")
        }
        guard !path.hasSuffix("/") else {
            throw Failure(status, "it names a folder", at: path, do: "give the path of a file")
        }
        return URL(filePath: literal(path))
    }

    /// The path with nothing in it that Foundation would expand.
    static func literal(_ path: String) -> String {
        path.hasPrefix("~") ? "./" + path : path
    }
}
