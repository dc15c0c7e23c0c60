import Files
import Foundation

/// A file or folder that takes its name when it is done.
struct ConversionDraft {
    /// where a folder is written, or the name of a file
    let url: URL
    /// what a file is written to; nil for a folder
    let file: FileDraft?
    private let target: URL

    /// - Throws: `CheckpointError.outputExists`, or `.writeFailed` where there is no folder for it.
    init(for target: URL) throws {
        let path = target.path(percentEncoded: false)
        var status = stat()
        guard lstat(path.hasSuffix("/") ? String(path.dropLast()) : path, &status) != 0 else {
            throw CheckpointError.outputExists(path: path)
        }
        let parent = target.standardizedFileURL.deletingLastPathComponent()
        guard access(parent.path(percentEncoded: false), W_OK) == 0 else {
            throw CheckpointError.writeFailed(
                path: path, reason: String(cString: strerror(errno)))
        }
        self.target = target
        guard target.pathExtension != "safetensors" else {
            (url, file) = (target, try Self.worded { try FileDraft(for: target) })
            return
        }
        let number = String(UInt64.random(in: .min ... .max), radix: 36)
        (url, file) = (parent.appending(path: ".gesso-\(number).tmp"), nil)
    }

    /// What a closure returns; its errors as those of a checkpoint.
    private static func worded<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch FileError.outputExists(let path) {
            throw CheckpointError.outputExists(path: path)
        } catch FileError.cannotCreate(let path, let reason) {
            throw CheckpointError.writeFailed(path: path, reason: reason)
        } catch FileError.writeFailed(let path, let reason) {
            throw CheckpointError.writeFailed(path: path, reason: reason)
        }
    }

    /// Gives it its name, unless something else has taken that by now.
    func publish() throws {
        if let file { return try Self.worded { try file.finish() } }
        let path = target.path(percentEncoded: false)
        // A folder replaces none but an empty one.
        guard rename(url.path(percentEncoded: false), path) == 0 else {
            let taken = [EEXIST, ENOTEMPTY, ENOTDIR].contains(errno)
            throw taken
                ? CheckpointError.outputExists(path: path)
                : .writeFailed(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// Leaves nothing behind.
    func discard() {
        if let file { file.discard() } else { try? FileManager.default.removeItem(at: url) }
    }
}
