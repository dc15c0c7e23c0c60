public import Foundation

/// A path with the user's home folder in the place of a `~` at its beginning: `$HOME`, else the one that the
/// system knows.
public func expandingHome(_ path: String, _ environment: [String: String]) -> String {
    guard path == "~" || path.hasPrefix("~/"), let home = environment["HOME"], !home.isEmpty
    else { return (path as NSString).expandingTildeInPath }
    return home + path.dropFirst()
}

/// The user's folder for caches: `$XDG_CACHE_HOME` if that is an absolute path, else `.cache` in `$HOME`
/// (XDG Base Directory Specification 0.8); nil where neither is set.
public func cacheFolder(_ environment: [String: String]) -> URL? {
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
        return URL(filePath: cache, directoryHint: .isDirectory)
    }
    guard let home = environment["HOME"], !home.isEmpty else { return nil }
    return URL(filePath: home, directoryHint: .isDirectory)
        .appending(path: ".cache", directoryHint: .isDirectory)
}
