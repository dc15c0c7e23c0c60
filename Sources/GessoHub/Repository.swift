/// A repository of models, `org/name`, at a branch, tag or commit.
public struct Repository: Sendable, Hashable, CustomStringConvertible {
    /// `org/name`.
    public let name: String
    /// The branch, tag or commit.
    public let revision: String

    /// Reads `org/name` or `org/name@revision`.
    ///
    /// - Parameter meant: a name to suggest for a text that is neither.
    /// - Throws: `HubError.badName`.
    public init(_ text: String, meant: String? = nil) throws(HubError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        let isName = names.count == 2 && names.allSatisfy(Self.isName)
        let revision = parts.count == 2 ? String(parts[1]) : "main"
        guard isName, Self.isPath(revision), revision.utf8.count <= 200 else {
            throw .badName(text, meant: meant)
        }
        (name, self.revision) = (String(parts[0]), revision)
    }

    /// With the revision, where it is not the usual one.
    public var description: String { revision == "main" ? name : "\(name)@\(revision)" }

    /// The folder of it in the cache.
    var folder: String { "models--" + name.replacing("/", with: "--") }

    private static func isName(_ part: Substring) -> Bool {
        let marks = "-_.".utf8
        return (1...96).contains(part.utf8.count) && !part.hasPrefix(".") && !part.contains("..")
            && !part.contains("--")
            && part.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte) || marks.contains(byte)
            }
    }

    /// Whether a text is a path that stays below where it begins.
    static func isPath(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }
            && text.unicodeScalars.allSatisfy { scalar in
                scalar != "\\" && scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
            }
    }
}

/// A repository's commit and what it holds, as the server lists it.
public struct Listing: Sendable {
    /// The commit, 40 hexadecimal digits.
    public let commit: String
    /// The identifier of its licence, where the server knows it: `mit`, `creativeml-openrail-m`.
    public let license: String?
    /// Every file.
    public let files: [RemoteFile]
}

/// A file of a repository.
public struct RemoteFile: Sendable, Equatable {
    /// The path in the repository.
    public let path: String
    /// Its size in bytes.
    public let size: Int
    /// The name of its bytes in the cache: the SHA-256 of a large file, git's SHA-1 of a small one.
    public let blob: String

    /// A file of that path, size and name of its bytes.
    public init(path: String, size: Int, blob: String) {
        (self.path, self.size, self.blob) = (path, size, blob)
    }

    /// Whether `blob` is a SHA-256.
    public var isLarge: Bool { blob.count == 64 }
}
