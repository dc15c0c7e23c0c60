import Files
import Foundation

/// A file or folder that takes its name when it is done.
enum ConversionDraft {
    case file(FileDraft)
    case folder(FolderDraft)

    /// - Throws: `CheckpointError.outputExists`, or `.cannotCreate` where there is no folder for it, and for
    ///   the name of a pickle.
    init(for target: URL) throws {
        let path = target.path(percentEncoded: false)
        var status = stat()
        guard lstat(path.hasSuffix("/") ? String(path.dropLast()) : path, &status) != 0 else {
            throw CheckpointError.outputExists(path: path)
        }
        guard !ModelFolder.pickles.contains("." + path.pathEnding.lowercased()) else {
            throw CheckpointError.cannotCreate(
                path: path, reason: "no pickles are written; end the name in .safetensors")
        }
        let parent = target.standardizedFileURL.deletingLastPathComponent()
        guard access(parent.path(percentEncoded: false), W_OK) == 0 else {
            throw CheckpointError.cannotCreate(
                path: path, reason: String(cString: strerror(errno)))
        }
        self = try Self.worded {
            ModelConversion.isFile(target)
                ? .file(try FileDraft(for: target)) : .folder(try FolderDraft(for: target))
        }
    }

    /// What a closure returns; its errors as those of a checkpoint.
    private static func worded<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch FileError.outputExists(let path) {
            throw CheckpointError.outputExists(path: path)
        } catch FileError.cannotCreate(let path, let reason) {
            throw CheckpointError.cannotCreate(path: path, reason: reason)
        } catch FileError.writeFailed(let path, let reason) {
            throw CheckpointError.writeFailed(path: path, reason: reason)
        }
    }

    /// Gives it its name, unless something else has taken that by now.
    func publish() throws {
        try Self.worded {
            switch self {
            case .file(let draft): try draft.finish()
            case .folder(let draft): try draft.finish()
            }
        }
    }

    /// Leaves nothing behind.
    func discard() {
        switch self {
        case .file(let draft): draft.discard()
        case .folder(let draft): draft.discard()
        }
    }
}
