package import Foundation

/// Finds models in folders and their subfolders.
package enum FolderSearch {
    /// How many entries of a folder are looked at, and how deep.
    private static let most = 20_000
    private static let deepest = 6

    /// What was found in a folder.
    package struct Item {
        /// Its path from there.
        package let path: String
        let url: URL
        let sort: Sort
    }

    /// What can be found.
    enum Sort {
        /// A file of weights.
        case file
        /// A folder with `model_index.json`, or with `config.json` as a part of a model has it.
        case model, part
        /// A file that may be a pickle.
        case pickle
    }

    /// Why a pickle is not read, and what to do.
    static let whyNoPickles =
        "a pickle, which can run code, is not read: convert it to safetensors, as AUTOMATIC1111's "
        + "Checkpoint Merger does"

    private static let pickles = [".ckpt", ".pt", ".pth", ".bin"]

    /// The models of a folder, sorted by their paths. Links are followed; hidden entries are not looked at.
    ///
    /// - Parameters:
    ///   - isDeep: whether folders inside of it are searched, too.
    ///   - skipped: names of folders, in lower case, that are left out.
    package static func items(
        in folder: URL, isDeep: Bool = true, skipping skipped: Set<String> = []
    ) -> [Item] {
        var (found, rest, count) = ([Item](), [(path: "", url: folder, depth: 0)], 0)
        while let next = rest.popLast() {
            for name in names(in: next.url) where !name.hasPrefix(".") {
                count += 1
                if count > most { return found }
                let (path, url) = (next.path + name, next.url.appending(path: name))
                if let sort = sort(ofFile: name) {
                    found.append(Item(path: path, url: url, sort: sort))
                } else if isFolder(url) {
                    if let sort = sort(ofFolder: url) {
                        found.append(Item(path: path, url: url, sort: sort))
                    } else if isDeep, next.depth < deepest, !skipped.contains(name.lowercased()) {
                        rest.append((path + "/", url, next.depth + 1))
                    }
                }
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    /// The files or folders that a name stands for, with or without `.safetensors`: directly in the
    /// folders, the first that has it; or else further in, all that end in it.
    static func matches(_ name: String, in folders: [URL]) -> [URL] {
        direct(name, in: folders).map { [$0] } ?? further(name, in: folders)
    }

    /// The first folder's file or folder of that name, with or without `.safetensors`.
    static func direct(_ name: String, in folders: [URL]) -> URL? {
        folders.lazy.flatMap { folder in endings(name).map { folder.appending(path: $0) } }
            .first(where: exists)
    }

    /// What ends in that name, with or without `.safetensors`, in folders inside of these.
    static func further(
        _ name: String, in folders: [URL], skipping skipped: Set<String> = []
    ) -> [URL] {
        let names = endings(name)
        var seen: Set<String> = []
        return folders.flatMap { folder in
            items(in: folder, skipping: skipped).filter { item in
                item.sort != .pickle && names.contains { item.path.hasSuffix("/" + $0) }
            }.map(\.url)
        }.filter { seen.insert($0.resolvingSymlinksInPath().path(percentEncoded: false)).inserted }
    }

    /// Files that are not read, by the end of their names.
    private static let unread = [
        (".gguf", "a GGUF file", "take the safetensors version"),
        (".safetensors.part", unfinished, "download it again"),
        (".safetensors.incomplete", unfinished, "download it again"),
        (".safetensors.crdownload", unfinished, "download it again"),
        (".safetensors.tmp", unfinished, "download it again"),
    ]
    private static let unfinished = "a download that is not finished"

    /// Why a name cannot be used that only a file has which is not read: a pickle, with or without its ending,
    /// or in the folders themselves another; nil where no such file has it.
    ///
    /// - Parameter key: what was looked for.
    static func refusal(of name: String, in folders: [URL], as key: String) -> GessoError? {
        guard !name.split(separator: "/").contains("..") else { return nil }
        let names = [name] + pickles.map { name + $0 }
        let found = folders.lazy.flatMap { items(in: $0) }.first { item in
            item.sort == .pickle
                && names.contains { item.path == $0 || item.path.hasSuffix("/" + $0) }
        }
        for (ending, what, advice) in unread where direct(name + ending, in: folders) != nil {
            return GessoError(.badData, "this \(key) is \(what)", at: name + ending, do: advice)
        }
        return found.map { item in
            GessoError(
                .badData, "this \(key) is a pickle, which can run code and is not read",
                at: item.path, do: "convert it to safetensors")
        }
    }

    private static func endings(_ name: String) -> [String] {
        [name, name + ".safetensors", name + ".SAFETENSORS", name + ".sft"]
    }

    /// The names in a folder, sorted; none if it cannot be read.
    static func names(in folder: URL) -> [String] {
        let path = folder.path(percentEncoded: false)
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// Whether there is such a file or folder.
    static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path(percentEncoded: false))
    }

    /// Whether it is a folder, or a link to one.
    static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(
            atPath: url.path(percentEncoded: false), isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func sort(ofFile name: String) -> Sort? {
        // ComfyUI knows the second ending, too.
        if [".safetensors", ".sft"].contains(where: name.lowercased().hasSuffix) { return .file }
        return pickles.contains { name.lowercased().hasSuffix($0) } ? .pickle : nil
    }

    private static func sort(ofFolder url: URL) -> Sort? {
        if exists(url.appending(path: "model_index.json")) { return .model }
        return exists(url.appending(path: "config.json")) ? .part : nil
    }
}
