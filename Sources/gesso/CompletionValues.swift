import ArgumentParser
import Foundation
import Gesso

/// What a shell can offer for a value that depends on what is there.
enum CompletionValues {
    /// Checkpoints by name, and files and folders.
    static let models = CompletionKind.custom { _, _, prefix in
        Workplace.library.checkpoints.map(\.name).filter { $0.hasPrefix(prefix) } + paths(prefix)
    }

    /// Presets by name, and recipe files.
    static let presets = CompletionKind.custom { _, _, prefix in
        let shelf = Workplace.library.places.presets
        let names = (try? shelf.all().presets.map(\.name)) ?? []
        return names.filter { $0.hasPrefix(prefix) } + paths(prefix, endings: [".yaml", ".yml"])
    }

    /// `key=`, and behind it what the key takes if that can be listed.
    static let assignments = CompletionKind.custom { _, _, prefix in
        let parts = prefix.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return Recipe.keys.map { $0.name + "=" } }
        let choices = Recipe.key(String(parts[0]))?.choices ?? []
        return choices.map { parts[0] + "=" + $0 }
    }

    /// Files that begin like what is written so far, folders with a `/` behind them.
    private static func paths(_ prefix: String, endings: [String] = []) -> [String] {
        let parts = prefix.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.dropLast().map { $0 + "/" }.joined()
        let start = String(parts.last ?? "")
        let home = ProcessInfo.processInfo.environment["HOME"] ?? "~"
        let place =
            folder.isEmpty ? "." : folder.hasPrefix("~/") ? home + folder.dropFirst() : folder
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        return names.sorted().compactMap { name in
            guard name.hasPrefix(start), start.hasPrefix(".") || !name.hasPrefix(".") else {
                return nil
            }
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: place + "/" + name, isDirectory: &isFolder)
            if isFolder.boolValue { return folder + name + "/" }
            return endings.isEmpty || endings.contains(where: name.hasSuffix) ? folder + name : nil
        }
    }
}
