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
            presets.append(
                try Preset(
                    bytes, path: name,
                    finding: BaseFinder(PresetShelf(environment: [:]), shipped: name)))
        }
        return presets
    }

    /// All presets under the names that `preset` finds them by, the user's where both have a name, and
    /// what is wrong with those of the user's that cannot be read.
    public func all() throws(RecipeError) -> (
        presets: [(name: String, Preset)], broken: [RecipeError]
    ) {
        var presets = Dictionary(
            try Self.shipped().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var broken: [RecipeError] = []
        for name in ownNames() {
            do {
                presets[name] = try preset(name)
            } catch {
                broken.append(error)
            }
        }
        return (presets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, broken)
    }

    /// The preset of that name, or in the file at that path: a path has a `/` or ends in .yaml or .yml.
    public func preset(_ nameOrPath: String) throws(RecipeError) -> Preset {
        if nameOrPath.contains("://") {
            throw .malformed(
                "an address is no file", at: .argument("--preset"),
                remedy: "fetch it first and give the file's path")
        }
        if Self.isPath(nameOrPath) {
            return try Preset(read(nameOrPath), path: nameOrPath, shelf: self)
        }
        if let path = ownPath(nameOrPath) {
            return try Preset(read(path), path: path, shelf: self)
        }
        if let bytes = shippedFiles[nameOrPath] {
            return try Preset(
                bytes, path: nameOrPath, finding: BaseFinder(self, shipped: nameOrPath))
        }
        throw .unknownPreset(nameOrPath, meant: nearMiss(nameOrPath, among: names))
    }

    /// All that a preset can be called.
    var names: [String] { ownNames() + shippedFiles.keys.sorted() }

    /// Whether a text is the path of a file, not a name.
    static func isPath(_ nameOrPath: String) -> Bool {
        nameOrPath.contains("/") || endings.contains(where: nameOrPath.hasSuffix)
    }

    /// The file of that name in the user's folder, if there is one.
    func ownPath(_ name: String) -> String? {
        guard let folder, !name.isEmpty, !name.contains("/") else { return nil }
        return Self.endings.map { folder + "/" + name + $0 }.first { access($0, F_OK) == 0 }
    }

    /// Names of the files in the user's folder; none if there is no such folder.
    private func ownNames() -> [String] {
        let files =
            folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
        let names = files.flatMap { file in
            Self.endings.filter(file.hasSuffix).map { String(file.dropLast($0.count)) }
        }
        return Set(names).sorted()
    }

    private static let endings = [".yaml", ".yml"]

    /// The bytes of a regular file; pipes and devices, which may never end, are not opened for long.
    ///
    /// - Parameter limit: how many are wanted at most; one more is read.
    func read(
        _ path: String, atMost limit: Int = RecipeText.maximumSize
    ) throws(RecipeError) -> [UInt8] {
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
            return Array(try file.read(upToCount: limit + 1) ?? Data())
        } catch {
            throw .unreadable(path: path, reason: "reading failed")
        }
    }
}
