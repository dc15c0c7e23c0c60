import Foundation
import Recipes

/// Where checkpoints are found.
struct ModelShelf {
    /// The checkpoint used when none is asked for.
    static let defaultName = "gesso-builtin"

    /// The folders that hold checkpoints, in the order in which they are searched.
    private let folders: [URL]

    /// `$GESSO_MODELS`, then what is installed beside the program, then `Fixtures/Models` of the source
    /// tree that holds the program or the current folder.
    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let here = URL(filePath: FileManager.default.currentDirectoryPath)
        var folders: [URL] = []
        if let own = environment["GESSO_MODELS"], !own.isEmpty {
            folders.append(URL(filePath: own))
        }
        folders.append(program.appending(path: "../../share/gesso/Models").standardizedFileURL)
        folders += [program, here].flatMap(Self.ancestors).map {
            $0.appending(path: "Fixtures/Models")
        }
        self.folders = folders
    }

    /// The folder of a checkpoint: at a path, or of that name on the shelf.
    ///
    /// - Throws: `Failure` with `cannotRead` if there is none.
    func model(_ nameOrPath: String?) throws -> URL {
        let name = nameOrPath ?? Self.defaultName
        guard !name.isEmpty else {
            throw Failure(.usage, "an empty name", at: "--model", do: "give the path of a folder")
        }
        if let path = nameOrPath.map(FilePath.literal),
            FileManager.default.fileExists(atPath: path)
        {
            return URL(filePath: path)
        }
        let found =
            name.contains("/")
            ? nil
            : folders.map { $0.appending(path: name) }.first {
                FileManager.default.fileExists(atPath: $0.path(percentEncoded: false))
            }
        guard let found else {
            throw Failure(
                .cannotRead, "no such model", at: name,
                do: nearMiss(name, among: names).map { "did you mean '\($0)'?" }
                    ?? "give --model FOLDER, or set GESSO_MODELS to a folder of models")
        }
        return found
    }

    /// What can be named.
    private var names: [String] {
        folders.flatMap {
            (try? FileManager.default.contentsOfDirectory(atPath: $0.path(percentEncoded: false)))
                ?? []
        }
    }

    private static func ancestors(of url: URL) -> [URL] {
        var folders = [url]
        while let last = folders.last, last.path != "/", folders.count < 64 {
            folders.append(last.deletingLastPathComponent())
        }
        return folders
    }
}
