public import Foundation

/// Where the files are that tests read.
public enum Fixtures {
    /// The root of the repository.
    public static let repository = URL(filePath: #filePath, directoryHint: .notDirectory)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// `Fixtures`.
    public static let folder = repository.appending(path: "Fixtures", directoryHint: .isDirectory)

    /// Recordings of diffusers, with the small models that they were made with.
    public static let parity = folder.appending(path: "Parity", directoryHint: .isDirectory)

    /// Pictures that are read or refused.
    public static let images = folder.appending(path: "Images", directoryHint: .isDirectory)

    /// The model that comes with Gesso.
    public static let builtInModel = folder.appending(
        path: "Models/gesso-builtin", directoryHint: .isDirectory)

    /// Material beside the repository (`../shared`), which a clone by itself does not have: tests that
    /// need it are enabled only where it exists.
    public static func shared(_ path: String) -> URL? {
        let url = repository.deletingLastPathComponent().appending(path: "shared/" + path)
        return FileManager.default.fileExists(atPath: url.path(percentEncoded: false)) ? url : nil
    }
}
