import Foundation

/// Finds files of weights by name in folders and their subfolders.
enum FolderSearch {
    /// How many entries of a folder are looked at, and how deep.
    private static let most = 20_000
    private static let deepest = 6

    /// The files or folders that a name stands for, with or without `.safetensors`: directly in the
    /// folders, the first that has it; or else further in, all that end in it.
    static func matches(_ name: String, in folders: [URL]) -> [URL] {
        let names = [name, name + ".safetensors"]
        for folder in folders {
            for candidate in names {
                let file = folder.appending(path: candidate)
                if FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) {
                    return [file]
                }
            }
        }
        var seen: Set<String> = []
        return folders.flatMap { folder in
            paths(in: folder).filter { path in
                names.contains { path.hasSuffix("/" + $0) }
            }.map { folder.appending(path: $0) }
        }.filter { seen.insert($0.resolvingSymlinksInPath().path(percentEncoded: false)).inserted }
    }

    /// The paths of `.safetensors` files in a folder and its subfolders, sorted.
    static func paths(in folder: URL) -> [String] {
        let root = folder.path(percentEncoded: false)
        guard let files = FileManager.default.enumerator(atPath: root) else { return [] }
        var paths: [String] = []
        var count = 0
        for case let path as String in files {
            count += 1
            if count > most { break }
            if files.level >= deepest { files.skipDescendants() }
            if path.hasSuffix(".safetensors") { paths.append(path) }
        }
        return paths.sorted()
    }
}
