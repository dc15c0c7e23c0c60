import Files
import Foundation

/// What the Hugging Face tools have downloaded, read without a network.
struct HuggingFaceCache {
    private let hub: URL?

    /// - Parameter hub: the cache's folder; nil finds nothing.
    init(_ hub: URL?) { self.hub = hub }

    /// The snapshot of a repository `org/name` that its branch `main` is at, or of `org/name@revision`.
    func snapshot(of repository: String) -> URL? {
        let whole = repository.split(
            separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let revision = whole.count == 2 ? String(whole[1]) : "main"
        let parts = whole[0].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts.contains(where: { $0.isEmpty || $0.hasPrefix(".") }),
            !revision.isEmpty, !revision.split(separator: "/").contains("..")
        else { return nil }
        guard let hub else { return nil }
        let folder = hub.appending(path: "models--\(parts[0])--\(parts[1])")
        let reference = folder.appending(path: "refs/\(revision)")
        let text = (try? String(contentsOf: reference, encoding: .utf8)) ?? revision
        let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !name.isEmpty, name.allSatisfy(\.isHexDigit) else { return nil }
        let snapshot = folder.appending(path: "snapshots/\(name)", directoryHint: .isDirectory)
        return FolderSearch.exists(snapshot) ? snapshot : nil
    }

    /// What a name stands for: `org/name` for a snapshot, `org/name/file` for a file of one, and a bare
    /// name for the snapshots of all repositories that are called so, whoever's they are.
    func matches(_ name: String) -> [(name: String, url: URL)] {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == ".." }) else { return [] }
        if parts.count == 1 {
            return repositories.filter { $0.hasSuffix("/" + name) }.compactMap { repository in
                snapshot(of: repository).map { (repository, $0) }
            }
        }
        guard let snapshot = snapshot(of: parts.prefix(2).joined(separator: "/")) else { return [] }
        if parts.count == 2 { return [(name, snapshot)] }
        let file = snapshot.appending(path: parts.dropFirst(2).joined(separator: "/"))
        return FolderSearch.exists(file) ? [(name, file)] : []
    }

    /// The names `org/name` that `snapshot(of:)` finds something for.
    var repositories: [String] {
        folders.map(\.lastPathComponent).filter { $0.hasPrefix("models--") }
            .map { String($0.dropFirst("models--".count).replacing("--", with: "/")) }
            .filter { snapshot(of: $0) != nil }
    }

    /// Every snapshot there is, in the order of their names.
    var snapshots: [URL] {
        folders.filter { $0.lastPathComponent.hasPrefix("models--") }
            .flatMap { Self.folders(in: $0.appending(path: "snapshots")) }
    }

    /// What is in a folder, in the order of the names; nothing if it cannot be read.
    static func folders(in folder: URL) -> [URL] {
        FolderSearch.names(in: folder).map {
            folder.appending(path: $0, directoryHint: .isDirectory)
        }
    }

    private var folders: [URL] { hub.map(Self.folders) ?? [] }
}
