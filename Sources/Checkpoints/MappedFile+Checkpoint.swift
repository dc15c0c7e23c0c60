import Files

extension MappedFile {
    /// Maps a file of a checkpoint.
    ///
    /// - Throws: `CheckpointError.cannotRead`; see `init(_:)`.
    convenience init(checkpoint path: String) throws(CheckpointError) {
        do {
            try self.init(path)
        } catch FileError.unreadable(let path, let reason) {
            throw .cannotRead(path: path, reason: reason)
        } catch {
            throw .cannotRead(path: path, reason: "\(error)")
        }
    }
}
