import Files
package import Foundation
import Recipes

/// Finds models in folders and their subfolders.
package enum FolderSearch {
    /// How many weights and folders in a folder are looked at, and how deep.
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
        /// A folder that may not be read.
        case closed
    }

    /// Why a pickle is not read, and what to do.
    static let whyNoPickles =
        "a pickle, which can run code, is not read: convert it to safetensors, as AUTOMATIC1111's "
        + "Checkpoint Merger does"

    private static let weights = String.weightEndings.map { "." + $0 }
    private static let pickles = [".ckpt", ".pt", ".pth", ".bin"]

    /// The models of a folder, sorted by their paths. Links are followed, but no folder is entered twice, so that
    /// each has its shortest path; hidden entries are not looked at.
    ///
    /// - Parameters:
    ///   - isDeep: whether folders inside of it are searched, too.
    ///   - skipped: names of folders, in lower case, that are left out.
    package static func items(
        in folder: URL, isDeep: Bool = true, skipping skipped: Set<String> = []
    ) -> [Item] {
        var (found, rest, count) = ([Item](), [(path: "", url: folder, depth: 0)], 0)
        var (entered, index) = (Set<Identity>(), 0)
        while index < rest.count {
            let next = rest[index]
            index += 1
            guard let identity = Identity(next.url), entered.insert(identity).inserted else {
                continue
            }
            for name in names(in: next.url) where !name.hasPrefix(".") {
                let (path, url) = (next.path + name, next.url.appending(path: name))
                let (ofFile, isInside) = (sort(ofFile: name), isFolder(url))
                guard ofFile != nil || isInside else { continue }
                count += 1
                if count > most { return found.sorted { $0.path < $1.path } }
                if let sort = isInside ? sort(ofFolder: url) : ofFile {
                    found.append(Item(path: path, url: url, sort: sort))
                } else if isDeep, next.depth < deepest, !skipped.contains(name.lowercased()) {
                    if fault(of: url) != nil {
                        found.append(Item(path: path, url: url, sort: .closed))
                    }
                    rest.append((path + "/", url, next.depth + 1))
                }
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    /// What a folder is, by whatever path.
    private struct Identity: Hashable {
        let device: UInt64
        let number: UInt64

        init?(_ folder: URL) {
            var facts = stat()
            guard stat(folder.path(percentEncoded: false), &facts) == 0 else { return nil }
            (device, number) = (UInt64(facts.st_dev), UInt64(facts.st_ino))
        }
    }

    /// The files or folders that a name stands for, with or without its ending: directly in the
    /// folders, the first that has it; or else further in, all that end in it.
    static func matches(_ name: String, in folders: [URL]) -> [URL] {
        direct(name, in: folders).map { [$0] } ?? further(name, in: folders)
    }

    /// The first folder's file or folder of that name, with or without its ending. A folder of other
    /// things, such as previews, hides nothing.
    static func direct(_ name: String, in folders: [URL]) -> URL? {
        let found = folders.lazy.flatMap { candidates(name, in: $0) }
        return found.first { !isOfOtherThings($0) } ?? found.first
    }

    /// What a folder has of that name. Where it has none that is spelled so, the case of endings is of no
    /// account.
    private static func candidates(_ name: String, in folder: URL) -> [URL] {
        let exact = endings(name).map { folder.appending(path: $0) }.filter(exists)
        if !exact.isEmpty { return exact }
        let (inner, last) = name.folderAndName
        let place = inner.isEmpty ? folder : folder.appending(path: inner)
        let spelled = Set(endings(last).map(plain))
        return names(in: place).filter { spelled.contains(plain($0)) }
            .map { place.appending(path: $0) }
    }

    /// Whether it is a folder without weights.
    private static func isOfOtherThings(_ url: URL) -> Bool {
        isFolder(url) && sort(ofFolder: url) == nil
            && items(in: url, isDeep: false).allSatisfy { $0.sort == .pickle }
    }

    /// What ends in that name, with or without its ending, in folders inside of these.
    static func further(
        _ name: String, in folders: [URL], skipping skipped: Set<String> = []
    ) -> [URL] {
        let names = endings(name).map(plain)
        var seen: Set<String> = []
        return folders.flatMap { folder in
            items(in: folder, skipping: skipped).filter { item in
                item.sort != .pickle && names.contains { plain(item.path).hasSuffix("/" + $0) }
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
        let names = ([name] + pickles.map { name + $0 }).map(plain)
        let found = folders.lazy.flatMap { items(in: $0) }.first { item in
            item.sort == .pickle
                && names.contains { ("/" + plain(item.path)).hasSuffix("/" + $0) }
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
        [name] + weights.map { name + $0 }
    }

    /// A name with the ending of weights or a pickle in lower case.
    private static func plain(_ name: String) -> String {
        let rest = stem(name)
        return rest + name.dropFirst(rest.count).lowercased()
    }

    /// A name without the ending of weights or a pickle.
    static func stem(_ name: String) -> String {
        guard sort(ofFile: name) != nil, let dot = name.lastIndex(of: ".") else { return name }
        return String(name[..<dot])
    }

    /// The name that was probably meant: one in another case, else the nearest.
    static func meant(_ name: String, among names: [String]) -> String? {
        let wanted = [name, stem(name)].map { $0.lowercased() }
        return names.first { wanted.contains($0.lowercased()) } ?? nearMiss(name, among: names)
    }

    /// Why a folder cannot be searched; nil where it can.
    static func fault(of folder: URL) -> String? {
        var path = folder.path(percentEncoded: false)
        if isFolder(folder) { return access(path, R_OK | X_OK) == 0 ? nil : "may not be read" }
        // A file with a slash behind its name is nothing.
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if FileManager.default.fileExists(atPath: path) { return "is no folder" }
        return isForbidden(path) ? "may not be read" : "no such folder"
    }

    /// Whether a folder on the way to a path may not be entered.
    static func isForbidden(_ path: String) -> Bool { access(path, F_OK) != 0 && errno == EACCES }

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

    static func sort(ofFile name: String) -> Sort? {
        let name = name.lowercased()
        if weights.contains(where: name.hasSuffix) { return .file }
        return pickles.contains(where: name.hasSuffix) ? .pickle : nil
    }

    static func sort(ofFolder url: URL) -> Sort? {
        if exists(url.appending(path: "model_index.json")) { return .model }
        return exists(url.appending(path: "config.json")) ? .part : nil
    }
}
