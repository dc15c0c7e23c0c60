import Foundation

/// The folder of a recipe, which the files that it names must lie in.
enum RecipeFolder {
    /// The folder that a file is in.
    static func of(_ path: String) -> String {
        let slash = path.lastIndex(of: "/")
        return slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// The path of a file that a recipe names.
    ///
    /// - Throws: `RecipeError.outside` for a way out of the folder, by the path itself or by a link.
    static func path(
        _ name: String, from folder: String?, at origin: Origin
    ) throws(RecipeError) -> String {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let folder, !name.hasPrefix("/"), !name.hasPrefix("~"), !parts.contains("..") else {
            throw .outside(path: name, at: origin)
        }
        let path = folder + "/" + (name.hasPrefix("./") ? name.dropFirst(2) : name[...])
        if let file = real(path), let home = real(folder),
            !file.hasPrefix(home == "/" ? home : home + "/")
        {
            throw .outside(path: name, at: origin)
        }
        return path
    }

    /// The path with all links followed; nil where nothing is.
    static func real(_ path: String) -> String? {
        guard let buffer = realpath(path, nil) else { return nil }
        defer { free(buffer) }
        return String(cString: buffer)
    }
}
