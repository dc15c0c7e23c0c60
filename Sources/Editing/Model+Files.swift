import Checkpoints
public import Foundation
import Tensors

extension Model {
    /// Name of the family that a checkpoint belongs to, by its configurations and headers alone.
    ///
    /// - Throws: `CheckpointError`, `ModelError` and `EditingError.unknownFamily`.
    public static func familyName(of url: URL) throws -> String {
        try ModelFamily(of: modelSource(url)).name
    }

    /// The files of a checkpoint that its results depend on, by their paths inside its folder; of a
    /// single file, that file.
    ///
    /// - Throws: `CheckpointError` for files that are missing or cannot be read.
    public static func files(of url: URL) throws -> [(path: String, file: URL)] {
        guard !modelIsFile(url) else {
            return [(url.lastPathComponent, url)]
        }
        let depth = url.pathComponents.count
        return try ModelFolder(url).files().map { file in
            (file.pathComponents.dropFirst(depth).joined(separator: "/"), file)
        }
    }
}

private func modelIsFile(_ url: URL) -> Bool {
    let path = url.path(percentEncoded: false)
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        && !isFolder.boolValue
}

extension Editor {
    /// The instruction set that the kernels use: `portable`, `avx2` or `avx512`. Results may differ
    /// in the last bits between them.
    public static var instructionSet: String { KernelSet.current.name }
}
