import Files
import Foundation
import Imaging

/// The pictures that a run has read, for its receipt.
final class RunInputs {
    /// The picture that is edited.
    private(set) var source: Entry?
    /// What its mask is made of, in order.
    private(set) var masks: [MaskEntry] = []
    /// Hashes of all files that masks were read from, by path.
    private(set) var digests: [String: String] = [:]

    /// A part of the mask; with a file, if it comes from one.
    struct MaskEntry {
        let spec: String
        let subtracts: Bool
        fileprivate(set) var file: Entry?
    }

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
        source = Entry(path: path, sha256: Digest.sha256(data))
        return (
            try Image(decoding: data, name: Input.name(path)),
            holdsContentCredentials(data)
        )
    }

    /// Notes what the mask is made of.
    func note(_ parts: [MaskPart]) {
        masks = parts.map { MaskEntry(spec: $0.spec, subtracts: $0.subtracts) }
    }

    /// Reads a file of the mask.
    func readMask(_ path: String) throws -> Image {
        let data = try Input.bytes(path)
        digests[path] = Digest.sha256(data)
        for index in masks.indices where masks[index].spec == path {
            masks[index].file = Entry(path: path, sha256: Digest.sha256(data))
        }
        return try Image(decoding: data, name: Input.name(path))
    }

    /// What was read of a mask that those words say, as it stands in a receipt kept in `folder`; nil
    /// if it is no file.
    func maskFile(_ words: String, in folder: URL) -> Receipt.File? {
        guard case .file(let path)? = try? MaskSource(words), let digest = digests[path] else {
            return nil
        }
        return Entry(path: path, sha256: digest).file(in: folder)
    }
}
