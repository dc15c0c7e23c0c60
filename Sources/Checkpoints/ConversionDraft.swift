import Foundation

/// A file or folder that takes its name when it is done.
struct ConversionDraft {
    /// where it is written
    let url: URL
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
        let number = String(UInt64.random(in: .min ... .max), radix: 36)
        url = parent.appending(path: ".gesso-\(number).tmp")
        self.target = target
    }

    /// Gives it its name, unless something else has taken that by now.
    func publish() throws {
        let path = target.path(percentEncoded: false)
        let draft = url.path(percentEncoded: false)
        let isFile = target.pathExtension == "safetensors"
        // A second name for a file, unlike a new one, cannot replace what has it already; a folder
        // replaces none but an empty one.
        let done = isFile ? link(draft, path) == 0 : rename(draft, path) == 0
        guard done else {
            let taken = [EEXIST, ENOTEMPTY, ENOTDIR].contains(errno)
            throw taken
                ? CheckpointError.outputExists(path: path)
                : .writeFailed(path: path, reason: String(cString: strerror(errno)))
        }
        if isFile { unlink(draft) }
    }

    /// Leaves nothing behind.
    func discard() {
        try? FileManager.default.removeItem(at: url)
    }
}
