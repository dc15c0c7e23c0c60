public import Foundation
import Imaging

/// A picture that a request begins with: a file, or bytes.
public struct Picture: Sendable, Equatable {
    /// The path of its file; nil where there is none.
    public var path: String?
    /// The bytes of a picture file; nil where they are in the file at `path`.
    public var data: Data?
    /// The file that the bytes were made of, by turning, resizing or laying on white: the credentials in it
    /// are the picture's. Nil where the bytes are a file as it came.
    public var origin: Data?
    /// The hash of the bytes, where it is known; a receipt has it.
    public var sha256: String?
    /// What messages call it.
    public var name: String

    /// A file.
    public static func file(_ path: String) -> Picture {
        Picture(path: path, data: nil, sha256: nil, name: FilePath.literal(path))
    }

    /// Bytes, under a name for messages.
    public static func data(_ data: Data, name: String) -> Picture {
        Picture(path: nil, data: data, sha256: nil, name: name)
    }

    /// The bytes, as far as they look like a picture's.
    ///
    /// - Throws: `ImagingError`, and `GessoError` for a picture of which only the hash is known.
    package func bytes() throws -> Data {
        if let data { return data }
        guard let path else {
            throw GessoError(
                .usage, "the picture is not at hand", at: name, remedy: .namePicture(name))
        }
        return try pictureFile(at: FilePath.file(path, orFailWith: .cannotRead))
    }
}

extension Picture: Codable {
    private enum CodingKeys: String, CodingKey {
        case path, data, sha256, name
    }

    /// A picture with a `path`, or with `data` in base 64.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        path = try container.decodeIfPresent(String.self, forKey: .path)
        data = try container.decodeIfPresent(Data.self, forKey: .data)
        sha256 = try container.decodeIfPresent(String.self, forKey: .sha256)
        name =
            try container.decodeIfPresent(String.self, forKey: .name)
            ?? path.map(FilePath.literal) ?? decoder.codingPath.last?.stringValue ?? "picture"
    }

    /// Its path or its bytes, and its hash if that is known.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(path, forKey: .path)
        try container.encodeIfPresent(data, forKey: .data)
        try container.encodeIfPresent(sha256, forKey: .sha256)
    }
}
