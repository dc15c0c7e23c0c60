import Files
public import Foundation

/// The licences that the user has accepted, by repository, in a file, so that each is asked for once.
public struct LicenseBook {
    private let file: URL?

    /// Licences that ask nothing of who uses a model.
    private static let permissive: Set<String> = [
        "mit", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "unlicense", "isc",
    ]

    /// The book in a folder of the user's; nil keeps none, so that every time is the first.
    public init(folder: URL?) { file = folder?.appending(path: "licenses.json") }

    /// Whether a licence is to be asked for before a repository is downloaded.
    public func asks(for license: String, of repository: Repository) -> Bool {
        !Self.permissive.contains(license.lowercased()) && accepted[repository.name] != license
    }

    /// Notes that a licence is accepted. A note that cannot be written is asked for again.
    public func accept(_ license: String, of repository: Repository) {
        var all = accepted
        all[repository.name] = license
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let file, let data = try? encoder.encode(all) else { return }
        try? FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? writeAtomically(data, to: file, overwrite: true)
    }

    private var accepted: [String: String] {
        let data = file.flatMap { try? Data(contentsOf: $0) }
        return data.flatMap { try? JSONDecoder().decode([String: String].self, from: $0) } ?? [:]
    }
}
