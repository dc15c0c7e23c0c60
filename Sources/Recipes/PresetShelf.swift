import Foundation

/// Where presets are found by name: the user's own folder, then those that are shipped.
public struct PresetShelf: Sendable {
    /// The user's folder: `gesso/presets` in `$XDG_CONFIG_HOME`, else in `~/.config`.
    public let folder: String?

    /// The shelf of a user with those environment variables.
    public init(environment: [String: String]) {
        let configuration =
            environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? environment["HOME"].map { $0 + "/.config" }
        folder = configuration.map { $0 + "/gesso/presets" }
    }

    /// The presets that are part of the program, by name.
    public static func shipped() throws(RecipeError) -> [Preset] {
        var presets: [Preset] = []
        for (name, bytes) in shippedFiles.sorted(by: { $0.key < $1.key }) {
            presets.append(try Preset(bytes, path: name))
        }
        return presets
    }

    /// All presets, the user's first where both have a name, by name.
    public func all() throws(RecipeError) -> [Preset] {
        var presets = Dictionary(
            try Self.shipped().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for name in ownNames() {
            presets[name] = try preset(name)
        }
        return presets.values.sorted { $0.name < $1.name }
    }

    /// The preset of that name, or in the file at that path: a path has a `/` or ends in .yaml or .yml.
    public func preset(_ nameOrPath: String) throws(RecipeError) -> Preset {
        if nameOrPath.contains("://") {
            throw .malformed(
                "an address is no file", at: .argument("--preset"),
                remedy: "fetch it first and give the file's path")
        }
        if nameOrPath.contains("/") || nameOrPath.hasSuffix(".yaml") || nameOrPath.hasSuffix(".yml")
        {
            return try Preset(read(nameOrPath), path: nameOrPath)
        }
        let own = ownNames()
        if own.contains(nameOrPath), let folder {
            let path = folder + "/" + nameOrPath + ".yaml"
            return try Preset(read(path), path: path)
        }
        if let bytes = shippedFiles[nameOrPath] {
            return try Preset(bytes, path: nameOrPath)
        }
        throw .unknownPreset(
            nameOrPath, meant: nearMiss(nameOrPath, among: own + shippedFiles.keys.sorted()))
    }

    /// Names of the files in the user's folder; none if there is no such folder.
    private func ownNames() -> [String] {
        let files =
            folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// The bytes of a regular file; pipes and devices, which may never end, are not opened for long.
    private func read(_ path: String) throws(RecipeError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "not a file")
        }
        do {
            return Array(try file.read(upToCount: RecipeText.maximumSize + 1) ?? Data())
        } catch {
            throw .unreadable(path: path, reason: "reading failed")
        }
    }
}
