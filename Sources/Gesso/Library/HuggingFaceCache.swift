import Files
import Foundation

/// What the Hugging Face tools have downloaded, read without a network.
struct HuggingFaceCache {
    private let hub: URL?

    /// - Parameter hub: the cache's folder; nil finds nothing.
    init(_ hub: URL?) { self.hub = hub }

    /// The snapshot of a repository `org/name` that its branch `main` stands at.
    func snapshot(of repository: String) -> URL? {
        let parts = repository.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts.contains(where: { $0.isEmpty || $0.hasPrefix(".") }) else {
            return nil
        }
        guard let hub else { return nil }
        let folder = hub.appending(path: "models--\(parts[0])--\(parts[1])")
        let main = folder.appending(path: "refs/main")
        guard let revision = try? String(contentsOf: main, encoding: .utf8) else { return nil }
        let name = revision.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !name.isEmpty, name.allSatisfy(\.isHexDigit) else { return nil }
        let snapshot = folder.appending(path: "snapshots/\(name)", directoryHint: .isDirectory)
        return Self.exists(snapshot) ? snapshot : nil
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

    /// What lies in a folder, in the order of the names; nothing if it cannot be read.
    static func folders(in folder: URL) -> [URL] {
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: folder.path(percentEncoded: false))
        return (names ?? []).sorted().map {
            folder.appending(path: $0, directoryHint: .isDirectory)
        }
    }

    private var folders: [URL] { hub.map(Self.folders) ?? [] }

    private static func exists(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path(percentEncoded: false))
    }
}
