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

    /// The way to a file from a folder, with `..` where it leads up; from the root if only that is
    /// common to both.
    static func path(of file: URL, from folder: URL) -> String {
        let target = parts(file)
        let start = parts(folder.appending(path: "x")).dropLast()
        let common = zip(target, start).prefix { $0 == $1 }.count
        guard common > 1 else { return "/" + target.dropFirst().joined(separator: "/") }
        let up = Array(repeating: "..", count: start.count - common)
        return (up + target.dropFirst(common)).joined(separator: "/")
    }

    /// The path of a file or folder with all links in it followed.
    static func resolved(_ file: URL) -> String {
        var path = file.standardizedFileURL.resolvingSymlinksInPath().path(percentEncoded: false)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// The folders that lead to a file, links in them followed, and its name.
    private static func parts(_ file: URL) -> [String] {
        let file = file.standardizedFileURL
        return file.deletingLastPathComponent().resolvingSymlinksInPath()
            .appending(path: file.lastPathComponent).pathComponents
    }
}
