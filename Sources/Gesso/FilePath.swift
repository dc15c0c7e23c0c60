package import Foundation

/// Paths as someone gave them.
package enum FilePath {
    /// The file at a path, which is taken literally: the shell has expanded what it wanted to.
    ///
    /// - Parameter kind: that of the error when the path cannot be a file's.
    package static func file(_ path: String, orFailWith kind: GessoError.Kind) throws -> URL {
        guard !path.isEmpty else {
            throw GessoError(.usage, "an empty name", at: "gesso", do: "give the path of a file")
        }
        guard !path.hasSuffix("/") else {
            throw GessoError(kind, "it names a folder", at: path, do: "give the path of a file")
        }
        return URL(filePath: literal(path))
    }

    /// The path with nothing in it that Foundation would expand.
    package static func literal(_ path: String) -> String {
        path.hasPrefix("~") ? "./" + path : path
    }

    /// The way to a file from a folder, with `..` where it leads up; from the root if only that is
    /// common to both.
    package static func path(of file: URL, from folder: URL) -> String {
        let target = parts(file)
        let start = parts(folder.appending(path: "x")).dropLast()
        let common = zip(target, start).prefix { $0 == $1 }.count
        guard common > 1 else { return "/" + target.dropFirst().joined(separator: "/") }
        let up = Array(repeating: "..", count: start.count - common)
        return (up + target.dropFirst(common)).joined(separator: "/")
    }

    /// The path of a file or folder with all links in it followed.
    package static func resolved(_ file: URL) -> String {
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
