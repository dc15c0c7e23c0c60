import Foundation
import Imaging

/// The pictures that a run has read, for its receipt.
final class RunInputs {
    /// The picture that is edited.
    private(set) var source: Entry?
    /// Its mask.
    private(set) var mask: Entry?

    /// One of them.
    struct Entry {
        fileprivate let path: String
        /// Of the file's bytes.
        let sha256: String

        /// As it stands in a receipt kept in `folder`.
        func file(in folder: URL) -> Receipt.File {
            let file = path == "-" ? nil : URL(filePath: FilePath.literal(path))
            return Receipt.File(
                path: file.map { FilePath.path(of: $0, from: folder) }, sha256: sha256)
        }
    }

    /// Reads the picture to be edited; tells whether it holds Content Credentials.
    func readSource(_ path: String) throws -> (image: Image, holdsCredentials: Bool) {
        let data = try Input.bytes(path)
        source = Entry(path: path, sha256: Digest.of(data))
        return (
            try Image(decoding: data, name: Input.name(path)),
            holdsContentCredentials(data)
        )
    }

    /// Reads the mask.
    func readMask(_ path: String) throws -> Image {
        let data = try Input.bytes(path)
        mask = Entry(path: path, sha256: Digest.of(data))
        return try Image(decoding: data, name: Input.name(path))
    }
}
